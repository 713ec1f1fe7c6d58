"""`RecommendationEngine`: recommendations for Python."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.core import Engine, current_engine
from engine.recommendation_engine.plan import Surface
from engine.recommendation_engine.schema import Act, BulkReport, Observed, Recommendations, SessionEvent
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
        surface: Surface | str | None = None,
        item_id: str | None = None,
        session_id: str | None = None,
        market: str | None = None,
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
            What the shopper did since the model was trained, beside what was observed.
        surface : Surface or str, optional
            `home` (when left out), `category`, `product`, `wear_with` or `basket`.
        item_id : str, optional
            The product that a list on `product` or `wear_with` is about.
        session_id : str, optional
            An anonymous session whose observed events count too.
        market : str, optional
            For rules that hold in some markets only.

        Raises
        ------
        ReleaseNotFound, InvalidInput, ItemNotFound
        """
        return await self._engine.acall(
            RecommendationService.recommend,
            shop=self._shop,
            user_id=user_id,
            basket=list(basket or ()),
            context=dict(context or {}),
            limit=limit,
            events=list(events or ()),
            surface=None if surface is None else Surface(surface),
            item_id=item_id,
            session_id=session_id,
            market=market,
        )

    async def observe(
        self,
        item_id: str,
        event: Act | str,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        request_id: str | None = None,
    ) -> Observed:
        """Take in what a shopper just did; the next answer counts it.

        Parameters
        ----------
        event : Act or str
            `view`, `cart`, `favourite`, `rental`, `rating`, `purchase`, `return` or `dismiss`.
        user_id, session_id : str, optional
            One of the two.
        request_id : str, optional
            The recommendation that was followed.

        Raises
        ------
        ReleaseNotFound, InvalidInput, ItemNotFound
        """
        return await self._engine.acall(
            RecommendationService.observe,
            shop=self._shop,
            user_id=user_id,
            session_id=session_id,
            item_id=item_id,
            event=Act(event),
            request_id=request_id,
        )

    async def recommend_all(self, path: Path | str, *, limit: int = 10) -> BulkReport:
        """Write a list for every shopper of the shop to a Parquet file, in this process.

        Raises
        ------
        ReleaseNotFound, InvalidInput, InvalidFile
        """
        service = self._engine.service(RecommendationService)
        where = Path(path).expanduser().absolute()
        return await asyncio.to_thread(service.recommend_all, where, shop=self._shop, limit=limit)
