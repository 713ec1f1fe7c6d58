"""What-if: drafts, versions that do not serve, single products; for the sandbox, never for a shop's traffic."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.catalog.service import CatalogService
from engine.errors import NoArtifact, ReleaseNotFound
from engine.hub import Hub
from engine.model_registry.release import SERVED_TABLES
from engine.model_registry.schema import VersionInfo
from engine.model_registry.service import RegistryService
from engine.recommendation_engine.diary import Diary, currency_of
from engine.recommendation_engine.live import LiveSessions
from engine.recommendation_engine.plan import Draft, Plan, Surface
from engine.recommendation_engine.plans import PlanService
from engine.recommendation_engine.schema import Met, Persona, Recommendations, SessionEvent, SignalInfo, WhyNot
from engine.recommendation_engine.service import KIND, Asked, RecommendationService, Served, served_key
from engine.recommendation_engine.words import about
from engine.store import operation

if TYPE_CHECKING:
    from engine.core import Engine
    from engine.recommendation_engine.serving import ReleaseRecommender

_NO_PLAN = Plan()


class TrialService(RecommendationService):
    """Answers with drafts and with any version of a recommender; needs the store."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._diary = Diary()
        self._currencies: dict[int, str | None] = {}

    @operation("recommendations.what_if")
    def what_if(
        self,
        *,
        shop: str,
        draft: Draft | None = None,
        rules: bool = True,
        version: str | None = None,
        user_id: str | None = None,
        basket: list[str] | None = None,
        context: dict[str, Any] | None = None,
        limit: int = 10,
        events: list[SessionEvent] | None = None,
        surface: Surface | None = None,
        item_id: str | None = None,
        session_id: str | None = None,
        market: str | None = None,
        moment: datetime | None = None,
        forgiving: bool = False,
    ) -> Recommendations:
        """Products as `recommendations.get` gives them, under a draft; nothing is explored or recorded.

        Parameters
        ----------
        draft : Draft, optional
            Plan and prices that are tried; the published plan when left out.
        rules : bool
            False shows the model alone: no rules and the model's own weights, at the draft's prices.
        version : str, optional
            A version of the shop's recommender, over the newest catalogue; what serves when left out.
        moment : datetime, optional
            When it is asked, for rules with a schedule; now when left out.
        forgiving : bool
            Leave out what of the context does not exist here and tell it in `dropped`, instead of refusing.

        Raises
        ------
        ModelNotFound, VersionNotFound, ReleaseNotFound, InvalidInput
        NoArtifact
            The version holds metrics only.
        """
        from engine.recommendation_engine.context import forgiven

        served = self._tried(shop, version)
        plan, prices = _laid(served, draft, rules=rules)
        dropped: dict[str, str] = {}
        if forgiving and context:
            with self.engine.part(Hub).use(served.key, served.load) as recommender:
                context, dropped = forgiven(context, recommender.facets, recommender.model.blend.facets)
        asked = Asked(user_id, session_id, basket or (), context, limit, events or (), surface, item_id, market, moment)
        answer = self.answer(served, asked, plan, prices)
        return answer.model_copy(update={"dropped": dropped, "currency": self._currency(shop)})

    @operation("recommendations.why_not")
    def why_not(
        self,
        *,
        shop: str,
        target: str,
        draft: Draft | None = None,
        rules: bool = True,
        version: str | None = None,
        user_id: str | None = None,
        basket: list[str] | None = None,
        context: dict[str, Any] | None = None,
        limit: int = 10,
        events: list[SessionEvent] | None = None,
        surface: Surface | None = None,
        item_id: str | None = None,
        session_id: str | None = None,
        market: str | None = None,
        moment: datetime | None = None,
    ) -> WhyNot:
        """Why a product is not in the list that `what_if` gives for the same request, and what would help.

        Parameters
        ----------
        target : str
            Product id.

        Raises
        ------
        ModelNotFound, VersionNotFound, ReleaseNotFound, InvalidInput, NoArtifact
        """
        from engine.recommendation_engine.why import why_not

        served = self._tried(shop, version)
        plan, prices = _laid(served, draft, rules=rules)
        asked = Asked(user_id, session_id, basket or (), context, limit, events or (), surface, item_id, market, moment)
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            request = self.request(served.shop, asked, recommender, self.engine.clock.now())
            return why_not(recommender, request, target, plan, prices)

    @operation("recommendations.signals")
    def signals(self, *, shop: str, version: str | None = None) -> list[SignalInfo]:
        """The signals of a model with its own weights, the weightiest first, and serving's own two."""
        from engine.recommendation_engine.scoring import OWN_WEIGHTS

        served = self._tried(shop, version)
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            weights = {name: recommender.model.blend.weights.get(name, 0.0) for name in recommender.model.blend.signals}
        order = sorted(weights, key=lambda name: -weights[name])
        return [
            SignalInfo(signal=name, weight=float({**weights, **OWN_WEIGHTS}[name]), about=about(name))
            for name in (*order, *OWN_WEIGHTS)
        ]

    @operation("recommendations.personas")
    def personas(self, *, shop: str) -> list[Persona]:
        """A few typical shoppers of the shop, and a stranger."""
        from engine.recommendation_engine.personas import personas

        served = self._tried(shop, None)
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            return personas(recommender)

    @operation("recommendations.history")
    def history(self, *, shop: str, user_id: str, limit: int = 20) -> list[Met]:
        """What a shopper did, the latest first: what was observed, then the shop's own records.

        Raises
        ------
        SnapshotNotFound, ShopNotFound
        """
        catalog, now = self.engine.service(CatalogService), self.engine.clock.now()
        number = catalog.get_snapshot(shop=shop).number
        cards = catalog.cards(number).by_id
        names = self._names(shop, user_id, None)
        live = self.engine.part(LiveSessions).events(shop, names, now) if names else []
        met = [
            Met(item=cards[event.item_id], event=event.act.value, time=event.time)
            for event in reversed(live)
            if event.item_id in cards
        ]
        stored = self._diary.of(number, catalog.dataset(number), names[0], limit) if names else []
        met += [Met(item=cards[item], event=event, time=time) for item, event, time in stored if item in cards]
        return met[: max(limit, 0)]

    def _currency(self, shop: str) -> str | None:
        catalog = self.engine.service(CatalogService)
        number = catalog.get_snapshot(shop=shop).number
        if number not in self._currencies:
            self._currencies[number] = currency_of(catalog.dataset(number))
        return self._currencies[number]

    def _tried(self, shop: str, version: str | None) -> Served:
        """What serves, or a version over the newest catalogue; the plan in force lies over both."""
        if version is None:
            return self.served(shop)
        info = self._version(shop, version)
        catalog = self.engine.service(CatalogService)
        snapshot = catalog.get_snapshot(shop=shop)
        tables = {
            str(table): [part.model_dump() for part in snapshot.tables[table]]
            for table in SERVED_TABLES
            if snapshot.tables.get(table)
        }
        current = self.engine.service(PlanService).current(shop=shop)
        manifest = {
            "models": {KIND: {"model": info.model, "version": info.version}},
            "number": None,
            "snapshot": snapshot.number,
        }
        return Served(
            shop=shop,
            key=served_key(shop, info.artifact, tables),
            load=lambda: self._load_version(info, snapshot.number),
            manifest=manifest,
            plan=current.plan,
            number=current.number,
        )

    def _version(self, shop: str, version: str) -> VersionInfo:
        registry = self.engine.service(RegistryService)
        models = [info.model for info in registry.list_models(shop=shop) if info.kind == KIND]
        if not models:
            raise ReleaseNotFound(f"{shop!r} has no recommender.", hint="Train one.")
        info = registry.get_version(model=models[0], reference=version)
        if info.artifact is None:
            raise NoArtifact(f"{info.model} {info.version} holds metrics but no model.", "Only a model can be tried.")
        return info

    def _load_version(self, info: VersionInfo, number: int) -> ReleaseRecommender:
        from engine.recommendation_engine.serving import ReleaseRecommender

        files = dict(self.engine.artifacts.open(str(info.artifact)))
        return ReleaseRecommender.from_files(files, self.engine.service(CatalogService).dataset(number))


def _laid(served: Served, draft: Draft | None, *, rules: bool) -> tuple[Plan, dict[str, float]]:
    """The plan and prices of a what-if."""
    prices = dict(draft.prices) if draft is not None else {}
    if not rules:
        return _NO_PLAN, prices
    return (served.plan if draft is None else draft.plan), prices
