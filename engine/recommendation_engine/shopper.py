"""A request's shopper as the model sees one: stored past, what just happened, taste, groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.plan import Surface
from engine.recommendation_engine.sessions import Fresh, Session, fold
from engine.recommendation_engine.surfaces import looked_at
from engine.recommendation_engine.telling import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender.model import Model
    from engine.recommendation_engine.context import Wishes
    from engine.recommendation_engine.schema import Request
    from engine.recommenders.blend import Taste

_NEGATIVE_STRENGTH = {"return": 1.0, "dismiss": 0.6}


@dataclass(frozen=True)
class Knowing:
    """What turns requests into tastes.

    Parameters
    ----------
    place : mapping of str to int
        Row by product id.
    strength : mapping of str to float
        Of each kind of event, as the model was trained.
    """

    model: Model
    place: Mapping[str, int]
    strength: Mapping[str, float]

    def row(self, shopper: str | None) -> int:
        """Row of a shopper, -1 for nobody and for one that the model has not met."""
        return -1 if shopper is None else self.model.row(shopper)

    def session(self, row: int, request: Request, anchor: int | None) -> Session:
        """The stored past with what the request tells."""
        strongest = max(self.strength.values(), default=1.0)
        fresh = [
            Fresh(
                self.place[event.item_id],
                _NEGATIVE_STRENGTH.get(event.event, self.strength.get(event.event, 1.0) / strongest),
                event.hours_ago,
                told(event.event, event.hours_ago, request.moment),
                event.event.negative,
            )
            for event in request.events
            if event.item_id in self.place
        ]
        if anchor is not None:
            fresh.append(looked_at(anchor))
        return fold(self._stored(row), [self.place[item] for item in request.basket if item in self.place], fresh)

    def taste(self, row: int, session: Session, wishes: Wishes, request: Request, anchor: int | None) -> Taste:
        """What the session, the shopper's profile and the named wishes say."""
        memory = self.model.memory
        counts = {name: row_of(matrix, row).toarray() for name, matrix in memory.counts.items()} if row >= 0 else None
        profiles = {name: codes[[row]] for name, codes in memory.profiles.items()} if row >= 0 else None
        taste = self.model.taste_of(session.history, counts, profiles)
        named = {name: self.model.blend.facets[name].wish(value) for name, value in wishes.named.items()}
        return replace(
            taste,
            facets={**taste.facets, **named},
            anchor=self._about(request, anchor),
            sequences=None if self.model.blend.sequence is None else [self._sequence(row, session, request)],
        )

    def groups(self, row: int, wishes: Wishes) -> frozenset[str]:
        """Segment and age band of the shopper, and those that the request names, in lower case."""
        facets = self.model.blend.facets
        found = {
            facets[name].labels[int(codes[row])]
            for name, codes in self.model.memory.profiles.items()
            if row >= 0 and codes[row] >= 0 and name in facets
        }
        found |= {facets[name].labels[code] for name, code in wishes.named.items() if facets[name].side == "shopper"}
        return frozenset(label.casefold() for label in found)

    def _stored(self, row: int) -> csr_matrix:
        from scipy.sparse import csr_matrix

        if row < 0:
            return csr_matrix((1, self.model.blend.n_items))
        return row_of(self.model.memory.history, row)

    def _about(self, request: Request, anchor: int | None) -> csr_matrix | None:
        """The products that complements start from."""
        rows = [self.place[item] for item in request.basket if item in self.place]
        if request.surface is Surface.WEAR_WITH and anchor is not None:
            rows = [anchor]
        elif request.surface is not Surface.BASKET or not rows:
            return None
        from scipy.sparse import csr_matrix

        columns = np.array(sorted(set(rows)), dtype=np.int64)
        values = np.full(len(columns), 1.0 / len(columns))
        return csr_matrix((values, columns, np.array([0, len(columns)])), shape=(1, self.model.blend.n_items))

    def _sequence(self, row: int, session: Session, request: Request) -> NDArray[np.int32]:
        """Rows of what was met, from the oldest to the newest."""
        past: list[int] = []
        last = self.model.memory.last_day
        if last is not None and row >= 0:
            span = slice(int(last.indptr[row]), int(last.indptr[row + 1]))
            past = last.indices[span][np.argsort(last.data[span], kind="stable")].tolist()
        acts = sorted(request.events, key=lambda event: -event.hours_ago)
        recent = [self.place[event.item_id] for event in acts if event.item_id in self.place]
        recent += [self.place[item] for item in request.basket if item in self.place]
        order = list(dict.fromkeys(reversed([*past, *recent])))
        return np.array([item for item in reversed(order) if item not in session.averse], dtype=np.int32)


def row_of(matrix: csr_matrix, row: int) -> csr_matrix:
    """One row as a matrix of its own, shape (1, n_columns), without the cost of general indexing."""
    from scipy.sparse import csr_matrix

    span = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
    indices = matrix.indices[span]
    return csr_matrix((matrix.data[span], indices, np.array([0, len(indices)])), shape=(1, matrix.shape[1]))
