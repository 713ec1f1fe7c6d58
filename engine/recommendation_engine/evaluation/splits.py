"""What a model may see and what it has to foretell: windows of time, or each shopper's last item.

Splits come in order of time. The first one is for choices only: settings and weights for a split are
chosen on the one before it, so nothing is learned from what is tested.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation.interactions import Interactions, moment
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_USUAL_DAYS = 28
_FEWEST_UNITS = 20


@dataclass(frozen=True)
class Split:
    """One cut through the data.

    Parameters
    ----------
    shopper, item : ndarray of int32, shape (n_seen,)
        Events before the cut, by shopper and time.
    age : ndarray of float64, shape (n_seen,)
        Days before the cut, or places before the end where no times are known.
    units : ndarray of int64, shape (n_units,)
        Tested shoppers, ascending.
    starts : ndarray of int64, shape (n_units + 1,)
        Unit `u` is to be foretold `wanted[starts[u]:starts[u + 1]]`, distinct items not met before, in order.
    candidate : ndarray of bool, shape (n_items,)
        Items that existed before the cut; these are ranked.
    cut : float or None
        Day of the cut, None where shoppers are cut at places of their own.
    """

    name: str
    shopper: NDArray[np.int32]
    item: NDArray[np.int32]
    age: NDArray[np.float64]
    units: NDArray[np.int64]
    starts: NDArray[np.int64]
    wanted: NDArray[np.int32]
    candidate: NDArray[np.bool_]
    n_shoppers: int
    content: csr_matrix | None
    cut: float | None = None

    def __len__(self) -> int:
        return len(self.units)

    @property
    def n_items(self) -> int:
        """Number of columns of every score."""
        return len(self.candidate)

    @property
    def unit(self) -> NDArray[np.int64]:
        """Unit of each wanted item."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def histories(self) -> list[NDArray[np.int32]]:
        """Items of every shopper before the cut, in order."""
        return np.split(self.item, np.searchsorted(self.shopper, np.arange(1, self.n_shoppers)))

    @cached_property
    def met(self) -> csr_matrix:
        """1 where a shopper met an item, shape (n_shoppers, n_items)."""
        from scipy.sparse import csr_matrix

        ones = np.ones(len(self.item), dtype=np.float32)
        found = csr_matrix((ones, (self.shopper, self.item)), shape=(self.n_shoppers, self.n_items))
        found.sum_duplicates()
        found.data[:] = 1.0
        return found

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Events by item before the cut."""
        return np.bincount(self.item, minlength=self.n_items)

    @property
    def next_item(self) -> NDArray[np.int64]:
        """The first wanted item of each shopper that is ranked at all, -1 where there is none."""
        found = np.full(self.n_shoppers, -1, dtype=np.int64)
        ranked = self.candidate[self.wanted]
        unit, place = np.unique(self.unit[ranked], return_index=True)
        found[self.units[unit]] = self.wanted[ranked][place]
        return found

    def some(self, units: NDArray[Any]) -> Split:
        """The same split with some of its units, given by ascending place."""
        counts = np.diff(self.starts)[units]
        kept = np.isin(self.unit, units)
        part = replace(self, units=self.units[units], starts=np.r_[0, np.cumsum(counts)], wanted=self.wanted[kept])
        for name in ("histories", "met", "counts"):  # they do not depend on the units
            if name in self.__dict__:
                part.__dict__[name] = self.__dict__[name]
        return part


def splits(data: Interactions, plan: EvaluationPlan) -> list[Split]:
    """The validation split, then the tested ones.

    Raises
    ------
    InvalidInput
        The data has too few shoppers or too little time for the protocol.
    """
    if plan.protocol is Protocol.LEAVE_LAST_OUT:
        return [_without_last(data, 2, "validation"), _without_last(data, 1, "last item")]
    if data.day is None:
        raise InvalidInput(
            f"{data.name} tells no times, only the order of each shopper's items.",
            "The temporal protocol cuts by time.",
            "Use --protocol leave-last-out, or a file with times.",
        )
    days = plan.days or usual_days(data, plan.windows)
    end = np.floor(data.day.max()) + 1
    cuts = [end - days * place for place in range(plan.windows + 1, 0, -1)]
    if cuts[0] <= data.day.min():
        raise InvalidInput(
            f"{data.name} covers {data.day.max() - data.day.min():.0f} days.",
            f"{plan.windows} windows of {days} days and one for choices need more than {(plan.windows + 1) * days}.",
            "Ask for fewer windows or fewer days.",
        )
    found = [_window(data, cut, days) for cut in cuts]
    for split in found:
        if len(split) < _FEWEST_UNITS:
            raise InvalidInput(
                f"The window {split.name} has {len(split)} shoppers who chose something new.",
                f"At least {_FEWEST_UNITS} are needed to measure anything.",
                "Ask for fewer or longer windows.",
            )
    return found


def usual_days(data: Interactions, windows: int) -> int:
    """28 days, or less where that would leave under half of the time to learn from."""
    assert data.day is not None
    span = float(data.day.max() - data.day.min())
    return int(max(1, min(_USUAL_DAYS, span // (2 * (windows + 1)))))


def about(plan: EvaluationPlan, data: Interactions) -> str:
    """The protocol in words."""
    if plan.protocol is Protocol.LEAVE_LAST_OUT:
        last = (
            "then every model is fitted again, with the chosen settings, on all but the last item"
            if plan.refit
            else "these models are tested as they are: the item before the last is in the history that they are asked "
            "with, as in papers, but nothing was fitted to it"
        )
        return (
            "Leave-last-out: the last item of every shopper with three or more is foretold from all before it; "
            "settings, weights and early stopping are chosen on the item before the last, with models fitted without "
            f"both; {last}. All items are ranked, those met before left out. It trains on other shoppers' future, so it "
            "is for comparison with papers only"
        )
    days = plan.days or usual_days(data, plan.windows)
    return (
        f"Temporal: {plan.windows} {'window' if plan.windows == 1 else 'windows'} of {days} days up to the last day. Each is foretold "
        "from everything before it; settings are chosen on the window before the first, weights on the window before "
        "each. All items seen by then are ranked, those a shopper has met left out; items that appear later count as "
        "misses. New shoppers are included"
    )


def _without_last(data: Interactions, places: int, name: str) -> Split:
    """Everything but the last `places` items of each shopper; the first of those is wanted."""
    ends = np.searchsorted(data.shopper, np.arange(data.n_shoppers), side="right")
    left = ends[data.shopper] - np.arange(len(data))
    counts = np.diff(np.r_[0, ends])
    tested = counts >= 3
    if tested.sum() < _FEWEST_UNITS:
        raise InvalidInput(
            f"{data.name} has {int(tested.sum())} shoppers with three items or more.",
            f"At least {_FEWEST_UNITS} are needed.",
            "Choose a larger file.",
        )
    seen = (left > places) | ~tested[data.shopper]
    units = np.flatnonzero(tested)
    wanted = data.item[ends[units] - places]
    age = (left - places - 1).astype(np.float64)
    return _split(data, name, seen, age, units, np.arange(len(units) + 1), wanted, np.ones(data.n_items, dtype=bool))


def _window(data: Interactions, cut: float, days: int) -> Split:
    assert data.day is not None
    seen = data.day < cut
    held = ~seen & (data.day < cut + days) & data.strong
    pair = data.shopper.astype(np.int64) * data.n_items + data.item
    rows = np.flatnonzero(held & ~np.isin(pair, pair[seen]))
    _, first = np.unique(pair[rows], return_index=True)
    rows = rows[np.sort(first)]
    units, starts = np.unique(data.shopper[rows], return_index=True)
    candidate = np.bincount(data.item[seen], minlength=data.n_items) > 0
    name = f"{moment(cut):%Y-%m-%d} to {moment(cut + days - 1):%Y-%m-%d}"
    starts = np.r_[starts, len(rows)]
    return _split(data, name, seen, cut - data.day, units.astype(np.int64), starts, data.item[rows], candidate, cut)


def _split(
    data: Interactions,
    name: str,
    seen: NDArray[np.bool_],
    age: NDArray[np.float64],
    units: NDArray[np.int64],
    starts: NDArray[Any],
    wanted: NDArray[np.int32],
    candidate: NDArray[np.bool_],
    cut: float | None = None,
) -> Split:
    return Split(
        name=name,
        shopper=data.shopper[seen],
        item=data.item[seen],
        age=np.maximum(age[seen], 0.0),
        units=units,
        starts=starts.astype(np.int64),
        wanted=wanted,
        candidate=candidate,
        n_shoppers=data.n_shoppers,
        content=data.content,
        cut=cut,
    )
