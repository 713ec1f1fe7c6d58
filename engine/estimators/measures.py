"""Figures of held-out rows as sums over units, so that every one of them can be resampled and paired.

A figure that is no mean, such as macro-F1, is still a function of sums: each unit brings a row of addends,
a resample of units adds them up, and the figure is computed from the totals. A unit is whatever is
independent of the others: a row, or all rows of one shopper (a cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.base import Calibration, Evaluation, Interval, Scores
from engine.recommenders.bootstrap import resampled_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_IN_SLICE = 50
"""Units below which a slice is not reported."""


def figure(metric: str, addends: NDArray[Any]) -> NDArray[np.float64]:
    """The figure of each row of totals (or means: every figure is a ratio of them).

    Parameters
    ----------
    addends : ndarray, shape (..., n_columns)
        As the metric's `*_addends` function lays them out; one column is a plain mean.

    Returns
    -------
    ndarray, shape (...)
    """
    combine: Callable[[Any], Any] = _COMBINE.get(metric.rpartition("/")[2], _ratio)
    found: NDArray[np.float64] = combine(addends)
    return found


def value(metric: str, per_unit: NDArray[Any]) -> float:
    """The figure over all units, shape (n_units,) or (n_units, n_columns)."""
    return float(figure(metric, _columns(per_unit).mean(axis=0)))


def draws(metric: str, per_unit: NDArray[Any], *, resamples: int = 2_000, seed: int = 0) -> NDArray[np.float64]:
    """The figure in each bootstrap resample of units, shape (resamples,)."""
    return figure(metric, resampled_means(_columns(per_unit), resamples=resamples, seed=seed))


def gains(
    metric: str, ours: NDArray[Any], theirs: NDArray[Any], *, resamples: int = 2_000, seed: int = 0
) -> NDArray[np.float64]:
    """Our figure less theirs in each resample of the units that both were scored on, shape (resamples,)."""
    left, right = _columns(ours), _columns(theirs)
    means = resampled_means(np.hstack([left, right]), resamples=resamples, seed=seed)
    return figure(metric, means[:, : left.shape[1]]) - figure(metric, means[:, left.shape[1] :])


def interval(metric: str, per_unit: NDArray[Any], *, resamples: int = 2_000) -> Interval:
    """The figure with its 95% percentile bootstrap interval."""
    if len(per_unit) < 2:
        return Interval(value=value(metric, per_unit) if len(per_unit) else 0.0)
    low, high = np.quantile(draws(metric, per_unit, resamples=resamples), [0.025, 0.975])
    return Interval(value=value(metric, per_unit), low=float(low), high=float(high))


def scores(
    protocol: str,
    per_unit: Mapping[str, NDArray[Any]],
    members: Mapping[str, NDArray[np.bool_]] | None = None,
    *,
    calibration: Calibration | None = None,
    extra: Mapping[str, Interval] | None = None,
) -> Scores:
    """An evaluation of all units and of the slices that are large enough.

    Parameters
    ----------
    per_unit : mapping of str to ndarray, shape (n_units,) or (n_units, n_columns)
    members : mapping of str to ndarray of bool, shape (n_units,)
        Slice to its units, such as `age: 60+`.
    extra : mapping of str to Interval
        Figures that are no sums over units, such as ROC-AUC; they are shown and guarded, not gated.
    """
    told = {name: mask for name, mask in (members or {}).items() if FEWEST_IN_SLICE <= mask.sum() < len(mask)}
    units = len(next(iter(per_unit.values())))
    evaluation = Evaluation(
        protocol=protocol,
        units=units,
        metrics={**{name: interval(name, rows) for name, rows in per_unit.items()}, **(extra or {})},
        slices={
            name: {metric: interval(metric, rows[mask], resamples=500) for metric, rows in per_unit.items()}
            for name, mask in told.items()
        },
        calibration=calibration,
    )
    return Scores(evaluation, per_unit, told)


def macro_f1_addends(actual: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Addends of macro-F1 over the classes that occur, shape (n_rows, 3 * classes): hits, guesses, members.

    A row whose prediction is -1 (abstained) is a miss.
    """
    labels = np.arange(classes)
    guess, truth = (np.asarray(side)[:, None] == labels for side in (predicted, actual))
    return np.hstack([guess & truth, guess, truth]).astype(np.float64)


