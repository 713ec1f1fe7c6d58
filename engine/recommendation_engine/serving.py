"""A release that answers: model, catalogue and nothing else, shared read-only by all requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from engine.catalog.cards import CardIndex
from engine.catalog.records import ItemCard
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.context import Wishes, understand
from engine.recommendation_engine.evidence import Said
from engine.recommendation_engine.exploration import Explorer, Tried
from engine.recommendation_engine.facets import CatalogFacets, meant
from engine.recommendation_engine.notes import listing_note, warned
from engine.recommendation_engine.plan import Plan, Surface, Warned
from engine.recommendation_engine.quick import one_thread, quick
from engine.recommendation_engine.reasons import Explainer, reason
from engine.recommendation_engine.rules import Placed, Rulebook, Situation, lay_out
from engine.recommendation_engine.schema import MOST, MOST_GIVEN, Recommendation, Request
from engine.recommendation_engine.scoring import OWN_WEIGHTS, Scored, own_parts, summed
from engine.recommendation_engine.shelf import Shelf
from engine.recommendation_engine.shopper import Knowing
from engine.recommendation_engine.surfaces import check_surface, suits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.recommender.model import Model
    from engine.recommendation_engine.sessions import Session
    from engine.recommenders.blend import Blend

_CARD_BYTES = 3_000
_KEPT = 8
NOTHING = Plan()


@dataclass(frozen=True)
class Answer:
    """Ranked products, and what a person should know about them."""

    items: list[Recommendation]
    cold_start: bool
    note: str
    warnings: list[Warned]


@dataclass(frozen=True)
class Ordered:
    """A list without words.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_shown,)
        Rows of the model and of `ReleaseRecommender.cards`, the first place first.
    scores : ndarray of float64, shape (n_shown,)
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Laid:
    """A plan with tried prices over this release: what is looked up once for many requests."""

    plan: Plan
    prices: Mapping[str, float]
    model: Model
    shelf: Shelf
    blend: Blend
    rules: Rulebook
    weights: Mapping[str, float]


