"""What is known of a body, a size and a category as numbers: the plain columns of every model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.estimators.fit_advisor.rows import MEASURES, FitRows
from engine.estimators.fit_advisor.sizes import place

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CATEGORIES, _MOST_BODIES, _FEWEST_IN_CLASS, _SHRINKAGE = 60, 12, 25, 20.0
_place = cache(place)


@dataclass(frozen=True, eq=False)
class Columns:
    """How rows become numbers; learned from training rows, without a look at how anything fitted.

    Parameters
    ----------
    scale : mapping of str to (mean, spread)
        Of sizes, by `system|category` and by `system|`.
    centre, spread : ndarray, shape (5,)
        Of the measures.
    anchor : ndarray, shape (17,)
        Weights by which measures and the usual size foretell the size that somebody takes.
    """

    categories: tuple[str, ...]
    bodies: tuple[str, ...]
    scale: Mapping[str, tuple[float, float]]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    anchor: NDArray[np.float64]

    @classmethod
    def learn(cls, rows: FitRows) -> Self:
        known = np.isfinite(rows.measures)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, rows.measures, 0.0)
        centre = filled.sum(axis=0) / count
        spread = np.sqrt((np.where(known, rows.measures - centre, 0.0) ** 2).sum(axis=0) / count)
        spread = np.where(spread > 1e-9, spread, 1.0)
        plain = cls(
            _frequent(rows.category, _MOST_CATEGORIES),
            _frequent(rows.body_type, _MOST_BODIES),
            _scales(rows),
            centre,
            spread,
            np.zeros(2 * len(MEASURES) + 7),
        )
        about = plain._person(rows)
        weights = _ridge(about, plain.size(rows), 10.0)
        return cls(plain.categories, plain.bodies, plain.scale, centre, spread, weights)

    def size(self, rows: FitRows, labels: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Sizes in spreads from what is usual in their category, 0 where a label has no place; shape (n,)."""
        found = np.zeros(len(rows))
        for at, (label, category) in enumerate(
            zip(rows.size if labels is None else labels, rows.category, strict=True)
        ):
            system, value = _place(label)
            mean, spread = self.scale.get(f"{system}|{category}") or self.scale.get(f"{system}|") or (value, 1.0)
            found[at] = (value - mean) / spread
        return np.clip(np.nan_to_num(found), -6.0, 6.0)

    def taken(self, rows: FitRows) -> NDArray[np.float64]:
        """The size that such a person takes, as `size` gives it, shape (n,)."""
        found: NDArray[np.float64] = self._person(rows) @ self.anchor
        return found

    def numbers(self, rows: FitRows) -> NDArray[np.float64]:
        """Measures as told, with the body mass index, NaN where unknown, shape (n, 6)."""
        height, weight = rows.measures[:, 0], rows.measures[:, 1]
        return np.column_stack([rows.measures, 703.0 * weight / height**2])

    def codes(self, rows: FitRows) -> NDArray[np.float64]:
        """Places of category and body type, -1 where they are rare or unknown, shape (n, 2)."""
        lists = ((rows.category, self.categories), (rows.body_type, self.bodies))
        return np.column_stack([_codes(values, known) for values, known in lists])

    def plain(self, rows: FitRows) -> NDArray[np.float64]:
        """Columns of a linear model, the size first: shape (n, n_columns)."""
        size = self.size(rows)
        hot = [
            codes[:, None] == np.arange(len(known))
            for codes, known in zip(self.codes(rows).T, (self.categories, self.bodies), strict=True)
        ]
        person = self._person(rows)
        return np.hstack([size[:, None], size[:, None] ** 2, person, *hot]).astype(np.float64)

    def _person(self, rows: FitRows) -> NDArray[np.float64]:
        """Measures, which are unknown, squares of height and weight, and the usual size, shape (n, 17)."""
        gone = ~np.isfinite(rows.measures)
        told = np.where(gone, 0.0, np.clip((rows.measures - self.centre) / self.spread, -5, 5))
        has = rows.usual != ""
        usual = np.where(has, self.size(rows, rows.usual), 0.0)
        more = [told[:, 1] ** 2, told[:, 0] * told[:, 1], usual, has, told[:, 1] * gone[:, 2], usual**2 * has]
        return np.column_stack([np.ones(len(rows)), told, gone, *more]).astype(np.float64)

    def plain_json(self) -> dict[str, Any]:
        return {
            "categories": list(self.categories),
            "bodies": list(self.bodies),
            "scale": {key: list(pair) for key, pair in self.scale.items()},
            **{name: getattr(self, name).tolist() for name in ("centre", "spread", "anchor")},
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        arrays = [np.array(plain[name], dtype=np.float64) for name in ("centre", "spread", "anchor")]
        scale = {str(key): (float(mean), float(spread)) for key, (mean, spread) in plain["scale"].items()}
        if [len(array) for array in arrays] != [len(MEASURES), len(MEASURES), 2 * len(MEASURES) + 7]:
            raise ValueError("the columns have other shapes")
        if not all(np.isfinite(array).all() for array in arrays) or (arrays[1] <= 0).any():
            raise ValueError("the columns are out of bounds")
        if any(spread <= 0 for _, spread in scale.values()):
            raise ValueError("a spread of sizes is not positive")
        return cls(tuple(map(str, plain["categories"])), tuple(map(str, plain["bodies"])), scale, *arrays)


def _scales(rows: FitRows) -> dict[str, tuple[float, float]]:
    """Mean and spread of sizes by category, drawn towards those of the whole system."""
    values: dict[str, list[float]] = {}
    for label, category in zip(rows.size, rows.category, strict=True):
        system, value = _place(label)
        if np.isfinite(value):
            values.setdefault(f"{system}|{category}", []).append(value)
            values.setdefault(f"{system}|", []).append(value) if category else None
    found: dict[str, tuple[float, float]] = {}
    for key in sorted(values, key=lambda key: (not key.endswith("|"), key)):
        sizes = np.array(values[key])
        mean, spread = found.get(key.split("|")[0] + "|", (float(sizes.mean()), max(float(sizes.std()), 1e-6)))
        weight = 1.0 if key.endswith("|") else len(sizes) / (len(sizes) + _SHRINKAGE)
        variance = weight * float(sizes.var()) + (1 - weight) * spread**2
        found[key] = (weight * float(sizes.mean()) + (1 - weight) * mean, max(float(np.sqrt(variance)), 1e-3))
    return found


def _frequent(values: NDArray[Any], most: int) -> tuple[str, ...]:
    counts = Counter(value for value in values if value)
    kept = sorted((-count, value) for value, count in counts.items() if count >= _FEWEST_IN_CLASS)
    return tuple(value for _, value in kept[:most])


def _codes(values: NDArray[Any], known: tuple[str, ...]) -> NDArray[np.float64]:
    places = {value: place for place, value in enumerate(known)}
    return np.array([places.get(value, -1) for value in values], dtype=np.float64)


def _ridge(columns: NDArray[np.float64], target: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    gram = columns.T @ columns + strength * np.eye(columns.shape[1])
    found: NDArray[np.float64] = np.linalg.solve(gram, columns.T @ target).astype(np.float64)
    return found
