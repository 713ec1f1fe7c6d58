"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter

from engine.catalog.service import CatalogService
from engine.inference_server._context import Body, EngineOf

router = APIRouter(prefix="/health", tags=["health"])


class Health(Body):
    """`ok`, and what was looked at."""

    status: str
    checked: str


@router.get("/live")
def live() -> Health:
    """The process answers."""
    return Health(status="ok", checked="process")


@router.get("/ready")
def ready(engine: EngineOf) -> Health:
    """The store answers."""
    shops = engine.call(CatalogService.list_shops)
    return Health(status="ok", checked=f"store with {len(shops)} shops")
