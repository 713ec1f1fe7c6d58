"""Recommendations: the one route that both servers have."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from engine.inference_server._context import Body, EngineOf
from engine.recommendation_engine import Recommendations, RecommendationService

router = APIRouter(tags=["recommendations"])

ItemId = Annotated[str, Field(min_length=1, max_length=200)]


class RecommendationRequest(Body):
    """For whom and in which context; a shop may be left out where there is only one."""

    shop: str | None = Field(default=None, max_length=100)
    user_id: str | None = Field(default=None, max_length=200)
    basket: list[ItemId] = Field(default_factory=list, max_length=200)
    context: dict[str, Any] = Field(default_factory=dict)
    limit: int = Field(default=10, ge=1, le=200)


@router.post("/v1/recommend")
def recommend(engine: EngineOf, body: RecommendationRequest) -> Recommendations:
    """Items for a shopper or a basket, best first, each with its reasons."""
    return engine.call(RecommendationService.recommend, **body.model_dump())
