"""`RecommendationEngine`: recommendations for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core import Engine, current_engine
from engine.recommendation_engine.schema import Recommendations, SessionEvent
from engine.recommendation_engine.service import RecommendationService


class RecommendationEngine:
    """Asks what serves for recommendations.

    Parameters
    ----------
    engine : Engine, optional
        The process's own Engine when left out (`SKYY_HOME`).
    shop : str, optional
        The only shop that serves, or `demo`, when left out.
    """

    def __init__(self, engine: Engine | None = None, *, shop: str | None = None) -> None:
        self._engine = engine or current_engine()
        self._shop = shop

    async def get_recommendations(
        self,
        user_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        limit: int = 10,
        *,
        basket: Sequence[str] | None = None,
        events: Sequence[SessionEvent] | None = None,
    ) -> Recommendations:
        """Products for a shopper or a basket, best first, each with its reasons.

        Parameters
        ----------
        user_id : str, optional
            An unknown shopper gets a cold-start answer that says so.
        context : mapping
            Such as `{"category": "dresses", "price_range": "luxury"}`.
        limit : int
            1 to 500.
        basket : sequence of str
            Product ids.
        events : sequence of SessionEvent
            What the shopper did since the model was trained.

        Raises
        ------
        ReleaseNotFound, InvalidInput
        """
        return await self._engine.acall(
            RecommendationService.recommend,
            shop=self._shop,
            user_id=user_id,
            basket=list(basket or ()),
            context=dict(context or {}),
            limit=limit,
            events=list(events or ()),
        )