def balanced_accuracy_addends(actual: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Addends of the mean recall of the classes that occur, shape (n_rows, 2 * classes): hits, members."""
    labels = np.arange(classes)
    truth = np.asarray(actual)[:, None] == labels
    return np.hstack([truth & (np.asarray(predicted)[:, None] == labels), truth]).astype(np.float64)


def log_losses(actual: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """Negative log probability of each row's class, shape (n_rows,)."""
    found = probabilities[np.arange(len(actual)), np.asarray(actual)]
    losses: NDArray[np.float64] = -np.log(np.clip(found, 1e-12, 1.0))
    return losses


def by_group(addends: NDArray[Any], group: NDArray[Any]) -> NDArray[np.float64]:
    """Addends summed within groups, so that a group is the unit; a plain mean is given its count of rows.

    Parameters
    ----------
    group : ndarray of int, shape (n_rows,)
        0 to n_groups - 1, each at least once.

    Returns
    -------
    ndarray, shape (n_groups, n_columns), with two columns at least
    """
    columns = _columns(addends)
    if columns.shape[1] == 1:
        columns = np.hstack([columns, np.ones_like(columns)])
    total = np.zeros((int(group.max()) + 1, columns.shape[1]))
    np.add.at(total, group, columns)
    return total


def roc_auc(actual: NDArray[Any], score: NDArray[Any], *, resamples: int = 1_000, seed: int = 0) -> Interval:
    """Area under the ROC curve with its bootstrap interval; `actual` is 0 or 1, both present."""
    order = np.argsort(score, kind="stable")
    _, tie = np.unique(np.asarray(score)[order], return_inverse=True)
    positive = np.asarray(actual, dtype=bool)[order]

    def area(weight: NDArray[Any]) -> float:
        ups = np.bincount(tie, weight * positive)
        downs = np.bincount(tie, weight * ~positive)
        below = np.cumsum(downs) - downs
        return float((ups * (below + downs / 2)).sum() / max(ups.sum() * downs.sum(), 1e-12))

    random = np.random.default_rng(seed)
    found = [area(np.bincount(random.integers(0, len(tie), len(tie)), minlength=len(tie))) for _ in range(resamples)]
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(value=area(np.ones(len(tie))), low=float(low), high=float(high))


def _columns(per_unit: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(per_unit, dtype=np.float64).reshape(len(per_unit), -1)


def _ratio(addends: NDArray[Any]) -> NDArray[np.float64]:
    """A mean (one column), or the first column's total by the second's."""
    if addends.shape[-1] == 1:
        return addends[..., 0]
    return _safe(addends[..., 0], addends[..., 1])


def _root(addends: NDArray[Any]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sqrt(_ratio(addends))
    return found


def _explained(addends: NDArray[Any]) -> NDArray[np.float64]:
    """Share of the deviance explained, D2: 1 - loss / loss of the constant model."""
    return 1.0 - _ratio(addends)


def _mean_over_classes(top: NDArray[Any], bottom: NDArray[Any], occurs: NDArray[Any]) -> NDArray[np.float64]:
    there = occurs > 0
    return _safe((_safe(top, bottom) * there).sum(axis=-1), there.sum(axis=-1))


def _macro_f1(addends: NDArray[Any]) -> NDArray[np.float64]:
    hits, guesses, members = np.split(addends, 3, axis=-1)
    return _mean_over_classes(2 * hits, guesses + members, members)


def _balanced_accuracy(addends: NDArray[Any]) -> NDArray[np.float64]:
    hits, members = np.split(addends, 2, axis=-1)
    return _mean_over_classes(hits, members, members)


def _safe(top: NDArray[Any], bottom: NDArray[Any]) -> NDArray[np.float64]:
    """The quotient, 0 where there is nothing to divide by."""
    found: NDArray[np.float64] = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)
    return found


_COMBINE: dict[str, Callable[[Any], Any]] = {
    "macro_f1": _macro_f1,
    "balanced_accuracy": _balanced_accuracy,
    "rmse": _root,
    "deviance_explained": _explained,
}
"""Metrics that are not a plain ratio of totals."""
