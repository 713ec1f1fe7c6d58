"""A fitted recommender: the blend, and what it remembers of each shopper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.estimators.recommender import signals
from engine.estimators.recommender.sequence import last_days, orders
from engine.recommenders import facets, popularity
from engine.recommenders.blend import Blend, Taste
from engine.recommenders.events import Codes
from engine.recommenders.price_bands import banded
from engine.recommenders.sequence import SequenceModel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender.config import RecommenderConfig
    from engine.estimators.recommender.data import ShopData
    from engine.recommenders.facets import Facet
    from engine.recommenders.ranker import Ranker

PRICE = "price"
_NAME_BYTES = 150


@dataclass(frozen=True)
class Memory:
    """What shoppers did, by row.

    Parameters
    ----------
    history : csr_matrix, shape (n_shoppers, n_items)
        Decayed strength of each item met.
    last_day : csr_matrix of the same pattern, or None
        Day of the last event with the item.
    counts : mapping of str to csr_matrix, shape (n_shoppers, n_values)
        Decayed counts of facets that are written on events.
    profiles : mapping of str to ndarray of int32, shape (n_shoppers,)
        Codes of facets that are written on shoppers, -1 where unknown.
    """

    history: csr_matrix
    last_day: csr_matrix | None
    counts: Mapping[str, csr_matrix]
    profiles: Mapping[str, NDArray[np.int32]]


@dataclass(frozen=True)
class Model:
    """A blend over `item_ids` with the memory of `shopper_ids`; arrays and names only."""

    item_ids: tuple[str, ...]
    shopper_ids: tuple[str, ...]
    item_codes: Mapping[str, NDArray[np.int32]]
    blend: Blend
    memory: Memory
    smoothing: float
    now: float
    prices: NDArray[np.float64] | None = None

    def with_weights(self, weights: Mapping[str, float], newcomer: Mapping[str, float] | None = None) -> Self:
        """The same signals, weighted otherwise."""
        blend = replace(self.blend, weights=dict(weights), newcomer=dict(newcomer or {}))
        return replace(self, blend=blend)

    def with_ranker(self, ranker: Ranker | None) -> Self:
        """The same signals, re-ranked by a second stage, or not."""
        return replace(self, blend=replace(self.blend, ranker=ranker))

    def repriced(self, prices: Mapping[int, float]) -> Self:
        """The same model with other prices for some rows: a what-if.

        The band of a changed row follows from the edges that today's prices give; other rows keep theirs.

        Parameters
        ----------
        prices : mapping of int to float
            Price by row, in shop currency.
        """
        facet = self.blend.facets.get(PRICE)
        if facet is None or self.prices is None or not prices:
            return self
        rows = np.fromiter(prices, dtype=np.int64, count=len(prices))
        changed = np.fromiter(prices.values(), dtype=np.float64, count=len(prices))
        category = Codes(self.item_codes.get("category", np.full(len(self.item_ids), -1, np.int32)), ())
        codes = self.item_codes[PRICE].copy()
        codes[rows] = banded(self.prices, category, rows, changed)
        moved = facets.moved(facet, rows, codes[rows])
        blend = replace(self.blend, facets={**self.blend.facets, PRICE: moved})
        known = self.prices.copy()
        known[rows] = changed
        return replace(self, item_codes={**self.item_codes, PRICE: codes}, blend=blend, prices=known)

    @cached_property
    def memory_bytes(self) -> int:
        """About what the arrays and names take in memory."""
        sparse = [*self.blend.neighbours.values(), self.memory.history, *self.memory.counts.values()]
        sparse += [part for part in (self.memory.last_day, self.blend.complements) if part is not None]
        arrays: list[NDArray[Any]] = [*self.blend.popularity.values(), *self.memory.profiles.values()]
        arrays += [facet.ratio for facet in self.blend.facets.values()]
        if self.blend.factors is not None:
            arrays.append(self.blend.factors.items)
        if isinstance(self.blend.sequence, SequenceModel):
            arrays += self.blend.sequence.tensors.values()
        held = sum(m.data.nbytes + m.indices.nbytes + m.indptr.nbytes for m in sparse) + sum(a.nbytes for a in arrays)
        return int(held) + _NAME_BYTES * (len(self.shopper_ids) + len(self.item_ids))

    @cached_property
    def _shopper_rows(self) -> dict[str, int]:
        return {shopper: row for row, shopper in enumerate(self.shopper_ids)}

    def row(self, shopper: str) -> int:
        """Row of a shopper, -1 for one that the model has not met."""
        return self._shopper_rows.get(shopper, -1)

    def rows(self, shoppers: Sequence[str]) -> NDArray[np.int64]:
        """Rows of shoppers; -1 for those that the model has not met."""
        return np.array([self.row(shopper) for shopper in shoppers], dtype=np.int64)

    def taste(self, rows: NDArray[Any]) -> Taste:
        """What is known about the shoppers at `rows`; nothing where a row is -1."""
        known = (rows >= 0).astype(np.float64)
        taste = self.taste_of(
            scaled(self.memory.history[rows], known),
            {name: counts[rows].toarray() * known[:, None] for name, counts in self.memory.counts.items()},
            {name: np.where(rows >= 0, codes[rows], -1) for name, codes in self.memory.profiles.items()},
        )
        if self.blend.sequence is None or self.memory.last_day is None:
            return taste
        return replace(taste, sequences=orders(self.memory.last_day, rows))

    def taste_of(
        self,
        history: csr_matrix,
        counts: Mapping[str, NDArray[Any]] | None = None,
        profiles: Mapping[str, NDArray[np.int32]] | None = None,
    ) -> Taste:
        """What a history says, with counts of event facets and codes of profile facets where known."""
        evidence = {
            name: found
            for name, facet in self.blend.facets.items()
            if (found := self._evidence(name, facet, history, counts or {}, profiles or {})) is not None and found.any()
        }
        tastes = {name: self.blend.facets[name].taste(found, self.smoothing) for name, found in evidence.items()}
        return Taste(shares(history), tastes)

    def _evidence(
        self,
        name: str,
        facet: Facet,
        history: csr_matrix,
        counts: Mapping[str, NDArray[Any]],
        profiles: Mapping[str, NDArray[np.int32]],
    ) -> NDArray[Any] | None:
        """Weighted counts of a facet's values; None where the request tells nothing of it."""
        if facet.side == "item":
            return self._item_counts(name, facet, history)
        if facet.side == "event":
            return counts.get(name)
        return _one_hot(profiles[name], len(facet.labels)) if name in profiles else None

    def _item_counts(self, name: str, facet: Facet, history: csr_matrix) -> NDArray[np.float64]:
        column = self.item_codes[name][history.indices]
        known = column >= 0
        row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        cell = row[known] * len(facet.labels) + column[known]
        counts = np.bincount(cell, history.data[known], minlength=history.shape[0] * len(facet.labels))
        return counts.astype(np.float64).reshape(history.shape[0], len(facet.labels))


