"""HTTP: the control API that the dashboard mounts, and the stateless server of releases.

`uvicorn engine.inference_server:app` starts the latter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    app: ASGIApp

__all__ = ["app"]


def __getattr__(name: str) -> ASGIApp:
    """Make the server when it is asked for, never at import."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.inference_server.serving import create_app

    application = create_app()
    globals()["app"] = application
    return application
