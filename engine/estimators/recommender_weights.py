"""Learning the blend's weights on a window that lies before the held-out one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.recommender_model import Model, build
from engine.estimators.recommender_split import Targets, split
from engine.recommenders.logit import Choices, fit_weights, sample_alternatives

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender_config import RecommenderConfig
    from engine.estimators.recommender_data import ShopData

MOST_CHOICES = 6_000
FEWEST_CHOICES = 200
_HEAD, _TAIL = 300, 200
_CELLS = 40_000_000
_RIDGE = 5.0
_BLOCK = 1_000


@dataclass(frozen=True)
class Learned:
    """Weights by signal; `choices` is 0 where there were too few to learn from, `gain` is in nats per choice."""

    weights: dict[str, float]
    choices: int
    gain: float


def learn(data: ShopData, config: RecommenderConfig, similar: csr_matrix | None = None) -> Learned:
    """Weights under which what shoppers chose in the last window is most likely."""
    inner = split(data)
    model = build(inner.train, config, similar)
    names = [name for name in model.blend.signals if name in model.blend.weights]
    start = np.array([model.blend.weights[name] for name in names])
    shopper, item = _choices(inner.test, inner.train.candidate, len(names), config.seed)
    if len(item) < FEWEST_CHOICES:
        return Learned(dict(model.blend.weights), 0, 0.0)
    choices = _signals(model, names, shopper, item, inner.train.candidate, config.seed)
    found, likelihood = fit_weights(choices, start, ridge=_RIDGE)
    _, before = fit_weights(choices, start, ridge=1e9)
    weights = {
        **model.blend.weights,
        **{name: round(float(value), 4) for name, value in zip(names, found, strict=True)},
    }
    return Learned(weights, len(item), likelihood - before)


def _choices(
    targets: Targets, candidate: NDArray[np.bool_], n_signals: int, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """A draw of held-out pairs that can be ranked, ordered by shopper."""
    shopper = targets.shopper[targets.unit]
    known = np.flatnonzero(candidate[targets.item])
    most = min(MOST_CHOICES, _CELLS // (n_signals * (_HEAD + _TAIL + 1)))
    if len(known) > most:
        known = np.sort(np.random.default_rng(seed).choice(known, size=most, replace=False))
    return shopper[known], targets.item[known]


def _signals(
    model: Model,
    names: list[str],
    shopper: NDArray[np.int32],
    item: NDArray[np.int32],
    candidate: NDArray[np.bool_],
    seed: int,
) -> Choices:
    """Signals of each choice and its alternatives."""
    popular = np.asarray(next(iter(model.blend.popularity.values()), np.zeros(model.blend.n_items)))
    others, weight = sample_alternatives(popular, candidate, head=_HEAD, tail=_TAIL, seed=seed)
    columns, place = np.unique(np.r_[others, item], return_inverse=True)
    blend = model.blend.at(columns)
    other_place, own_place = place[: len(others)], place[len(others) :]
    signals = np.empty((len(item), len(others) + 1, len(names)), dtype=np.float32)
    offset = np.empty((len(item), len(others) + 1), dtype=np.float32)
    for start in range(0, len(item), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(item)))
        taste = model.taste(shopper[rows])
        own = own_place[rows]
        for number, name in enumerate(names):
            value = np.broadcast_to(blend.signal(name, taste), (len(own), len(columns)))
            signals[rows, 0, number] = value[np.arange(len(own)), own]
            signals[rows, 1:, number] = value[:, other_place]
        met = model.memory.history[shopper[rows]][:, others].toarray() > 0
        offset[rows, 0] = 0.0
        offset[rows, 1:] = np.where(met | (others[None, :] == item[rows, None]), -np.inf, weight)
    return Choices(signals, offset)
