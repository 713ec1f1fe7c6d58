"""The one process: pages, the HTTP API at `/api`, and the owner of the store.

`streamlit run dashboard/server.py` starts it; `skyy up` does so with the settings' address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.runtime import reference_of
from engine.core import Engine, current_engine, set_current_engine
from engine.inference_server.control import create_app
from engine.inference_server.guard import host_allowed, host_names, origin_allowed
from engine.settings import Settings

# A page may load from this server alone, and no other site may frame it. Streamlit itself needs
# inline styles, evaluated chart specifications and blob workers.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' blob: data:",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
    )
)


class PageDoor:
    """ASGI middleware: foreign hosts and origins are refused, answers without a policy get the pages' one.

    Streamlit itself compares Host and Origin on its socket only, and without the port: a page of another
    local server could drive this one.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = host_names(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not self._is_own(Headers(scope=scope)):
            await _refuse(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", _POLICY)
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "same-origin")
            await send(message)

        await self._app(scope, receive, send_with_policy)

    def _is_own(self, headers: Headers) -> bool:
        return host_allowed(headers, self._hosts) and origin_allowed(headers, self._hosts)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse("Only pages served here may ask.", 403)(scope, receive, send)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Own the store and run the background work for as long as the server runs."""
    engine = await anyio.to_thread.run_sync(_start)
    try:
        yield {}
    finally:
        set_current_engine(None)
        await anyio.to_thread.run_sync(engine.close)


def _start() -> Engine:
    from engine import standing_work

    engine = current_engine()
    engine.when_owner(standing_work.begin)
    return engine


def _on_script_error(error: Exception) -> bool:
    """Keep the traceback in the log, under a reference."""
    reference_of(error)
    return True


_HOSTS = Settings().allowed_hosts

app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[Mount("/api", app=create_app(current_engine, allowed_hosts=_HOSTS))],
    middleware=[Middleware(PageDoor, allowed_hosts=_HOSTS)],
    lifespan=lifespan,
    on_script_error=_on_script_error,
)
