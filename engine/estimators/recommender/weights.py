"""Learning the blend's weights on a window that lies before the held-out one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.recommender.model import Model, build
from engine.estimators.recommender.sequence import next_items
from engine.estimators.recommender.split import split
from engine.recommenders.blend import POPULARITY
from engine.recommenders.logit import Choices, fit_weights, mean_log_likelihood, sample_alternatives

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender.config import RecommenderConfig
    from engine.estimators.recommender.data import ShopData
    from engine.recommenders.sequence import SequenceModel
    from engine.recommenders.sequence.fit import Progress

MOST_CHOICES = 6_000
FEWEST_CHOICES = 200
_HEAD, _TAIL = 300, 200
_CELLS = 40_000_000
_RIDGE = 5.0
_BLOCK = 1_000

LEAST = 0.02
"""Weight of a signal that tells nothing, where newcomers are learned from on their own."""


@dataclass(frozen=True)
class Learned:
    """What was learned; `choices` is 0 where there were too few to learn from, `gain` is in nats per choice.

    Parameters
    ----------
    weights : dict of str to float
        By signal, for shoppers with a history.
    newcomer : dict of str to float
        What the weights are multiplied by for those without.
    passes : int or None
        Passes after which the order of choices was learned best; None where none was learned.
    """

    weights: dict[str, float]
    newcomer: dict[str, float]
    choices: int
    gain: float
    passes: int | None = None


def learn(
    data: ShopData,
    config: RecommenderConfig,
    similar: csr_matrix | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Weights under which what shoppers chose in the last window is most likely.

    Shoppers with and without a history are learned from separately: whom nothing is known of follows
    what is popular more closely. For the others popularity is held down by `popularity_share`, which
    costs little of the likelihood and shows more of the catalogue.

    Parameters
    ----------
    progress : callable or None
        Called after each pass over the order of choices, which is learned before the window only.
    """
    inner = split(data)
    order = _order(inner.train, config, progress)
    model = build(inner.train, config, similar, order)
    known = inner.train.candidate[inner.test.item]
    shopper, item = inner.test.shopper[inner.test.unit][known], inner.test.item[known]
    warm = np.diff(model.memory.history.indptr)[shopper] > 0
    names = [name for name in model.blend.signals if name in model.blend.weights]
    if not _enough(warm, config):
        warm[:] = True
    if warm.sum() < FEWEST_CHOICES:
        return Learned(dict(model.blend.weights), {}, 0, 0.0)
    start = np.array([model.blend.weights[name] for name in names])
    rows = _drawn(np.flatnonzero(warm), len(names), config.seed)
    found, gain = _fitted(model, names, shopper[rows], item[rows], inner.train.candidate, start, config.seed)
    newcomer = {}
    if not warm.all():
        fresh = _drawn(np.flatnonzero(~warm), len(names), config.seed)
        found = np.maximum(found, LEAST)
        other, _ = _fitted(model, names, shopper[fresh], item[fresh], inner.train.candidate, found, config.seed)
        newcomer = {name: round(float(value), 4) for name, value in zip(names, other / found, strict=True)}
    damped = np.array([config.popularity_share if name in POPULARITY else 1.0 for name in names])
    found = found * damped
    newcomer = {name: round(newcomer[name] / damp, 4) for name, damp in zip(names, damped, strict=True) if newcomer}
    learned = {name: round(float(value), 4) for name, value in zip(names, found, strict=True)}
    passes = None if order is None else order.epochs
    return Learned({**model.blend.weights, **learned}, newcomer, len(rows), gain, passes)


def _order(data: ShopData, config: RecommenderConfig, progress: Progress | None) -> SequenceModel | None:
    if config.sequence is None or not config.learns_order:
        return None
    return next_items(data, config.sequence, progress=progress)


def _enough(warm: NDArray[np.bool_], config: RecommenderConfig) -> bool:
    """Whether both groups can be learned from."""
    return config.learn_newcomers and min(int(warm.sum()), int((~warm).sum())) >= FEWEST_CHOICES


def _drawn(rows: NDArray[np.int64], n_signals: int, seed: int) -> NDArray[np.int64]:
    """A draw of choices that fits in memory, in order."""
    most = min(MOST_CHOICES, _CELLS // (n_signals * (_HEAD + _TAIL + 1)))
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, size=most, replace=False))


def _fitted(
    model: Model,
    names: list[str],
    shopper: NDArray[np.int32],
    item: NDArray[np.int32],
    candidate: NDArray[np.bool_],
    start: NDArray[np.float64],
    seed: int,
) -> tuple[NDArray[np.float64], float]:
    """Weights of the signals, and what they gain over the start."""
    choices = _signals(model, names, shopper, item, candidate, seed)
    found, likelihood = fit_weights(choices, start, ridge=_RIDGE)
    return found, likelihood - mean_log_likelihood(choices, start)


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
    step = max(1, min(_BLOCK, _CELLS // model.blend.n_items))
    for start in range(0, len(item), step):
        rows = slice(start, min(start + step, len(item)))
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
