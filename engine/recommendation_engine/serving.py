"""A release that answers: model, catalogue and nothing else, shared read-only by all requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.catalog.cards import CardIndex
from engine.catalog.records import ItemCard
from engine.catalog.schema import EventKind
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.recommender import RecommenderEstimator
from engine.recommendation_engine.context import Wishes, understand
from engine.recommendation_engine.facets import CatalogFacets
from engine.recommendation_engine.reasons import Explainer
from engine.recommendation_engine.schema import Recommendation, SessionEvent
from engine.recommendation_engine.sessions import Fresh, Session, fold
from engine.recommenders.blend import Taste, add
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.recommender_model import Model

MOST = 500
_CARD_BYTES = 3_000
_MOST_BASKET = 200
_TOLD = {
    EventKind.VIEW: "viewed lately",
    EventKind.CART: "put in the cart",
    EventKind.FAVOURITE: "marked as a favourite",
    EventKind.RENTAL: "rented lately",
    EventKind.RATING: "rated lately",
    EventKind.PURCHASE: "bought lately",
}


@dataclass(frozen=True)
class Answer:
    """Ranked products, and what a person should know about them."""

    items: list[Recommendation]
    cold_start: bool
    note: str


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
        self._strength = estimator.config.event_weights
        known = cards.by_id
        # The model's rows are the rows here; a product that left the catalogue keeps a bare card and is hidden.
        self.cards = [known.get(item) or ItemCard(item_id=item, title=item) for item in self.model.item_ids]
        self._listed = np.array([item in known for item in self.model.item_ids], dtype=bool)
        self._unlearned = set(known) - set(self.model.item_ids)
        self._place = {item: row for row, item in enumerate(self.model.item_ids)}
        self.facets = CatalogFacets(self.cards)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], dataset: Dataset) -> Self:
        """Load the model's files beside the catalogue tables of a release.

        Raises
        ------
        CorruptArtifact
            The files do not fit together.
        """
        recommender = cls(RecommenderEstimator.load(files), CardIndex(dataset))
        if not recommender._listed.any():
            raise CorruptArtifact(
                "None of the model's products is in the release's catalogue.",
                "A model serves the shop that it was trained on.",
                "Publish the release again.",
            )
        recommender.warm_up()
        return recommender

    def warm_up(self) -> None:
        """Compute what all requests share, so that the first one does not wait for it."""
        self.recommend(shopper=None, limit=1)
        _ = self.facets.values, self.facets.bands

    @property
    def memory_bytes(self) -> int:
        """About what this takes in memory."""
        return self.model.memory_bytes + _CARD_BYTES * len(self.cards)

    def recommend(
        self,
        *,
        shopper: str | None,
        basket: Sequence[str] = (),
        events: Sequence[SessionEvent] = (),
        context: Mapping[str, Any] | None = None,
        limit: int = 10,
    ) -> Answer:
        """The best allowed products, best first.

        Parameters
        ----------
        shopper : str or None
            Pseudonym.
        basket : sequence of str
            Product ids in the order in which they were put in.
        events : sequence of SessionEvent
            What happened since the model was trained.
        context : mapping
            Filters and wishes, see `context.understand`.
        limit : int
            1 to 500.

        Raises
        ------
        InvalidInput
        """
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"The limit {limit} is not possible.", f"It is 1 to {MOST}.")
        if len(basket) > _MOST_BASKET or len(events) > _MOST_BASKET:
            raise InvalidInput(f"Basket and events have at most {_MOST_BASKET} entries.", hint="Send the latest ones.")
        wishes = understand(context or {}, self.facets, self.model.blend.facets)
        row = -1 if shopper is None else self.model.row(shopper)
        session = self._session(row, basket, events)
        taste = self._taste(row, session, wishes)
        allowed = self._allowed(wishes, session)
        items = self._items(taste, session, allowed, limit)
        note = self._note(row, shopper, session, [*basket, *(event.item_id for event in events)])
        return Answer(items, session.empty, note)

    def _session(self, row: int, basket: Sequence[str], events: Sequence[SessionEvent]) -> Session:
        strongest = max(self._strength.values(), default=1.0)
        fresh = [
            Fresh(
                self._place[event.item_id],
                self._strength.get(event.event, 1.0) / strongest,
                event.hours_ago,
                told=_TOLD.get(event.event, "seen lately"),
            )
            for event in events
            if event.item_id in self._place
        ]
        stored = self.model.memory.history[[max(row, 0)]] if len(self.model.shopper_ids) else None
        if stored is None or row < 0:
            from scipy.sparse import csr_matrix

            stored = csr_matrix((1, self.model.blend.n_items))
        return fold(stored, [self._place[item] for item in basket if item in self._place], fresh)

    def _taste(self, row: int, session: Session, wishes: Wishes) -> Taste:
        memory = self.model.memory
        counts = {name: matrix[[row]].toarray() for name, matrix in memory.counts.items()} if row >= 0 else None
        profiles = {name: codes[[row]] for name, codes in memory.profiles.items()} if row >= 0 else None
        taste = self.model.taste_of(session.history, counts, profiles)
        named = {name: self.model.blend.facets[name].wish(value) for name, value in wishes.named.items()}
        return Taste(taste.history, {**taste.facets, **named})

    def _allowed(self, wishes: Wishes, session: Session) -> NDArray[np.bool_]:
        """Listed products that pass the filters; what the request itself holds is never recommended back."""
        allowed: NDArray[np.bool_] = wishes.allowed & self._listed
        allowed[session.met if wishes.exclude_met else np.array(sorted(session.fresh), dtype=np.int64)] = False
        return allowed

    def _items(self, taste: Taste, session: Session, allowed: NDArray[np.bool_], limit: int) -> list[Recommendation]:
        blend = self.model.blend
        parts = blend.parts(taste)
        scores = add(parts, (1, blend.n_items))
        scores[0, ~allowed] = -np.inf
        best = top_k(scores, limit)[0]
        best = best[best >= 0]
        if len(best) == 0:
            return []
        timed = self.model.memory.last_day is not None
        explainer = Explainer(self.cards, self.model.item_codes, blend, taste, session.fresh, timed=timed)
        usual = {name: float(np.broadcast_to(part[0], blend.n_items)[allowed].mean()) for name, part in parts.items()}
        return [
            Recommendation(
                item_id=self.model.item_ids[item],
                position=place,
                score=float(scores[0, item]),
                card=self.cards[item],
                contributions=contributions,
                reason=explainer.reason(contributions, usual),
            )
            for place, (item, contributions) in enumerate(
                zip(best, explainer.contributions(parts, best), strict=True), start=1
            )
        ]

    def _note(self, row: int, shopper: str | None, session: Session, named: Sequence[str]) -> str:
        """What a person should know, in sentences; empty when all is as usual."""
        told = []
        if session.empty:
            told.append(self._cold_note(row, shopper))
        elif shopper is not None and row < 0:
            told.append("This shopper is new to the model; only what came with the request is known.")
        new = sum(item in self._unlearned for item in named)
        strange = sum(item not in self._place and item not in self._unlearned for item in named)
        if new:
            told.append(f"{new} of the given products came after the model was trained and could not be used.")
        if strange:
            told.append(f"{strange} of the given products are not in the catalogue and were left aside.")
        return " ".join(told)

    def _cold_note(self, row: int, shopper: str | None) -> str:
        if shopper is None:
            return "Cold start: neither shopper nor basket is known, so this is what is popular now."
        known = [name for name, codes in self.model.memory.profiles.items() if row >= 0 and codes[row] >= 0]
        if known:
            return f"Cold start: this shopper has no events yet, so this is what is popular now with their {' and '.join(known)}."
        return "Cold start: this shopper is not known yet, so this is what is popular now."
