"""Requests to addresses that a user named: the one door to other machines, and what it refuses.

A name is resolved once, every address it stands for is judged, and the connection goes to the
address that was judged: a name server that answers differently the second time gains nothing.
Redirects are never followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit

from engine.errors import Forbidden, InvalidInput, RemoteFailed
from engine.settings import Settings

Resolver = Callable[[str, int], Sequence[str]]

_CHUNK = 1 << 16
_TIMEOUT_S = 20.0
_ANSWER_BYTES = 1 << 16
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """A URL taken apart and found allowed; `addresses` are the ones it may be reached at."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower case, `size` counts the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    size: int = 0


@dataclass
class _Limits:
    size: int
    seconds: float
    late: threading.Event = field(default_factory=threading.Event)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: str, *, settings: Settings) -> Target:
    """Take a URL apart and refuse what no setting could make right; nothing is looked up.

    Raises
    ------
    InvalidInput
        It is no plain https URL, or is http to a host that `outbound_hosts` does not list.
    """
    if not _PRINTABLE.fullmatch(url) or "\\" in url or len(url) > 2048:
        raise _bad_url(url, "it holds spaces or characters that no URL has")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise _bad_url(url, str(error)) from error
    if not host or parts.username is not None or parts.password is not None:
        raise _bad_url(url, "it names no host, or carries a user name")
    listed = host in _listed(settings)
    if parts.scheme != "https" and not (parts.scheme == "http" and listed):
        raise _bad_url(url, "it is not https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def check_target(url: str, *, settings: Settings, resolver: Resolver = resolve) -> Target:
    """Take a URL apart, look its host up once and judge every address.

    Raises
    ------
    InvalidInput
        As `check_url`.
    Forbidden
        The host stands for an address inside this machine or network and is not listed.
    RemoteFailed
        The host's name cannot be resolved.
    """
    target = check_url(url, settings=settings)
    try:
        addresses = tuple(resolver(target.host, target.port))
    except (OSError, UnicodeError) as error:
        raise RemoteFailed(
            f"The host {target.host!r} cannot be found.", hint="Check its spelling and the network."
        ) from error
    inside = [address for address in addresses if not is_public(address)]
    if not addresses or (inside and target.host not in _listed(settings)):
        raise Forbidden(
            f"The host {target.host!r} stands for an address inside this machine or network.",
            "Requests go to public hosts, and to those that the setting outbound_hosts lists.",
            f"If this host is meant, start with SKYY_OUTBOUND_HOSTS='[\"{target.host}\"]'.",
            host=target.host,
        )
    return Target(target.scheme, target.host, target.port, target.path, addresses)


def is_public(address: str) -> bool:
    """Whether an address lies on the open internet, also where IPv6 wraps an IPv4 address."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is None and ip in _TRANSLATED:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def fetch(
    url: str,
    *,
    settings: Settings,
    headers: Mapping[str, str] | None = None,
    limit_bytes: int | None = None,
    timeout_s: float = _TIMEOUT_S,
    into: BinaryIO | None = None,
    resolver: Resolver = resolve,
) -> Answer:
    """GET a URL.

    Parameters
    ----------
    limit_bytes : int or None
        The largest body taken; `settings.max_upload_mb` when None.
    timeout_s : float
        For the whole of it, from connecting to the last byte.
    into : file or None
        Where the body is written as it comes; `Answer.body` is empty then.

    Returns
    -------
    Answer
        Its status is 200, or 304 where a conditional header was sent.

    Raises
    ------
    InvalidInput, Forbidden
        The URL is refused (`check_target`).
    RemoteFailed
        No answer in time, an answer of another status (`fields["status"]`), or one too large.
    """
    limits = _Limits(limit_bytes or settings.max_upload_mb << 20, timeout_s)
    target = check_target(url, settings=settings, resolver=resolver)
    answer = _ask(target, "GET", None, headers or {}, limits, into, wanted=(200, 304))
    return answer


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    settings: Settings,
    timeout_s: float = _TIMEOUT_S,
    resolver: Resolver = resolve,
) -> Answer:
    """POST bytes to a URL; any status is an answer, at most 64 KB of it are read.

    Raises
    ------
    InvalidInput, Forbidden
        The URL is refused (`check_target`).
    RemoteFailed
        No answer in time.
    """
    target = check_target(url, settings=settings, resolver=resolver)
    return _ask(target, "POST", body, headers, _Limits(_ANSWER_BYTES, timeout_s), None, wanted=None)


def _ask(
    target: Target,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    limits: _Limits,
    into: BinaryIO | None,
    *,
    wanted: tuple[int, ...] | None,
) -> Answer:
    connection = _Pinned(target, limits.seconds)
    try:
        with _deadline(connection, limits):
            connection.request(method, target.path, body=body, headers={"Accept-Encoding": "identity", **headers})
            with closing(connection.getresponse()) as response:
                if wanted is not None and response.status not in wanted:
                    raise _unwanted(target, response.status)
                chunks: list[bytes] = []
                take = into.write if into else chunks.append
                size = _read(response, target, limits, take, cut=wanted is None)
                names = {name.lower(): value for name, value in response.getheaders()}
    except (OSError, http.client.HTTPException) as error:
        why = f"did not answer within {limits.seconds:g} seconds" if limits.late.is_set() else f"broke off: {error}"
        raise RemoteFailed(
            f"{target.host}:{target.port} {why}."[:300], hint="Check that the address is right and the host is up."
        ) from error
    finally:
        connection.close()
    return Answer(response.status, names, b"".join(chunks), size)


def _read(
    response: http.client.HTTPResponse, target: Target, limits: _Limits, take: Callable[[bytes], object], *, cut: bool
) -> int:
    size = 0
    while size <= limits.size and (data := response.read(_CHUNK)):
        size += len(data)
        if size <= limits.size:
            take(data)
    if limits.late.is_set():
        raise TimeoutError
    if size > limits.size and not cut:
        raise RemoteFailed(
            f"{target.host} sent more than {limits.size >> 20} MB.",
            "An answer fits the setting max_upload_mb.",
            "Raise the setting, or fetch a smaller file.",
        )
    return min(size, limits.size)


@contextmanager
def _deadline(connection: _Pinned, limits: _Limits) -> Iterator[None]:
    """Cut the line when the time for the whole exchange is over, however slowly it drips."""

    def cut() -> None:
        limits.late.set()
        connection.cut()

    timer = threading.Timer(limits.seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the addresses that were judged, speaking to the host by its name."""

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self.default_port = 443 if target.scheme == "https" else 80
        self._target = target
        self._raw: socket.socket | None = None

    def connect(self) -> None:
        self._raw = self._reach()
        self.sock = self._raw
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            self.sock = self._raw = context.wrap_socket(self._raw, server_hostname=self._target.host)

    def _reach(self) -> socket.socket:
        trouble: OSError | None = None
        for address in self._target.addresses:
            try:
                return socket.create_connection((address, self._target.port), timeout=self.timeout)
            except OSError as error:
                trouble = error
        raise trouble or OSError("the host has no address")

    def cut(self) -> None:
        """Break the connection off, from another thread."""
        if self._raw is not None:
            try:
                self._raw.shutdown(socket.SHUT_RDWR)
            except OSError:  # it was closed already
                return


def _listed(settings: Settings) -> set[str]:
    return {host.lower().strip("[]") for host in settings.outbound_hosts}


def _bad_url(url: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The address {url[:120]!r} cannot be used: {why}.",
        "An address is a plain https URL without user name; http only to hosts that the setting outbound_hosts lists.",
        "Use an https address.",
    )


def _unwanted(target: Target, status: int) -> RemoteFailed:
    moved = 300 <= status < 400
    return RemoteFailed(
        f"{target.host} answered with status {status}.",
        "An answer has status 200; redirects are not followed." if moved else "An answer has status 200.",
        "Give the address that it points to." if moved else "Check the address.",
        status=status,
    )
