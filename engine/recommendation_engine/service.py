"""Recommendations of the releases under `SKYY_HOME`: the operations that pages, API and CLI share."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.key_ring import KeyRing
from engine.core import Engine, Service
from engine.errors import InvalidInput, ItemNotFound, ReleaseNotFound
from engine.hub import Hub
from engine.naming import check_name
from engine.recommendation_engine.impressions import ImpressionLog
from engine.recommendation_engine.live import LiveSessions, session_name
from engine.recommendation_engine.plan import Plan, Surface, Warned
from engine.recommendation_engine.schema import (
    MOST,
    MOST_GIVEN,
    Act,
    BulkReport,
    Observed,
    Recommendations,
    Request,
    SessionEvent,
)
from engine.store.channel import operation

if TYPE_CHECKING:
    from engine.model_registry.release import Release
    from engine.recommendation_engine.serving import ReleaseRecommender

KIND = "recommender"
_DEFAULT_SHOP = "demo"
_LONGEST_ID = 200


@dataclass(frozen=True)
class Served:
    """What answers for a shop: where the recommender is found, and what lies over it.

    `key` is what the hub knows it by: the model's and the catalogue's digests, so that a new plan loads nothing.
    """

    shop: str
    key: str
    load: Callable[[], ReleaseRecommender]
    manifest: Mapping[str, Any]
    plan: Plan
    number: int | None


@dataclass(frozen=True)
class Asked:
    """A question before names are pseudonyms and before live events are known."""

    user_id: str | None = None
    session_id: str | None = None
    basket: Sequence[str] = ()
    context: Mapping[str, Any] | None = None
    limit: int = 10
    events: Sequence[SessionEvent] = ()
    surface: Surface | None = None
    item_id: str | None = None
    market: str | None = None
    moment: datetime | None = None


class RecommendationService(Service):
    """Answers from release folders alone; it never touches the store."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._rings: dict[str, KeyRing] = {}
        self._served: dict[str, tuple[tuple[int, int], Served]] = {}
        self._guard = threading.Lock()

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
        surface: Surface | None = None,
        item_id: str | None = None,
        session_id: str | None = None,
        market: str | None = None,
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
            What the shopper did since the model was trained, beside what was observed.
        surface : Surface, optional
            Where the list is shown; home when left out.
        item_id : str, optional
            The product that the list is about, on the surfaces `product` and `wear_with`.
        session_id : str, optional
            An anonymous session whose observed events count too.
        market : str, optional
            For rules that hold in some markets only.

        Raises
        ------
        ReleaseNotFound
            No model serves, or none serves this shop.
        InvalidInput
            The context asks for what the shop does not have, or the surface lacks what it needs.
        """
        asked = Asked(
            user_id=user_id,
            session_id=session_id,
            basket=basket or (),
            context=context,
            limit=limit,
            events=events or (),
            surface=surface,
            item_id=item_id,
            market=market,
        )
        served = self.served(shop)
        return self.answer(served, asked, served.plan, explore=served.plan.exploration.share > 0)

    @operation("recommendations.observe")
    def observe(
        self,
        *,
        shop: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        item_id: str,
        event: Act,
        request_id: str | None = None,
    ) -> Observed:
        """Take in what a shopper just did; the next answer counts it.

        Parameters
        ----------
        user_id, session_id : str, optional
            One of the two: the shop's own id of the shopper, or an anonymous session.
        event : Act
            `view`, `cart`, `favourite`, `rental`, `rating`, `purchase`; `return` and `dismiss` take the
            product, and a part of what is like it, out of favour.
        request_id : str, optional
            The recommendation that the shopper followed; marks its place as clicked.

        Raises
        ------
        InvalidInput, ItemNotFound, ReleaseNotFound
        """
        started = time.perf_counter()
        served, now = self.served(shop), self.engine.clock.now()
        names = self._names(served.shop, user_id, session_id)
        if not names:
            raise InvalidInput("The event names nobody.", "It has a user_id or a session_id.")
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            known = recommender.learned(item_id)
            if not known and recommender.card_of(item_id) is None:
                raise ItemNotFound(f"There is no product {item_id[:80]!r}.", hint="Send ids of the catalogue.")
        held = self.engine.part(LiveSessions).observe(served.shop, names[0], item_id, event, now)
        clicked = False
        if request_id is not None and not event.negative:
            log = self.engine.part(ImpressionLog)
            clicked = log.clicked(served.shop, request_id[:_LONGEST_ID], names[0], item_id, now)
        took = 1_000 * (time.perf_counter() - started)
        return Observed(
            shop=served.shop, event=event, item_id=item_id, events=held, known=known, clicked=clicked, took_ms=took
        )

    def recommend_all(
        self,
        path: Path,
        *,
        shop: str | None = None,
        limit: int = 10,
        surface: Surface | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> BulkReport:
        """Write a list for every shopper that the model knows to a Parquet file; nothing is explored.

        It works in this process and needs the release only, so that a long run holds nobody up.

        Parameters
        ----------
        path : Path
            File with the columns shopper (pseudonym), position, item_id, score; the metadata name model,
            version, release and plan.
        progress : callable, optional
            Told shoppers done and shoppers in all.

        Raises
        ------
        InvalidInput, InvalidFile, ReleaseNotFound
        """
        from engine.recommendation_engine.bulk import Bulk, report, write

        if not 1 <= limit <= MOST:
            raise InvalidInput(f"The limit {limit} is not possible.", f"It is 1 to {MOST}.")
        where = surface or Surface.HOME
        if where not in (Surface.HOME, Surface.BASKET):
            raise InvalidInput(f"A list for the surface {where.value!r} is about one page.", "Use home.")
        started, served, now = time.perf_counter(), self.served(shop), self.engine.clock.now()
        model = served.manifest["models"][KIND]
        about = {"shop": served.shop, "model": model["model"], "version": model["version"]}
        about |= {"release": str(served.manifest["number"]), "plan": str(served.number), "made": now.isoformat()}
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            live = {
                name: self.request(served.shop, Asked(user_id=name, limit=limit, surface=where), recommender, now)
                for name in self.engine.part(LiveSessions).names(served.shop, now)
                if recommender.model.row(name) >= 0
            }
            bulk = Bulk(recommender, served.plan, surface=where, limit=limit, moment=now, live=live)
            counts = write(bulk, recommender, path, about, progress)
        return report(served.shop, path, counts, about, started)

    def check(self, *, shop: str, plan: Plan) -> list[Warned]:
        """What a merchandiser should know of a plan over what serves."""
        from engine.recommendation_engine.rules.check import check

        served = self.served(shop)
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            now = self.engine.clock.now()
            found = check(plan, recommender.shelf, recommender.signals, recommender.segments, now)
            exploration = plan.exploration
            if exploration.share and not recommender.new(exploration.newer_than_days).any():
                days = exploration.newer_than_days
                found.append(Warned(rules=(), text=f"Nothing to explore: no product is new within {days} days."))
            return found

    def answer(
        self,
        served: Served,
        asked: Asked,
        plan: Plan,
        prices: Mapping[str, float] | None = None,
        *,
        explore: bool = False,
    ) -> Recommendations:
        """Answer from what the hub holds, loaded when it is not there."""
        started, request_id = time.perf_counter(), uuid.uuid4().hex
        now = self.engine.clock.now()
        log = self.engine.part(ImpressionLog) if explore else None
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            request = self.request(served.shop, asked, recommender, now)
            tried = None if log is None else lambda: log.tried(served.shop, now)
            found = recommender.recommend(request, plan, prices, tried=tried)
        if log is not None and any(item.propensity is not None for item in found.items):
            names = self._names(served.shop, asked.user_id, asked.session_id)
            log.shown(served.shop, request_id, next(iter(names), None), request.surface, found.items, now)
        took = 1_000 * (time.perf_counter() - started)
        return Recommendations(
            request_id=request_id,
            shop=served.shop,
            model=served.manifest["models"][KIND]["model"],
            version=served.manifest["models"][KIND]["version"],
            release=served.manifest["number"],
            snapshot=served.manifest["snapshot"],
            cold_start=found.cold_start,
            note=found.note,
            latency_ms=took,
            items=found.items,
            plan=served.number if plan is served.plan else None,
            warnings=found.warnings,
            surface=request.surface,
        )

    def request(self, shop: str, asked: Asked, recommender: ReleaseRecommender, now: datetime) -> Request:
        """The question as a release understands it: pseudonym, and events since the model was trained."""
        names = self._names(shop, asked.user_id, asked.session_id)
        live = self.engine.part(LiveSessions).events(shop, names, now) if names else []
        since = recommender.seen_until
        observed = [
            SessionEvent(
                item_id=event.item_id,
                event=event.act,
                hours_ago=max((now - event.time).total_seconds() / 3_600, 0.0),
            )
            for event in live
            if event.act.negative or since is None or since > now or event.time > since
        ]
        return Request(
            shopper=self._pseudonym(shop, asked.user_id),
            basket=tuple(asked.basket),
            events=(*asked.events, *observed[max(len(observed) + len(asked.events) - MOST_GIVEN, 0) :]),
            context=dict(asked.context or {}),
            limit=asked.limit,
            surface=asked.surface or Surface.HOME,
            item_id=asked.item_id,
            market=asked.market,
            moment=asked.moment or now,
        )

    def served(self, shop: str | None) -> Served:
        """The current release of a shop; its folder is read once."""
        from engine.model_registry.release import Release

        name = self._shop(shop)
        folder = self._folder(name)
        mark = _mark(folder / "current.json")
        with self._guard:
            held = self._served.get(name)
        if held is not None and held[0] == mark:
            return held[1]
        release = Release.open(folder)
        manifest = release.manifest
        served = Served(
            shop=name,
            key=served_key(name, manifest["models"].get(KIND, {}).get("artifact"), manifest["tables"]),
            load=lambda: _loaded(release),
            manifest=manifest,
            plan=Plan.model_validate(manifest.get("plan") or {}),
            number=int(manifest.get("plan_number") or 0),
        )
        with self._guard:
            self._served[name] = (mark, served)
        return served

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

    def _names(self, shop: str, user_id: str | None, session_id: str | None) -> list[str]:
        """Under which names live events of a request are held, the shopper's own first."""
        shopper = self._pseudonym(shop, user_id)
        session = (session_id or "").strip()
        if len(session) > _LONGEST_ID:
            raise InvalidInput(f"A session id of {len(session):,} characters is not one.", f"At most {_LONGEST_ID}.")
        return [*([shopper] if shopper else []), *([session_name(shop, session)] if session else [])]

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


def _mark(path: Path) -> tuple[int, int]:
    """What changes whenever a file is swapped; looked at instead of reading it at every request."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ReleaseNotFound(
            f"No release lies in {path.parent}.", "A promotion publishes one.", "Train and promote a model first."
        ) from error
    return stat.st_mtime_ns, stat.st_ino


def served_key(shop: str, artifact: str | None, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """What the hub knows a recommender by: its model's and its catalogue's bytes."""
    parts = [f"{name}:{part['digest']}" for name in sorted(tables) for part in tables[name]]
    catalogue = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return f"recommender:{shop}:{(artifact or '-')[:16]}:{catalogue[:16]}"


def _loaded(release: Release) -> ReleaseRecommender:
    from engine.recommendation_engine.serving import ReleaseRecommender

    return ReleaseRecommender.from_files(dict(release.artifact(KIND)), release.dataset())
