"""Held-out figures with shoppers as units, and the groups of shoppers that are looked at on their own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators import measures
from engine.estimators.base import Holdout, Interval, Scores
from engine.estimators.calibration import reliability
from engine.estimators.fit_advisor.columns import Columns
from engine.estimators.fit_advisor.data import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.fit_advisor.deciding import Decider
    from engine.estimators.fit_advisor.rows import FitRows

_CLASSES, _MOST = 3, 6


def measured(holdout: Holdout, chances: NDArray[Any], decider: Decider) -> Scores:
    """Figures of the held-out rows; all rows of a shopper are one unit."""
    test: FitRows = holdout.test
    unit, fit = units(test), test.fit
    guess = decider.verdicts(chances)
    losses = measures.log_losses(fit, chances)
    right = guess == fit
    told = chances[np.arange(len(fit)), guess]
    curve = reliability(told, right)
    fresh = cold(holdout)
    extra = {"ece": Interval(value=curve.ece)}
    if fresh.any():
        extra["cold_log_loss"] = measures.interval("log_loss", by_unit(losses[fresh], unit[fresh]))
        extra["cold_ece"] = Interval(value=reliability(told[fresh], right[fresh]).ece)
    return measures.scores(
        f"{holdout.about}; all rows of a shopper count as one unit",
        {
            "log_loss": by_unit(losses, unit),
            "macro_f1": by_unit(measures.macro_f1_addends(fit, guess, _CLASSES), unit),
            "balanced_accuracy": by_unit(measures.balanced_accuracy_addends(fit, guess, _CLASSES), unit),
        },
        members(holdout, unit, fresh),
        calibration=curve,
        extra=extra,
    )


def by_unit(addends: NDArray[Any], unit: NDArray[np.int64]) -> NDArray[np.float64]:
    """Addends summed by shopper, units counted from 0 anew."""
    return measures.by_group(addends, np.unique(unit, return_inverse=True)[1])


def cold(holdout: Holdout) -> NDArray[np.bool_]:
    """Held-out rows of shoppers who have no row to learn from."""
    known = set(holdout.train.shopper) - {""}
    return np.array([name not in known for name in holdout.test.shopper], dtype=bool)


def members(holdout: Holdout, unit: NDArray[np.int64], fresh: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Groups of shoppers, by what their first held-out row says."""
    test: FitRows = holdout.test
    first = np.unique(unit, return_index=True)[1]
    found = {"cold shoppers": fresh[first], "warm shoppers": ~fresh[first]}
    for name, values in (("category", test.category[first]), ("body type", test.body_type[first])):
        counts = Counter(value for value in values if value)
        for value, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]:
            found[f"{name}: {value}"] = values == value
    size = Columns.learn(holdout.train).size(test.at(first))
    low, high = np.quantile(size, [1 / 3, 2 / 3])
    found["sizes: small third"] = size <= low
    found["sizes: middle third"] = (size > low) & (size < high)
    found["sizes: large third"] = size >= high
    return found
