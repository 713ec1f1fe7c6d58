"""The control API: what pages, scripts and other programs read and change, over one Engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import FastAPI

from engine.core import Engine
from engine.inference_server import _catalog, _evaluation, _health, _impact, _jobs, _plans, _recommend, _registry
from engine.inference_server._base import bare_app


def create_app(engine: Callable[[], Engine], *, allowed_hosts: Iterable[str]) -> FastAPI:
    """The application that the dashboard mounts at `/api`.

    Parameters
    ----------
    engine : callable
        Gives the Engine when a request needs it.
    allowed_hosts : iterable of str
        Host names that are answered.
    """
    app = bare_app("DevSkyy ML control", engine, allowed_hosts=allowed_hosts)
    for module in (_catalog, _registry, _jobs, _evaluation, _plans, _impact, _recommend, _health):
        app.include_router(module.router)
    return app
