"""Recommendations and events: the routes that both servers have."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from engine.inference_server._context import Body, EngineOf
from engine.recommendation_engine import (
    Act,
    Observed,
    Recommendations,
    RecommendationService,
    SessionEvent,
    Surface,
)

router = APIRouter(tags=["recommendations"])

ItemId = Annotated[str, Field(min_length=1, max_length=200)]
PersonId = Annotated[str, Field(min_length=1, max_length=200)]

WITHOUT_COST: dict[str, Any] = {"items": {"__all__": {"card": {"cost": True}}}}
"""What an answer over HTTP never holds: a shop's purchase costs, which a storefront might pass on."""


class RecommendationRequest(Body):
    """For whom, where and in which context; a shop may be left out where there is only one."""

    shop: str | None = Field(default=None, max_length=100)
    user_id: str | None = Field(default=None, max_length=200)
    session_id: str | None = Field(default=None, max_length=200)
    basket: list[ItemId] = Field(default_factory=list, max_length=200)
    events: list[SessionEvent] = Field(default_factory=list, max_length=200)
    context: dict[str, Any] = Field(default_factory=dict)
    surface: Surface | None = None
    item_id: ItemId | None = None
    market: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=10, ge=1, le=200)

    def arguments(self) -> dict[str, Any]:
        """What the operation takes; events stay records."""
        return {**self.model_dump(), "events": self.events}


class ObservedEvent(Body):
    """What a shopper, or an anonymous session, just did."""

    shop: str | None = Field(default=None, max_length=100)
    user_id: PersonId | None = None
    session_id: PersonId | None = None
    item_id: ItemId
    event: Act
    request_id: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.user_id is None and self.session_id is None:
            raise ValueError("an event names a user_id or a session_id")
        return self


@router.post("/v1/recommend", response_model_exclude=WITHOUT_COST)
def recommend(engine: EngineOf, body: RecommendationRequest) -> Recommendations:
    """Items for a shopper or a basket, best first, each with its reasons."""
    return engine.call(RecommendationService.recommend, **body.arguments())


@router.post("/v1/events")
def observe(engine: EngineOf, body: ObservedEvent) -> Observed:
    """Take an event in; the next answer counts it."""
    return engine.call(RecommendationService.observe, **body.model_dump())