class ReleaseRecommender:
    """Recommendations from one release.

    Parameters
    ----------
    estimator : RecommenderEstimator
        Fitted or loaded.
    cards : CardIndex
        Products that may be shown, with today's price and stock.
    """

    def __init__(self, estimator: RecommenderEstimator, cards: CardIndex) -> None:
        self.model: Model = estimator.model
        known = cards.by_id
        # The model's rows are the rows here; a product that left the catalogue keeps a bare card and is hidden.
        own = [known.get(item) or ItemCard(item_id=item, title=item) for item in self.model.item_ids]
        self.shelf = Shelf(own, np.array([item in known for item in self.model.item_ids], dtype=bool))
        self._catalogue = known
        self._strength = estimator.config.event_weights
        self._laid: OrderedDict[int, Laid] = OrderedDict()
        self._guard = threading.Lock()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], dataset: Dataset) -> Self:
        """Load the model's files beside the catalogue tables of a release.

        Raises
        ------
        CorruptArtifact
            The files do not fit together.
        """
        recommender = cls(RecommenderEstimator.load(files), CardIndex(dataset))
        if not recommender.shelf.listed.any():
            raise CorruptArtifact(
                "None of the model's products is in the release's catalogue.",
                "A model serves the shop that it was trained on.",
                "Publish the release again.",
            )
        recommender.warm_up()
        return recommender

    def warm_up(self) -> None:
        """Compute what all requests share, so that the first one does not wait for it."""
        self.recommend(Request(limit=1))
        _ = self.facets.values, self.facets.bands

    @property
    def cards(self) -> Sequence[ItemCard]:
        """Cards by row, at the catalogue's own prices."""
        return self.shelf.cards

    @property
    def facets(self) -> CatalogFacets:
        """Facets at the catalogue's own prices."""
        return self.shelf.facets

    @property
    def memory_bytes(self) -> int:
        """About what this takes in memory."""
        return self.model.memory_bytes + _CARD_BYTES * len(self.shelf.cards)

    def card_of(self, item_id: str) -> ItemCard | None:
        """The card of a product of the catalogue, whether the model knows it or not."""
        return self._catalogue.get(item_id)

    def learned(self, item_id: str) -> bool:
        """Whether the model has a row for a product."""
        return item_id in self.facets.place

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """Every signal that a plan may weigh: the model's, and serving's own."""
        return (*self.model.blend.signals, *OWN_WEIGHTS)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Groups of shoppers that a rule may hold for."""
        facets = self.model.blend.facets
        return tuple(label for facet in facets.values() if facet.side == "shopper" for label in facet.labels)

    @cached_property
    def seen_until(self) -> datetime | None:
        """The moment of the last event that the model learned from; None where the shop tells no times."""
        if self.model.memory.last_day is None:
            return None
        return datetime.fromtimestamp(self.model.now * 86_400, UTC)

    def recommend(
        self,
        request: Request,
        plan: Plan = NOTHING,
        prices: Mapping[str, float] | None = None,
        *,
        tried: Tried | None = None,
    ) -> Answer:
        """The best allowed products, best first, with words.

        Parameters
        ----------
        plan : Plan
            Weights, rules and exploration that lie over the model.
        prices : mapping of str to float, optional
            Prices that are tried, by product id.
        tried : callable, optional
            How often new products were shown and clicked; nothing is explored without it.

        Raises
        ------
        InvalidInput, ItemNotFound
        """
        laid = self.laid(plan, prices)
        with one_thread():
            scored = self.score(request, laid)
            explore = None if tried is None else self._explorer(request, laid, scored, tried)
            placed = self.lay_out(request, laid, scored, explore)
            items = self.explained(scored, laid, placed, request)
        return Answer(items, scored.session.empty, self._note(request, scored), warned(scored, placed, request.limit))

    def order(self, request: Request, plan: Plan = NOTHING, prices: Mapping[str, float] | None = None) -> Ordered:
        """The same list without words and without exploration."""
        laid = self.laid(plan, prices)
        with one_thread():
            scored = self.score(request, laid)
            rows = np.array([entry.row for entry in self.lay_out(request, laid, scored)], dtype=np.int64)
        return Ordered(rows, scored.total[rows])

    def laid(self, plan: Plan = NOTHING, prices: Mapping[str, float] | None = None) -> Laid:
        """A plan with prices over this release, made once and kept while it is in use."""
        tried = prices or {}
        with self._guard:
            for key, found in self._laid.items():
                if (found.plan is plan or found.plan == plan) and found.prices == tried:
                    self._laid.move_to_end(key)
                    return found
        made = self._lay(plan, tried)
        with self._guard:
            self._laid[id(made)] = made
            while len(self._laid) > _KEPT:
                self._laid.popitem(last=False)
        return made

    def score(self, request: Request, laid: Laid) -> Scored:
        """Scores of all products and which of them may appear."""
        if not 1 <= request.limit <= MOST:
            raise InvalidInput(f"The limit {request.limit} is not possible.", f"It is 1 to {MOST}.")
        if max(len(request.basket), len(request.events)) > MOST_GIVEN:
            raise InvalidInput(f"Basket and events have at most {MOST_GIVEN} entries.", hint="Send the latest ones.")
        shelf, blend = laid.shelf, laid.blend
        wishes = understand(request.context, shelf.facets, blend.facets)
        anchor = check_surface(request, shelf)
        knowing = Knowing(laid.model, shelf.facets.place, self._strength)
        row = knowing.row(request.shopper)
        session = knowing.session(row, request, anchor)
        taste = knowing.taste(row, session, wishes, request, anchor)
        force = laid.rules.in_force(self._situation(request, knowing.groups(row, wishes), anchor, shelf))
        own = own_parts(request.surface, anchor, session, shelf, laid.weights)
        parts = {name: part[0] for name, part in blend.parts(taste).items()}
        parts |= {name: drawn.values.sum(axis=0) for name, drawn in own.items()}
        allowed = wishes.allowed & shelf.listed
        if force.barred is not None:
            allowed &= ~force.barred
        _without_met(allowed, wishes, session)
        if anchor is not None:
            suits(request.surface, anchor, shelf, allowed)
        total = summed(parts, force.bonus, blend.n_items)
        return Scored(blend, taste, session, wishes, force, anchor, parts, own, total, allowed)

    def lay_out(self, request: Request, laid: Laid, scored: Scored, explore: Explorer | None = None) -> list[Placed]:
        """The list of a scored request."""
        force = scored.force
        return lay_out(
            scored.open,
            request.limit,
            pins=force.pins,
            caps=force.caps,
            diversity=force.diversity,
            content=laid.shelf.content if force.diversity else None,
            explore=explore,
        )

    def explained(self, scored: Scored, laid: Laid, placed: list[Placed], request: Request) -> list[Recommendation]:
        """Placed products with their contributions and reasons."""
        if not placed:
            return []
        rows = np.array([entry.row for entry in placed], dtype=np.int64)
        explainer = self.explainer(scored, laid, request)
        usual = explainer.usual()
        return [
            Recommendation(
                item_id=self.model.item_ids[entry.row],
                position=position,
                score=float(scored.total[entry.row]),
                card=laid.shelf.cards[entry.row],
                contributions=contributions,
                reason=reason(contributions, usual),
                pinned_by=entry.pinned_by,
                explored=entry.explored,
                propensity=entry.propensity,
            )
            for position, (entry, contributions) in enumerate(
                zip(placed, explainer.contributions(rows), strict=True), start=1
            )
        ]

    def explainer(self, scored: Scored, laid: Laid, request: Request) -> Explainer:
        """Words for a scored request."""
        row = -1 if request.shopper is None else self.model.row(request.shopper)
        return Explainer(laid.model, laid.shelf, scored, Said(scored.session.fresh, self.model.memory.last_day, row))

    @cached_property
    def _quick(self) -> Blend:
        return quick(self.model.blend, self.model.item_codes)

    @cached_property
    def untouched(self) -> NDArray[np.bool_]:
        """Products without any event, shape (n_products,)."""
        met = np.bincount(self.model.memory.history.indices, minlength=self.model.blend.n_items)
        untouched: NDArray[np.bool_] = met == 0
        return untouched

    def new(self, days: int) -> NDArray[np.bool_]:
        """Products that are young on the shop's own last day, or that nobody has met yet."""
        created = self.shelf.created
        last = np.nanmax(np.append(created, self.model.now))
        with np.errstate(invalid="ignore"):
            young: NDArray[np.bool_] = created >= last - days
        return young | self.untouched

    def _lay(self, plan: Plan, prices: Mapping[str, float]) -> Laid:
        shelf = self.shelf.repriced(prices)
        rows = {shelf.facets.place[item]: price for item, price in prices.items() if item in shelf.facets.place}
        model = self.model.repriced(rows) if rows else self.model
        weights = {**OWN_WEIGHTS, **model.blend.weights, **plan.weights}
        blend = quick(model.blend, model.item_codes) if model is not self.model else self._quick
        blend = replace(blend, weights={name: weights.get(name, 0.0) for name in blend.signals})
        return Laid(plan, dict(prices), model, shelf, blend, Rulebook(plan, shelf), weights)

    def _situation(self, request: Request, groups: frozenset[str], anchor: int | None, shelf: Shelf) -> Situation:
        asked = request.context.get("category")
        if asked is None and anchor is not None:
            asked = shelf.cards[anchor].category
        named = asked if isinstance(asked, (list, tuple)) else [] if asked is None else [asked]
        known = shelf.facets.values.get("category", {})
        categories = frozenset((meant(value, known, "category") or str(value)).casefold() for value in named)
        return Situation(request.moment, groups, categories, request.market, request.surface)

    def _explorer(self, request: Request, laid: Laid, scored: Scored, tried: Tried) -> Explorer | None:
        exploration = laid.plan.exploration
        if exploration.share == 0 or request.surface in (Surface.PRODUCT, Surface.WEAR_WITH):
            return None
        rows = np.flatnonzero(self.new(exploration.newer_than_days) & scored.allowed)
        rows = rows[np.argsort(-scored.total[rows], kind="stable")]
        counts = tried() if exploration.method == "thompson" else {}
        told = np.array([counts.get(self.model.item_ids[row], (0, 0)) for row in rows], dtype=np.int64).reshape(-1, 2)
        return Explorer(exploration, rows, told, np.random.default_rng(request.seed))

    def _note(self, request: Request, scored: Scored) -> str:
        row = -1 if request.shopper is None else self.model.row(request.shopper)
        return listing_note(request, scored.session, row, self)


def _without_met(allowed: NDArray[np.bool_], wishes: Wishes, session: Session) -> None:
    """Take out what was met (or what the request itself holds), and what the shopper wants no more of."""
    allowed[session.met if wishes.exclude_met else np.array(sorted(session.fresh), dtype=np.int64)] = False
    allowed[np.array(sorted(session.averse), dtype=np.int64)] = False
