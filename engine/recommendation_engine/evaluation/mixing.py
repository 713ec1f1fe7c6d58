"""A log-linear mix of fitted models, its weights learned from what shoppers chose on validation.

What decides a ranked list is the order among its first places, so the choices that weights are learned
from are between each shopper's candidates: the items that any of the models puts first. Leaving other
items out keeps the estimate of a conditional logit consistent (McFadden 1978).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommendation_engine.evaluation.measuring import blocks, hide
from engine.recommenders.logit import Choices, fit_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.evaluation.scorers import Scorer
    from engine.recommendation_engine.evaluation.splits import Split

_MOST_CHOICES = 4_000
_FIRST = 50
_START = 0.1
_RIDGE = 1.0


def learn(split: Split, scorers: Mapping[str, Scorer], seed: int) -> dict[str, float]:
    """Weights >= 0 under which the wanted items are most likely among the candidates.

    Parameters
    ----------
    split : Split
        Its events are what the scorers were fitted to.
    """
    units = _drawn(split, seed)
    width = _FIRST * len(scorers) + 1
    signals = np.zeros((len(units), width, len(scorers)), dtype=np.float32)
    offset = np.full((len(units), width), -np.inf, dtype=np.float32)
    found = np.zeros(len(units), dtype=bool)
    for rows in blocks(len(units), split.n_items):
        candidates, found[rows] = _candidates(split, units[rows], scorers, signals[rows])
        offset[rows] = np.where(candidates >= 0, 0.0, -np.inf)
    if not found.any():
        return dict.fromkeys(scorers, 1.0)
    known = signals[found][np.isfinite(offset[found])]
    scale = np.maximum(known.std(axis=0), 1e-6)
    choices = Choices(signals[found] / scale, offset[found])
    weights, _ = fit_weights(choices, np.full(len(scorers), _START), ridge=_RIDGE)
    return {name: float(weight) for name, weight in zip(scorers, weights / scale, strict=True)}


def mix(weights: Mapping[str, float], signals: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The weighted sum of signals, shape (n, n_items)."""
    total = np.zeros(next(iter(signals.values())).shape, dtype=np.float32)
    for name, weight in weights.items():
        if weight:
            total += np.float32(weight) * signals[name].astype(np.float32, copy=False)
    return total


def _candidates(
    split: Split, units: NDArray[np.int64], scorers: Mapping[str, Scorer], into: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The wanted item, then what the models put first; -1 fills rows up. Their signals go to `into`.

    The second array tells where a model found the wanted item at all.
    """
    histories = [split.histories[shopper] for shopper in split.units[units]]
    wanted = split.next_item[split.units[units]]
    allowed = np.zeros((len(units), split.n_items), dtype=np.float32)
    hide(split, units, allowed)
    values = []
    first = np.zeros(allowed.shape, dtype=bool)
    for scorer in scorers.values():
        scores = scorer.scores(histories)
        values.append(scorer.signal(scores))
        best = np.argpartition(-(scores + allowed), min(_FIRST, split.n_items - 1), axis=1)[:, :_FIRST]
        np.put_along_axis(first, best, True, axis=1)
    first &= np.isfinite(allowed)
    place = np.arange(len(units))
    found = first[place, wanted]
    first[place, wanted] = False
    chosen = np.full((len(units), into.shape[1]), -1, dtype=np.int64)
    chosen[:, 0] = wanted
    for row, marked in enumerate(first):
        others = np.flatnonzero(marked)[: into.shape[1] - 1]
        chosen[row, 1 : 1 + len(others)] = others
    for column, value in enumerate(values):
        into[:, :, column] = np.where(chosen >= 0, np.take_along_axis(value, np.maximum(chosen, 0), axis=1), 0.0)
    return chosen, found


def _drawn(split: Split, seed: int) -> NDArray[np.int64]:
    """Up to 4,000 units with a wanted item that is ranked at all."""
    fitting = np.flatnonzero(split.next_item[split.units] >= 0)
    if len(fitting) <= _MOST_CHOICES:
        return fitting
    return np.sort(np.random.default_rng(seed).choice(fitting, _MOST_CHOICES, replace=False))
