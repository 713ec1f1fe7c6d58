"""Growing the second stage on windows before the held-out one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.recommender.model import Model, build
from engine.estimators.recommender.split import Targets, split
from engine.recommenders.blend import GOES_WITH
from engine.recommenders.ranker import Ranker, best, features, grow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.recommender.config import RankerConfig, RecommenderConfig
    from engine.estimators.recommender.data import ShopData

_BLOCK = 256
_FEWEST_GROUPS = 50


def learn_ranker(data: ShopData, config: RecommenderConfig, ranker: RankerConfig, served: Model) -> Ranker | None:
    """Trees over the blend's best in the last windows; None where too few shoppers chose one of them.

    Parameters
    ----------
    served : Model
        With learned weights; it tells which signals there are.
    """
    names = tuple(name for name in served.blend.signals if name != GOES_WITH and served.blend.weights.get(name, 0) > 0)
    rows, chosen, start, groups = [], [], [], []
    similar = served.blend.neighbours.get("similar")
    for _ in range(ranker.windows):
        inner = split(data)
        model = build(inner.train, config, similar).with_weights(served.blend.weights, served.blend.newcomer)
        for own, hit, before in _groups(model, inner.train, inner.test, names, ranker):
            rows.append(own)
            chosen.append(hit)
            start.append(before)
            groups.append(len(hit))
        data = inner.train
    if len(groups) < _FEWEST_GROUPS:
        return None
    text = grow(
        np.vstack(rows),
        np.concatenate(chosen),
        np.array(groups),
        start=np.concatenate(start),
        leaves=ranker.leaves,
        rounds=ranker.rounds,
        learning_rate=ranker.learning_rate,
        seed=config.seed,
    )
    return Ranker(text, names, {name: served.blend.weights[name] for name in names}, ranker.candidates)


def _groups(
    model: Model, train: ShopData, targets: Targets, names: tuple[str, ...], ranker: RankerConfig
) -> list[tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]]:
    """Features, choices and scores of each known shopper who chose one of the blend's best."""
    known = np.diff(model.memory.history.indptr)[targets.shopper] > 0
    units = np.flatnonzero(known)[: ranker.most_shoppers]
    found = []
    for start in range(0, len(units), _BLOCK):
        block = units[start : start + _BLOCK]
        shoppers = targets.shopper[block].astype(np.int64)
        taste = model.taste(shoppers)
        scores = model.blend.scores(taste)
        scores[:, ~train.candidate] = -np.inf
        met = model.memory.history[shoppers].tocoo()
        scores[met.row, met.col] = -np.inf
        signals = {name: model.blend.signal(name, taste) for name in names if name in model.blend.signals}
        for row, unit in enumerate(block):
            items = best(scores[row], ranker.candidates)
            hit = np.isin(items, targets.item[targets.starts[unit] : targets.starts[unit + 1]])
            if hit.any():
                found.append((features(signals, names, row, items), hit, scores[row, items]))
    return found
