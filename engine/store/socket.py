"""The owner's door for other processes of the same user.

A Unix socket with mode 0600 where there are such; else a loopback port with a token that only the
user can read. One request and one answer a connection, each a 4-byte length and JSON.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import secrets
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EngineError, Forbidden, InternalError, InvalidInput, OwnerUnreachable
from engine.files import write_json

_LOG = logging.getLogger(__name__)
_LIMIT = 256 * 1024 * 1024
_LONGEST_UNIX_PATH = 100
_IDLE_SECONDS = 600

Answer = Callable[[str, dict[str, Any]], bytes]


def serve(home: Path, answer: Answer) -> OwnerSocket:
    """Open the door in a background thread.

    Parameters
    ----------
    home : Path
        The store's folder.
    answer : callable
        Takes an operation's name and JSON arguments, returns the answer as JSON bytes or raises.
    """
    return OwnerSocket(home, answer)


def ask(home: Path, name: str, arguments: bytes) -> Any:
    """Send one request to the owner and return its JSON answer.

    Raises
    ------
    OwnerUnreachable
        Nobody answers.
    InvalidInput
        The arguments are too large.
    EngineError
        Whatever the operation raised.
    """
    if len(arguments) > _LIMIT:
        raise InvalidInput(
            f"The request {name!r} has {len(arguments) / 1e6:,.0f} MB.",
            f"The owner takes {_LIMIT / 1e6:,.0f} MB in one.",
            "Send less at once, or name a file.",
        )
    endpoint = _endpoint(home)
    try:
        connection = _connect(endpoint)
    except OSError as error:
        raise _unreachable(home, error, sent=False) from error
    with connection:
        head = json.dumps({"operation": name, "token": endpoint.get("token", "")}).encode()
        try:
            _send(connection, head)
            _send(connection, arguments)
            answer = json.loads(_receive(connection))
        except (OSError, ValueError) as error:
            raise _unreachable(home, error, sent=True) from error
    if "error" in answer:
        raise EngineError.from_dict(answer["error"])
    return answer["value"]


def answers(home: Path) -> bool:
    """Whether an owner listens at the door of `home`."""
    try:
        _connect(_endpoint(home)).close()
    except (OSError, OwnerUnreachable):
        return False
    return True


def _unreachable(home: Path, error: Exception, *, sent: bool) -> OwnerUnreachable:
    return OwnerUnreachable(
        f"The process that holds {home} does not answer: {error}.",
        "It listens on the socket beside the store.",
        "Start the dashboard again with 'skyy up', or stop the process named in owner.lock.",
        sent=sent,
    )


class OwnerSocket:
    """The listening side; `close` ends it."""

    def __init__(self, home: Path, answer: Answer) -> None:
        self._home = home
        path = home / "owner.sock"
        use_unix = hasattr(socket, "AF_UNIX") and len(str(path)) < _LONGEST_UNIX_PATH
        self._token = "" if use_unix else secrets.token_urlsafe(32)
        handler = _handler(answer, self._token)
        if use_unix:
            path.unlink(missing_ok=True)
            self._server: socketserver.BaseServer = _UnixServer(str(path), handler)
            path.chmod(0o600)
            endpoint: dict[str, Any] = {"unix": str(path)}
        else:
            server = _TcpServer(("127.0.0.1", 0), handler)
            self._server = server
            endpoint = {"port": server.server_address[1], "token": self._token}
        write_json(home / "owner.endpoint", endpoint)
        (home / "owner.endpoint").chmod(0o600)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="owner-socket", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and take the door away."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        (self._home / "owner.endpoint").unlink(missing_ok=True)
        (self._home / "owner.sock").unlink(missing_ok=True)


class _TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


if hasattr(socketserver, "UnixStreamServer"):

    class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        request_queue_size = 64


def _handler(answer: Answer, token: str) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(_IDLE_SECONDS)
            with contextlib.suppress(OSError):  # the asker went away
                _send(self.request, self._reply(*self._request()))

        def _request(self) -> tuple[bytes, bytes]:
            return _receive(self.request), _receive(self.request)

        def _reply(self, head: bytes, arguments: bytes) -> bytes:
            try:
                name, values = _read(head, arguments, token)
                return b'{"value":' + answer(name, values) + b"}"
            except EngineError as error:
                return json.dumps({"error": error.to_dict()}).encode()
            except Exception:
                reference = secrets.token_hex(4)
                _LOG.exception("operation failed, reference %s", reference)
                failure = InternalError(
                    f"The operation failed unexpectedly (reference {reference}).", hint="See the owner's log."
                )
                return json.dumps({"error": failure.to_dict()}).encode()

    return Handler


def _read(head: bytes, arguments: bytes, token: str) -> tuple[str, dict[str, Any]]:
    """Name and arguments of a request.

    Raises
    ------
    InvalidInput, Forbidden
    """
    try:
        about, values = json.loads(head), json.loads(arguments)
        name, given = str(about["operation"]), str(about.get("token", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"The request cannot be read: {error}.", "It is a name and JSON arguments.") from error
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        raise Forbidden("The token of this request is not the owner's.")
    if not isinstance(values, dict):
        raise InvalidInput(f"The arguments of {name[:80]!r} are not a JSON object.")
    return name, values


def _endpoint(home: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads((home / "owner.endpoint").read_text())
    except (OSError, ValueError) as error:
        raise OwnerUnreachable(
            f"The store in {home} is held by a process that opened no door for others.",
            "The dashboard ('skyy up') opens one; short commands do not.",
            "Wait for that command to end, or stop the process named in owner.lock.",
            sent=False,
        ) from error
    return data


def _connect(endpoint: dict[str, Any]) -> socket.socket:
    if "unix" in endpoint:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address: Any = endpoint["unix"]
    else:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        address = ("127.0.0.1", endpoint["port"])
    connection.settimeout(_IDLE_SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(struct.pack(">I", len(data)) + data)


def _receive(connection: socket.socket) -> bytes:
    size = struct.unpack(">I", _exactly(connection, 4))[0]
    if size > _LIMIT:
        raise ConnectionError(f"a message of {size} bytes is above the limit of {_LIMIT}")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise ConnectionError("the connection ended early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