def build(
    data: ShopData,
    config: RecommenderConfig,
    similar: csr_matrix | None = None,
    sequence: SequenceModel | None = None,
) -> Model:
    """Count and walk: everything but the weights, which are the config's.

    Parameters
    ----------
    similar : csr_matrix, shape (n_items, n_items), or None
        What `content_neighbours` found.
    sequence : SequenceModel or None
        What `next_items` learned.
    """
    log, now = data.log, data.now
    asked = signals.wanted(config)
    lasting = popularity.decayed(log, now=now, half_life_days=config.long_half_life_days)
    strength = log.decay(now, config.history_half_life_days) / max(float(log.weight.max(initial=0.0)), 1e-9)
    links = signals.links(data, config, similar)
    blend = Blend(
        n_items=log.n_items,
        popularity=signals.popularities(data, config, lasting),
        neighbours=links.neighbours,
        facets={name: facet for name, facet in signals.lifts(data, strength, lasting).items() if name in asked},
        weights={},
        factors=links.factors,
        complements=links.complements,
        sequence=sequence,
    )
    blend = replace(blend, weights={name: getattr(config.weights, name) for name in blend.signals})
    return Model(
        item_ids=data.item_ids,
        shopper_ids=data.shopper_ids,
        item_codes={name: column.codes for name, column in data.item_facets.items()},
        blend=blend,
        memory=_memory(data, strength, blend),
        smoothing=config.facet_smoothing,
        now=now,
        prices=data.price,
    )


def shares(history: csr_matrix) -> csr_matrix:
    """Rows divided by their sums; empty rows stay empty."""
    sums = np.asarray(history.sum(axis=1), dtype=np.float64).ravel()
    return scaled(history, np.where(sums > 0, 1 / np.maximum(sums, 1e-300), 0.0))


def scaled(matrix: csr_matrix, factor: NDArray[np.float64]) -> csr_matrix:
    """Rows times a factor each, with the pattern kept."""
    from scipy.sparse import csr_matrix

    data = matrix.data * np.repeat(factor, np.diff(matrix.indptr))
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _memory(data: ShopData, strength: NDArray[np.float64], blend: Blend) -> Memory:
    log = data.log
    sides = {name: facet.side for name, facet in blend.facets.items()}
    return Memory(
        history=log.matrix(strength),
        last_day=last_days(log),
        counts={
            name: facets.event_counts(column, log, strength)
            for name, column in log.facets.items()
            if sides.get(name) == "event"
        },
        profiles={name: column.codes for name, column in data.shopper_facets.items() if sides.get(name) == "shopper"},
    )


def _one_hot(codes: NDArray[np.int32], size: int) -> NDArray[np.float64]:
    """A known profile counts as much evidence as ten events; an unknown one as none."""
    found = np.zeros((len(codes), size))
    known = codes >= 0
    found[np.flatnonzero(known), codes[known]] = 10.0
    return found
