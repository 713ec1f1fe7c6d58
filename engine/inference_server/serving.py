"""The stateless server: recommendations from release folders alone, in any number of copies.

It opens no store and changes nothing. Promotion writes a new release folder and switches
`current.json`; the next request serves from it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from engine.actor import Actor
from engine.clock import SystemClock
from engine.core import Engine
from engine.inference_server._base import bare_app
from engine.inference_server._context import Body, EngineOf
from engine.inference_server._recommend import WITHOUT_COST, ObservedEvent, RecommendationRequest
from engine.inference_server.problems import problem_response
from engine.recommendation_engine import Observed, Recommendations, RecommendationService
from engine.settings import Settings

router = APIRouter()


class ServedShop(Body):
    """A shop's current release."""

    shop: str
    release: int


class Readiness(Body):
    """What is served."""

    status: str
    releases: list[ServedShop]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server over `settings.releases`."""
    settings = settings or Settings()
    engine = Engine(settings=settings, clock=SystemClock(), actor=Actor.system("server"), store=None)
    app = bare_app("DevSkyy ML serving", lambda: engine, allowed_hosts=settings.allowed_hosts)
    app.include_router(router)
    return app


@router.post("/v1/recommend", response_model_exclude=WITHOUT_COST)
def recommend(engine: EngineOf, body: RecommendationRequest) -> Recommendations:
    """Items for a shopper or a basket, best first, each with its reasons."""
    return engine.service(RecommendationService).recommend(**body.arguments())


@router.post("/v1/events")
def observe(engine: EngineOf, body: ObservedEvent) -> Observed:
    """Take an event in; the next answer of this process counts it."""
    return engine.service(RecommendationService).observe(**body.model_dump())


@router.get("/health/live")
def live() -> Readiness:
    """The process answers."""
    return Readiness(status="ok", releases=[])


@router.get("/health/ready", response_model=Readiness)
def ready(engine: EngineOf) -> Readiness | Response:
    """At least one shop has a release, and it opens."""
    releases = served(engine)
    if not releases:
        return problem_response(
            503,
            "No release is published.",
            "A promoted model publishes one.",
            "Promote a version, or copy a release here.",
        )
    return Readiness(status="ok", releases=releases)


def served(engine: Engine) -> list[ServedShop]:
    """Every shop's release that serves: the current one, or an older one where that is damaged."""
    from engine.model_registry.release import current_number

    root = engine.settings.releases
    shops = sorted(pointer.parent.name for pointer in root.glob("*/current.json"))
    return [ServedShop(shop=shop, release=_checked(root / shop, current_number(root / shop))) for shop in shops]


@lru_cache(maxsize=256)
def _checked(folder: Path, number: int) -> int:
    """The number that opens when `number` is asked for; reading every file once a release is enough."""
    from engine.model_registry.release import Release

    return Release.open(folder).number
