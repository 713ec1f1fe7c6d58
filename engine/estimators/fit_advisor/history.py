"""What earlier reviews say of a piece's cut and of a shopper's size: shrunk means of residuals.

A row never sees itself: while a model is fitted, its history comes from the other folds of the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.fit_advisor.columns import Columns, _ridge
from engine.estimators.fit_advisor.rows import FitRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.fit_advisor.config import FitAdvisorConfig

FOLDS = 8
_ROUNDS, _STEP, _RIDGE = 4, 0.5, 20.0
NAMES = ("size", "gap", "worn_gap", "taken", "worn", "cut", "cut_known", "lean", "lean_known", "sum", "item_size")
"""Columns of `features`; the first three rise with the size of a piece, the others do not depend on it."""

RISING = 3


@dataclass(frozen=True, eq=False)
class History:
    """Effects by item and by shopper.

    Parameters
    ----------
    items : ndarray, shape (n_items + 1, 3)
        Cut (below 0: runs small), count of reviews, and mean size taken less foretold; the last row is for the unknown.
    shoppers : ndarray, shape (n_shoppers + 1, 3)
        Lean, count, and size less foretold.
    """

    item_place: Mapping[str, int]
    shopper_place: Mapping[str, int]
    items: NDArray[np.float64]
    shoppers: NDArray[np.float64]

    def features(self, rows: FitRows, columns: Columns) -> NDArray[np.float64]:
        """The columns of `NAMES`, shape (n, 11)."""
        item = np.array([self.item_place.get(name, -1) for name in rows.item], dtype=np.int64)
        shopper = np.array([self.shopper_place.get(name, -1) for name in rows.shopper], dtype=np.int64)
        return _features(columns.size(rows), columns.taken(rows), self.items[item], self.shoppers[shopper])


def learn(rows: FitRows, columns: Columns, config: FitAdvisorConfig) -> tuple[History, NDArray[np.float64]]:
    """The history of all rows, and the features of each of them from the rows of other folds."""
    item_place, item = _places(rows.item)
    shopper_place, shopper = _places(rows.shopper)
    plain, size, taken = columns.plain(rows), columns.size(rows), columns.taken(rows)
    fold = np.random.default_rng(config.seed).integers(0, FOLDS, len(rows))
    work = _Work(plain, size - taken, rows.score, item, shopper, len(item_place), len(shopper_place), config)
    features = np.zeros((len(rows), len(NAMES)))
    for number in range(FOLDS):
        held = fold == number
        items, shoppers = work.effects(~held)
        features[held] = _features(size[held], taken[held], items[item[held]], shoppers[shopper[held]])
    items, shoppers = work.effects(np.ones(len(rows), dtype=bool))
    return History(item_place, shopper_place, items, shoppers), features


@dataclass(frozen=True, eq=False)
class _Work:
    """Training rows as codes, from which effects of any part of them are computed."""

    plain: NDArray[np.float64]
    off: NDArray[np.float64]
    score: NDArray[np.float64]
    item: NDArray[np.int64]
    shopper: NDArray[np.int64]
    items: int
    shoppers: int
    config: FitAdvisorConfig

    def effects(self, kept: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Effects by item and by shopper from some of the rows."""
        plain, score = self.plain[kept], self.score[kept]
        left = score - plain @ _ridge(plain, score, _RIDGE)
        sides = (
            _Side(self.item[kept], self.items, self.config.item_shrinkage),
            _Side(self.shopper[kept], self.shoppers, self.config.shopper_shrinkage),
        )
        cut, lean = np.zeros(self.items + 1), np.zeros(self.shoppers + 1)
        for _ in range(_ROUNDS):
            cut = sides[0].mean(left - lean[sides[1].code])
            lean = sides[1].mean(left - cut[sides[0].code])
        off = self.off[kept] - _STEP * score
        found = [
            np.column_stack([effect, side.count, side.mean(off)])
            for side, effect in zip(sides, (cut, lean), strict=True)
        ]
        return found[0], found[1]


class _Side:
    """Shrunk means over the groups of one side; code -1, the unknown, stays at 0."""

    def __init__(self, code: NDArray[np.int64], groups: int, shrinkage: float) -> None:
        self.code, self._groups, self._shrinkage = code, groups, shrinkage
        self._safe = np.where(code < 0, groups, code)
        self.count = np.bincount(self._safe, minlength=groups + 1).astype(np.float64)
        self.count[groups] = 0.0

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.bincount(self._safe, values, minlength=self._groups + 1)
        total[self._groups] = 0.0
        found: NDArray[np.float64] = total / (self.count + self._shrinkage)
        return found


def _features(
    size: NDArray[np.float64], taken: NDArray[np.float64], items: NDArray[np.float64], shoppers: NDArray[np.float64]
) -> NDArray[np.float64]:
    worn = taken + shoppers[:, 2]
    return np.column_stack([
        size, size - taken, size - worn, taken, worn, items[:, 0], np.log1p(items[:, 1]), shoppers[:, 0],
        np.log1p(shoppers[:, 1]), items[:, 0] + shoppers[:, 0], items[:, 2],
    ])  # fmt: skip


def _places(names: NDArray[Any]) -> tuple[dict[str, int], NDArray[np.int64]]:
    """Known names to places, and the place of each row, -1 for the empty name."""
    places = {name: place for place, name in enumerate(sorted({name for name in names if name}))}
    return places, np.array([places.get(name, -1) for name in names], dtype=np.int64)


def restored(plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> History:
    """A history from its files.

    Raises
    ------
    ValueError
        Names and numbers do not fit together.
    """
    found = []
    for side in ("items", "shoppers"):
        names, values = [str(name) for name in plain[side]], np.asarray(arrays[side], dtype=np.float64)
        if values.shape != (len(names) + 1, 3) or not np.isfinite(values).all() or (values[:, 1] < 0).any():
            raise ValueError(f"the history of {side} has another shape or is out of bounds")
        found.append(({name: place for place, name in enumerate(names)}, values))
    return History(found[0][0], found[1][0], found[0][1], found[1][1])


def stored(history: History) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """Names, and numbers, as `restored` takes them."""
    names: dict[str, Any] = {"items": list(history.item_place), "shoppers": list(history.shopper_place)}
    return names, {"items": history.items, "shoppers": history.shoppers}
