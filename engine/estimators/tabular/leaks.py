"""Columns that give the target away: how well one column alone foretells it, out of sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.tabular.encoding import Role
    from engine.estimators.tabular.rows import Column

MOST = 0.995
_ROWS = 8_000
_LEAVES = 64


def sample(rows: int, seed: int = 0) -> NDArray[np.int64]:
    """Places of rows to look at, in random order, so that the first half is like the second."""
    return np.random.default_rng(seed).permutation(rows)[:_ROWS]


def alone(column: Column, role: Role, target: NDArray[Any], classes: int) -> float:
    """How well one column foretells the other half of the rows, 0 to 1.

    Parameters
    ----------
    column, target
        Rows in random order; the first half is learned from.
    classes : int
        0 for a regression, whose score is R2 or the squared correlation. Two classes: area under the ROC curve.
        More: normalised mutual information of the foretold and the true class.
    """
    if role == "text":
        return 0.0
    half = len(target) // 2
    values = _numeric(column, target, half, classes)
    if classes == 0:
        return max(_explained(values, target, half), _correlated(values, target))
    return _classified(values, target, half, classes)


def _numeric(column: Column, target: NDArray[Any], half: int, classes: int) -> NDArray[np.float64]:
    """A category as one number a level: its commonest class or the target's mean; NaN where unseen."""
    if column.kind in ("number", "flag"):
        return np.asarray(column.values, dtype=np.float64)
    if column.kind == "time":
        days = column.values.astype("datetime64[D]").astype(np.float64)
        return np.where(np.isnat(column.values), np.nan, days)
    import pandas as pd

    codes, levels = pd.factorize(column.values)
    codes = np.where(codes < 0, len(levels), codes)
    seen = np.bincount(codes[:half], minlength=len(levels) + 1).astype(float)
    if classes <= 2:
        mean = np.bincount(codes[:half], target[:half].astype(float), minlength=len(levels) + 1)
    else:
        table = np.zeros((len(levels) + 1, classes))
        np.add.at(table, (codes[:half], target[:half]), 1.0)
        mean = table.argmax(axis=1) * seen
    told: NDArray[np.float64] = np.where(seen > 0, mean / np.maximum(seen, 1), np.nan)[codes]
    return told


def _classified(values: NDArray[Any], target: NDArray[Any], half: int, classes: int) -> float:
    from sklearn.metrics import normalized_mutual_info_score, roc_auc_score
    from sklearn.tree import DecisionTreeClassifier

    learned, held = target[:half], target[half:]
    if len(np.unique(learned)) < 2 or len(np.unique(held)) < 2:
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=max(_LEAVES, 2 * classes), min_samples_leaf=3, random_state=0)
    tree.fit(values[:half, None], learned)
    if classes == 2:
        return float(roc_auc_score(held, tree.predict_proba(values[half:, None])[:, 1]))
    return float(normalized_mutual_info_score(held, tree.predict(values[half:, None])))


def _explained(values: NDArray[Any], target: NDArray[Any], half: int) -> float:
    from sklearn.tree import DecisionTreeRegressor

    held = target[half:]
    if np.ptp(held) == 0:
        return 0.0
    tree = DecisionTreeRegressor(max_leaf_nodes=_LEAVES, min_samples_leaf=3, random_state=0)
    told = tree.fit(values[:half, None], target[:half]).predict(values[half:, None])
    return float(max(0.0, 1.0 - ((held - told) ** 2).sum() / ((held - held.mean()) ** 2).sum()))


def _correlated(values: NDArray[Any], target: NDArray[Any]) -> float:
    """Squared correlation where nearly every row has a value, of the values or of their ranks."""
    from scipy.stats import rankdata

    told = ~np.isnan(values)
    if told.mean() < 0.95 or np.ptp(values[told]) == 0 or np.ptp(target[told]) == 0:
        return 0.0
    pairs = ((values[told], target[told]), (rankdata(values[told]), rankdata(target[told])))
    return float(max(np.corrcoef(left, right)[0, 1] ** 2 for left, right in pairs))
