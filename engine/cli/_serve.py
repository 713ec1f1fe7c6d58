"""`skyy recommend`, `skyy serve`, `skyy release`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from engine.actor import Actor
from engine.cli._output import Json, Shop, answer, answer_table, engine
from engine.cli._training import only_shop
from engine.errors import Forbidden, InvalidInput
from engine.model_registry.release import ReleaseService
from engine.recommendation_engine import RecommendationService
from engine.settings import LOOPBACK, Settings


def recommend(
    user: Annotated[str | None, typer.Option("--user", help="Shopper id; nobody in particular when left out.")] = None,
    shop: Shop = None,
    basket: Annotated[list[str] | None, typer.Option("--basket", help="Product id in the basket; may repeat.")] = None,
    context: Annotated[str, typer.Option(help='JSON, such as \'{"category": "dresses"}\'.')] = "{}",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 10,
    as_json: Json = False,
) -> None:
    """Recommend products, with the reason for each."""
    with engine() as opened:
        found = opened.call(
            RecommendationService.recommend,
            shop=shop,
            user_id=user,
            basket=list(basket or ()),
            context=_context(context),
            limit=limit,
        )
    if as_json:
        answer(found, as_json=True, text="")
        return
    answer_table(
        found.items,
        ("", "item", "title", "price", "score", "because"),
        (
            (item.position, item.item_id, item.card.title, item.card.price, item.score, item.reason)
            for item in found.items
        ),
        as_json=False,
        empty="Nothing fits these filters. Loosen one of them.",
    )
    answer(found, as_json=False, text=f"{found.model} {found.version}, {found.latency_ms:.1f} ms. {found.note}".strip())


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


def _context(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The context is not JSON: {error}.", 'Such as \'{"category": "dresses"}\'.') from error
    if not isinstance(found, dict):
        raise InvalidInput(f"The context is {text[:60]!r}.", "It is a JSON object.")
    return found


COMMANDS = (recommend, release, serve)
