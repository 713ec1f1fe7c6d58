"""Recommendations of the releases under `SKYY_HOME`: the operation that pages, API and CLI share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.key_ring import KeyRing
from engine.core import Engine, Service
from engine.errors import InvalidInput, ReleaseNotFound
from engine.hub import Hub
from engine.naming import check_name
from engine.recommendation_engine.schema import Recommendations, SessionEvent
from engine.store.channel import operation

if TYPE_CHECKING:
    from engine.recommendation_engine.serving import ReleaseRecommender

KIND = "recommender"
_DEFAULT_SHOP = "demo"
_LONGEST_ID = 200


class Served:
    """A release in memory: the recommender and what its manifest says of it."""

    def __init__(self, recommender: ReleaseRecommender, manifest: dict[str, Any]) -> None:
        self.recommender = recommender
        self.manifest = manifest
        self.memory_bytes = recommender.memory_bytes


class RecommendationService(Service):
    """Answers from release folders alone; it never touches the store."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._rings: dict[str, KeyRing] = {}

    @operation("recommendations.get")
    def recommend(
        self,
        *,
        shop: str | None = None,
        user_id: str | None = None,
        basket: list[str] | None = None,
        context: dict[str, Any] | None = None,
        limit: int = 10,
        events: list[SessionEvent] | None = None,
    ) -> Recommendations:
        """Products for a shopper, a basket or nobody in particular.

        Parameters
        ----------
        shop : str, optional
            The only shop that serves, or `demo`, when left out.
        user_id : str, optional
            The shop's own id or a pseudonym; an unknown one gets a cold-start answer that says so.
        basket : list of str
            Product ids in the order in which they were put in.
        context : dict
            `category`, `price_range`, `occasion`, `season`, `size`, `in_stock`, `exclude`, `brand`,
            `colour` or any attribute.
        limit : int
            1 to 500.
        events : list of SessionEvent
            What the shopper did since the model was trained.

        Raises
        ------
        ReleaseNotFound
            No model serves, or none serves this shop.
        InvalidInput
            The context asks for what the shop does not have.
        """
        name = self._shop(shop)
        request = {"basket": basket or [], "events": events or [], "context": context, "limit": limit}
        return self.answer(name, user_id, request, key=self._key(name), load=lambda: self._load(name))

    def answer(
        self, name: str, user_id: str | None, request: dict[str, Any], *, key: str, load: Callable[[], Served]
    ) -> Recommendations:
        """Answer from what the hub holds under `key`, loaded when it is not there."""
        started = time.perf_counter()
        with self.engine.part(Hub).use(key, load) as served:
            answer = served.recommender.recommend(shopper=self._pseudonym(name, user_id), **request)
            manifest = served.manifest
        return Recommendations(
            request_id=uuid.uuid4().hex,
            shop=name,
            model=manifest["models"][KIND]["model"],
            version=manifest["models"][KIND]["version"],
            release=manifest["number"],
            snapshot=manifest["snapshot"],
            cold_start=answer.cold_start,
            note=answer.note,
            latency_ms=1_000 * (time.perf_counter() - started),
            items=answer.items,
        )

    def _shop(self, shop: str | None) -> str:
        if shop is not None:
            return check_name(shop, "shop")
        root = self.engine.settings.releases
        serving = sorted(pointer.parent.name for pointer in root.glob("*/current.json"))
        if len(serving) == 1:
            return serving[0]
        if _DEFAULT_SHOP in serving:
            return _DEFAULT_SHOP
        if not serving:
            raise ReleaseNotFound(
                "No model serves yet.", "A promotion publishes a release.", "Train and promote a recommender."
            )
        raise InvalidInput(
            "Several shops serve recommendations and none was named.",
            f"There is: {', '.join(serving)}.",
            "Name one with shop=...",
        )

    def _folder(self, shop: str) -> Path:
        return self.engine.settings.releases / shop

    def _key(self, shop: str) -> str:
        """What the hub knows the current release by."""
        from engine.model_registry.release import current_number

        return f"recommender:{shop}:{current_number(self._folder(shop))}"

    def _load(self, shop: str) -> Served:
        from engine.model_registry.release import Release
        from engine.recommendation_engine.serving import ReleaseRecommender

        release = Release.open(self._folder(shop))
        recommender = ReleaseRecommender.from_files(dict(release.artifact(KIND)), release.dataset())
        return Served(recommender, release.manifest)

    def _pseudonym(self, shop: str, user_id: str | None) -> str | None:
        """The name under which the model knows a shopper; without the key only pseudonyms are found."""
        text = (user_id or "").strip()
        if not text:
            return None
        if len(text) > _LONGEST_ID:
            raise InvalidInput(
                f"A shopper id of {len(text):,} characters is not one.", f"It has at most {_LONGEST_ID}."
            )
        ring = self._rings.setdefault(shop, KeyRing(self.engine.settings.home / "keys", shop))
        return ring.pseudonym(text)
