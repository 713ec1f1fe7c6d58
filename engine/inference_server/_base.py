"""An application before it has routes: guard in front, errors as problem documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import FastAPI

from engine import __version__
from engine.core import Engine
from engine.inference_server import problems
from engine.inference_server.guard import Guard


def bare_app(title: str, engine: Callable[[], Engine], *, allowed_hosts: Iterable[str]) -> FastAPI:
    """An application whose every route stands behind `Guard`.

    The interactive documentation pages are left out: they load scripts from other hosts.

    Parameters
    ----------
    title : str
        Name in the OpenAPI document.
    engine : callable
        Gives the Engine when a request needs it, so that making the application opens nothing.
    allowed_hosts : iterable of str
        Host names that are answered.
    """
    app = FastAPI(title=title, version=__version__, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.add_middleware(Guard, allowed_hosts=tuple(allowed_hosts))
    problems.install(app)
    return app
