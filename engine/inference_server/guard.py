"""The door of every HTTP route: a web page that somebody happens to visit must not move a model.

Refused, before any route is looked up: a foreign Host (DNS rebinding), a foreign Origin, a fetch
that the browser calls cross-site, and any method that may change state without a JSON content type
(which a form cannot send, and which makes a browser ask first; nothing here ever answers yes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.inference_server.problems import problem_response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 1 << 20

_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_FETCHES = frozenset({"same-origin", "none"})
_ANSWER_HEADERS = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further: HTTP status, what was found, what was expected."""

    status: int
    found: str
    expected: str


class Guard:
    """ASGI middleware that lets only this application's own requests through.

    Parameters
    ----------
    app : ASGI application
    allowed_hosts : iterable of str
        Host names without port; a name not in it is refused.
    max_body : int
        Largest request body in bytes.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Iterable[str], max_body: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._hosts = host_names(allowed_hosts)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_answer_headers(send)
        refusal = self._refuse(scope)
        body = b"" if refusal else await _read(receive, self._max_body)
        if body is None:
            refusal = Refusal(413, "The request body is too large.", f"It has at most {self._max_body:,} bytes.")
        if refusal:
            response = problem_response(refusal.status, refusal.found, refusal.expected)
            await response(scope, receive, send)
            return
        await self._app(scope, _replay(body or b"", receive), send)

    def _refuse(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        return (
            self._refuse_host(headers)
            or self._refuse_origin(headers)
            or _refuse_fetch(headers)
            or _refuse_content(scope["method"], headers)
            or self._refuse_length(headers)
        )

    def _refuse_host(self, headers: Headers) -> Refusal | None:
        if not host_allowed(headers, self._hosts):
            return Refusal(
                403, "The Host header names a host that is not served here.", "Hosts are listed in SKYY_ALLOWED_HOSTS."
            )
        return None

    def _refuse_origin(self, headers: Headers) -> Refusal | None:
        if origin_allowed(headers, self._hosts):
            return None
        return Refusal(403, "The request comes from a page of another origin.", "Only pages served here may call.")

    def _refuse_length(self, headers: Headers) -> Refusal | None:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return Refusal(400, "The Content-Length header is not a number.", "It counts the bytes of the body.")
        if int(length[:20]) > self._max_body:
            return Refusal(413, "The request body is too large.", f"It has at most {self._max_body:,} bytes.")
        return None


def host_names(allowed: Iterable[str]) -> frozenset[str]:
    """Names as `host_allowed` compares them."""
    return frozenset(host.lower().strip("[]") for host in allowed)


def host_allowed(headers: Headers, names: frozenset[str]) -> bool:
    """Whether a request names one host, and one of `names`; its port does not matter."""
    hosts = headers.getlist("host")
    known = _split_authority(hosts[0]) if len(hosts) == 1 else None
    return known is not None and known[0] in names


def origin_allowed(headers: Headers, names: frozenset[str]) -> bool:
    """Whether the page that asks, if it is named, was served here: an allowed host, and the same port."""
    origins = headers.getlist("origin")
    if not origins:
        return True
    scheme, _, authority = origins[0].partition("://")
    mine, theirs = _split_authority(headers.get("host", "")), _split_authority(authority)
    if len(origins) > 1 or scheme not in _DEFAULT_PORTS or mine is None or theirs is None or theirs[0] not in names:
        return False
    default = _DEFAULT_PORTS[scheme]
    return (theirs[1] or default) == (mine[1] or default)


def _refuse_fetch(headers: Headers) -> Refusal | None:
    site = headers.get("sec-fetch-site")
    if site is None or site in _OWN_FETCHES:
        return None
    return Refusal(403, "The browser says that another site makes this request.", "Only pages served here may call.")


def _refuse_content(method: str, headers: Headers) -> Refusal | None:
    if method in SAFE_METHODS:
        return None
    kinds = headers.getlist("content-type")
    if len(kinds) == 1 and kinds[0].split(";")[0].strip().lower() == "application/json":
        return None
    return Refusal(415, "The request has no JSON content type.", "Send Content-Type: application/json.")


def _split_authority(authority: str) -> tuple[str, int | None] | None:
    """Host in lower case and port, or None where it is not a plain `host[:port]`."""
    if not authority or any(sign in authority for sign in "@/\\?# ,\t"):
        return None
    try:
        parts = urlsplit(f"//{authority}")
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:  # a port that is none, an open bracket
        return None


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body, or None as soon as it has more than `limit` bytes."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_answer_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ANSWER_HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return send_with_headers
