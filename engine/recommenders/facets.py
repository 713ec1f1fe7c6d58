"""Lifts by facet: how much more often an item goes with what a shopper likes, wears or is.

One rule serves category, brand, occasion, size, age band and the rest:
`log sum_v p(v | shopper) * p(v | item) / p(v)`. Nothing known about either side gives 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.recommenders.events import Codes, EventLog

Side = Literal["item", "event", "shopper"]
"""Where a facet's value is written: on the product, on the event, or on the shopper."""

MAX_VALUES = 400
_ITEM_SMOOTHING = 8.0
_LABEL_TRUST = 0.95


@dataclass(frozen=True)
class Facet:
    """One facet of a fitted model.

    Parameters
    ----------
    ratio : ndarray of float32, shape (n_items, n_values)
        `p(v | item) / p(v)`.
    prior : ndarray of float64, shape (n_values,)
        `p(v)`, sums to 1.
    """

    name: str
    side: Side
    labels: tuple[str, ...]
    ratio: NDArray[np.float32]
    prior: NDArray[np.float64]

    def taste(self, counts: NDArray[Any], smoothing: float) -> NDArray[np.float64]:
        """`p(v | shopper)` from weighted counts, shape (n_shoppers, n_values), pulled to the prior."""
        total = counts.sum(axis=1, keepdims=True)
        taste: NDArray[np.float64] = (counts + smoothing * self.prior) / (total + smoothing)
        return taste

    def wish(self, value: int) -> NDArray[np.float64]:
        """`p(v | shopper)` of one who names the value, shape (1, n_values)."""
        wish = (1 - _LABEL_TRUST) * self.prior
        wish[value] += _LABEL_TRUST
        return wish[None, :]

    def signal(self, taste: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log lift of every item, shape (n_shoppers, n_items)."""
        if len(taste) == 1:  # one request: too small for threads of a BLAS to pay
            one: NDArray[np.float64] = np.log(np.einsum("v,iv->i", taste[0], self.ratio))
            return one[None, :]
        lift: NDArray[np.float64] = np.log(taste.astype(self.ratio.dtype) @ self.ratio.T)
        return lift


def of_items(name: str, column: Codes, weight: NDArray[Any]) -> Facet:
    """A facet that is written on the product; `weight` is each item's popularity, shape (n_items,)."""
    known = column.codes >= 0
    counts = np.bincount(column.codes[known], weight[known] + 1e-3, minlength=len(column.labels)).astype(np.float64)
    prior = _prior(counts)
    return Facet(name, "item", column.labels, _labelled(column.codes, prior), prior)


def moved(facet: Facet, rows: NDArray[np.int64], codes: NDArray[np.int32]) -> Facet:
    """A facet of items with some of them under another value; what shoppers like stays as it was."""
    ratio = facet.ratio.copy()
    ratio[rows] = _labelled(codes, facet.prior)
    return replace(facet, ratio=ratio)


def _labelled(codes: NDArray[np.int32], prior: NDArray[np.float64]) -> NDArray[np.float32]:
    """`p(v | item) / p(v)` of items that carry one value, ones where it is not known."""
    known = codes >= 0
    ratio = np.ones((len(codes), len(prior)), dtype=np.float32)
    ratio[known] = 1 - _LABEL_TRUST
    ratio[np.flatnonzero(known), codes[known]] += _LABEL_TRUST / prior[codes[known]]
    return ratio


def of_events(name: str, side: Side, column: Codes, log: EventLog, weight: NDArray[Any]) -> Facet:
    """A facet that items get from their events; `column` has one code an event."""
    known = column.codes >= 0
    size = len(column.labels)
    cell = log.item[known].astype(np.int64) * size + column.codes[known]
    counts = np.bincount(cell, weight[known], minlength=log.n_items * size).reshape(log.n_items, size)
    prior = _prior(counts.sum(axis=0))
    share = (counts + _ITEM_SMOOTHING * prior) / (counts.sum(axis=1, keepdims=True) + _ITEM_SMOOTHING)
    return Facet(name, side, column.labels, (share / prior).astype(np.float32), prior)


def event_counts(column: Codes, log: EventLog, weight: NDArray[Any]) -> csr_matrix:
    """Weighted counts of an event facet, shape (n_shoppers, n_values)."""
    from scipy.sparse import csr_matrix

    known = column.codes >= 0
    shape = (log.n_shoppers, len(column.labels))
    found = csr_matrix((weight[known], (log.shopper[known], column.codes[known])), shape=shape)
    found.sum_duplicates()
    return found


def _prior(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = counts + max(1e-6 * counts.sum(), 1e-9)
    prior: NDArray[np.float64] = padded / padded.sum()
    return prior
