"""Merchandising plans of a shop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from engine.inference_server._context import ActorOf, Body, EngineOf
from engine.recommendation_engine import Plan, PlanService
from engine.recommendation_engine.plan import PlanInfo, Warned

router = APIRouter(prefix="/v1/shops/{shop}", tags=["plans"])

Shop = Annotated[str, Path(max_length=100)]


class Checked(Body):
    """A plan that is looked at, not published."""

    plan: Plan


class Publication(Body):
    """Put `plan` in force while number `expected` is (null: whatever is)."""

    plan: Plan
    reason: str = Field(min_length=1, max_length=2000)
    expected: int | None = Field(default=None, ge=0)


class Undoing(Body):
    """Bring back the plan before the one in force."""

    reason: str = Field(min_length=1, max_length=2000)


@router.get("/plan")
def current(engine: EngineOf, shop: Shop) -> PlanInfo:
    """The plan in force."""
    return engine.call(PlanService.current, shop=shop)


@router.get("/plans")
def history(engine: EngineOf, shop: Shop, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> list[PlanInfo]:
    """Published plans, newest first."""
    return engine.call(PlanService.history, shop=shop, limit=limit)


@router.post("/plan/check")
def check(engine: EngineOf, shop: Shop, body: Checked) -> list[Warned]:
    """Conflicts and blunders of a plan."""
    return engine.call(PlanService.check, shop=shop, plan=body.plan)


@router.post("/plan")
def publish(engine: EngineOf, actor: ActorOf, shop: Shop, body: Publication) -> PlanInfo:
    """Put a plan in force."""
    return engine.call(
        PlanService.publish, actor=actor, shop=shop, plan=body.plan, reason=body.reason, expected=body.expected
    )


@router.post("/plan/undo")
def undo(engine: EngineOf, actor: ActorOf, shop: Shop, body: Undoing) -> PlanInfo:
    """Take the last plan back."""
    return engine.call(PlanService.undo, actor=actor, shop=shop, reason=body.reason)
