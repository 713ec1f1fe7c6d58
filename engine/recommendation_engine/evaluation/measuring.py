"""Ranked lists to figures: per tested shopper, with bootstrap intervals and paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.base import Interval
from engine.recommendation_engine.evaluation.schema import PAIRED, GroupResult, Paired
from engine.recommenders import bootstrap, metrics
from engine.recommenders.popularity import surprise
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.evaluation.splits import Split

    Lists = NDArray[np.int64]

DEPTH = 20
RESAMPLES = 1_000
_SLICED = ("ndcg_at_10", "hit_rate_at_10", "recall_at_20")
_LENGTHS = ((1, 4), (5, 9), (10, 19), (20, 49), (50, None))


class Ranking:
    """Collects what one model puts first for each unit of a split, block by block.

    Attributes
    ----------
    lists : ndarray of int64, shape (n_units, DEPTH)
        -1 where nothing is left to show.
    """

    def __init__(self, split: Split) -> None:
        self._split = split
        self.lists: Lists = np.full((len(split), DEPTH), -1, dtype=np.int64)

    def take(self, rows: slice, scores: NDArray[Any]) -> None:
        """Rank a block of units; `scores` is changed: what must not appear goes to -inf."""
        hide(self._split, rows, scores)
        self.lists[rows] = top_k(scores, DEPTH)


def hide(split: Split, rows: slice | NDArray[np.int64], scores: NDArray[Any]) -> None:
    """Take out items that did not exist yet, and those that a shopper has met."""
    scores[:, ~split.candidate] = -np.inf
    met = split.met[split.units[rows]].tocoo()
    scores[met.row, met.col] = -np.inf


def blocks(n_units: int, n_items: int, cells: int = 8_000_000) -> Iterator[slice]:
    """Units in blocks whose scores fit into the cache of a small machine."""
    step = max(1, min(512, cells // max(n_items, 1)))
    for start in range(0, n_units, step):
        yield slice(start, min(start + step, n_units))


def per_unit(split: Split, lists: Lists) -> dict[str, NDArray[np.float64]]:
    """Every metric but coverage, one value a unit."""
    hit = metrics.hits(lists, split.unit, split.wanted, split.n_items)
    wanted = np.diff(split.starts)
    return {
        "ndcg_at_10": metrics.ndcg(hit, wanted, 10),
        "hit_rate_at_10": metrics.hit_rate(hit, 10),
        "recall_at_10": metrics.recall(hit, wanted, 10),
        "recall_at_20": metrics.recall(hit, wanted, 20),
        "map_at_12": metrics.average_precision(hit, wanted, 12),
        "mrr_at_20": np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1), 0.0),
        "novelty_at_10": metrics.novelty(lists, surprise(split.counts), 10),
    }


def groups(split: Split) -> dict[str, tuple[str, NDArray[np.bool_]]]:
    """Slices: name to what they are and which units belong to them."""
    length = np.asarray(split.met[split.units].sum(axis=1)).ravel().astype(np.int64)
    known = np.bincount(split.unit, split.candidate[split.wanted], minlength=len(split)) > 0
    fresh = np.bincount(split.unit, ~split.candidate[split.wanted], minlength=len(split)) > 0
    found = {
        "new shoppers": ("no event before the cut", length == 0),
        "known shoppers": ("at least one event before the cut", length > 0),
        "known shoppers, known items": ("and at least one wanted item existed before the cut", (length > 0) & known),
        "new items": ("at least one wanted item appeared after the cut", fresh),
    }
    for low, high in _LENGTHS:
        name = f"{low} to {high} items met" if high else f"{low} items met or more"
        found[name] = ("length of the history", (length >= low) & (length <= (high or length.max(initial=0))))
    return {name: value for name, value in found.items() if value[1].any() and not value[1].all()}


@dataclass(frozen=True)
class Measured:
    """Figures of all models on the units of one split.

    Parameters
    ----------
    values : mapping of model to metric to ndarray, shape (n_units,)
    coverage : mapping of model to float
    """

    split: Split
    values: Mapping[str, Mapping[str, NDArray[np.float64]]]
    coverage: Mapping[str, float]

    @classmethod
    def of(cls, split: Split, lists: Mapping[str, Lists]) -> Measured:
        candidates = int(split.candidate.sum())
        coverage = {name: metrics.coverage(found, 10, candidates) for name, found in lists.items()}
        return cls(split, {name: per_unit(split, found) for name, found in lists.items()}, coverage)


def overall(measured: Sequence[Measured], seed: int) -> dict[str, dict[str, Interval]]:
    """All windows as one: each shopper of each window is a unit."""
    found = _figures(_joined(measured), seed)
    for name, figures in found.items():
        figures["coverage_at_10"] = Interval(value=float(np.mean([part.coverage[name] for part in measured])))
    return found


def by_window(measured: Sequence[Measured], seed: int) -> list[GroupResult]:
    """The same for each window alone."""
    return [
        GroupResult(
            name=part.split.name,
            about=f"{len(part.split.item):,} events before, {int(part.split.candidate.sum()):,} items ranked",
            units=len(part.split),
            models=overall([part], seed),
        )
        for part in measured
    ]


def by_slice(measured: Sequence[Measured], seed: int) -> list[GroupResult]:
    """Some metrics for some of the units, over all windows."""
    values = _joined(measured)
    told: dict[str, str] = {}
    masks: dict[str, list[NDArray[np.bool_]]] = {}
    found = [groups(part.split) for part in measured]
    for name in dict.fromkeys(name for each in found for name in each):
        told[name] = next(each[name][0] for each in found if name in each)
        masks[name] = [
            each[name][1] if name in each else np.zeros(len(part.split), dtype=bool)
            for each, part in zip(found, measured, strict=True)
        ]
    answer = []
    for name, parts in masks.items():
        mask = np.concatenate(parts)
        part = {model: {metric: value[metric][mask] for metric in _SLICED} for model, value in values.items()}
        answer.append(GroupResult(name=name, about=told[name], units=int(mask.sum()), models=_figures(part, seed)))
    return answer


def pairs(measured: Sequence[Measured], seed: int) -> list[Paired]:
    """Every two models, in the metrics of `PAIRED`; both are resampled together."""
    values = _joined(measured)
    answer = []
    for metric in PAIRED:
        columns = np.stack([value[metric] for value in values.values()], axis=1)
        drawn = bootstrap.resampled_means(columns, resamples=RESAMPLES, seed=seed)
        means = columns.mean(axis=0)
        for (first, one), (second, two) in combinations(enumerate(values), 2):
            low, high = np.quantile(drawn[:, first] - drawn[:, second], [0.025, 0.975])
            gap = Interval(value=float(means[first] - means[second]), low=float(low), high=float(high))
            answer.append(Paired(first=one, second=two, metric=metric, difference=gap))
    return answer


def _joined(measured: Sequence[Measured]) -> dict[str, dict[str, NDArray[np.float64]]]:
    return {
        name: {
            metric: np.concatenate([part.values[name][metric] for part in measured])
            for metric in measured[0].values[name]
        }
        for name in measured[0].values
    }


def _figures(values: Mapping[str, Mapping[str, NDArray[np.float64]]], seed: int) -> dict[str, dict[str, Interval]]:
    """Means with intervals; the models are resampled with the same draws."""
    names = [(model, metric) for model, each in values.items() for metric in each]
    answer: dict[str, dict[str, Interval]] = {model: {} for model in values}
    for metric in dict.fromkeys(metric for _, metric in names):
        models = [model for model, each in names if each == metric]
        columns = np.stack([values[model][metric] for model in models], axis=1)
        drawn = bootstrap.resampled_means(columns, resamples=RESAMPLES, seed=seed)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        for place, model in enumerate(models):
            value = float(columns[:, place].mean())
            answer[model][metric] = Interval(value=value, low=float(low[place]), high=float(high[place]))
    return answer
