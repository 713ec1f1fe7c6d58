"""`skyy serve`, `skyy release`."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.actor import Actor
from engine.cli._output import Json, Shop, answer, engine
from engine.cli._training import only_shop
from engine.errors import Forbidden
from engine.model_registry.release import ReleaseService
from engine.settings import LOOPBACK, Settings


def release(shop: Shop = None, as_json: Json = False) -> None:
    """Publish the present champions with the newest catalogue."""
    with engine() as opened:
        info = opened.call(ReleaseService.publish, actor=Actor.local("cli"), shop=shop or only_shop(opened))
    models = ", ".join(f"{model['model']} {model['version']}" for model in info.manifest["models"].values())
    answer(
        info,
        as_json=as_json,
        text=f"Release {info.number} of {info.shop}: {models}, snapshot {info.manifest['snapshot']}.",
    )


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8600,
    workers: Annotated[int, typer.Option(min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Serve recommendations over HTTP from the published releases alone."""
    import uvicorn

    settings = Settings()
    check_address(settings.host)
    answer({"host": settings.host, "port": port}, as_json=as_json, text=f"Serving on http://{settings.host}:{port}")
    uvicorn.run("engine.inference_server:app", host=settings.host, port=port, workers=workers, access_log=False)


def check_address(host: str) -> None:
    """Refuse to listen where other machines could reach a server that asks for no keys.

    Raises
    ------
    Forbidden
    """
    if host not in LOOPBACK:
        raise Forbidden(
            f"SKYY_HOST is {host!r}, which other machines can reach.",
            "Without keys the server listens on this machine only (127.0.0.1).",
            "Put a proxy that logs people in before it, on this machine.",
        )


COMMANDS = (release, serve)
