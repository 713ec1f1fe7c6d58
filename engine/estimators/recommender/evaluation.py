"""Measuring a fitted recommender on held-out rows: every existing item ranked, none sampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.base import Evaluation, Holdout, Interval, Report, Scores
from engine.recommenders import bootstrap, metrics
from engine.recommenders.popularity import surprise
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.recommender.data import ShopData
    from engine.estimators.recommender.model import Model
    from engine.estimators.recommender.split import Targets

DEPTH = 20
_CELLS = 6_000_000
_RESAMPLES = 1_000


def evaluate(model: Model, holdout: Holdout, report: Report) -> Scores:
    """Rank all candidates for every test shopper, new ones included, and score the first 20."""
    data, targets = holdout.train, holdout.test
    lists = rank(model, data, targets, report)
    hit = metrics.hits(lists, targets.unit, targets.item, data.log.n_items)
    per_unit = _per_unit(lists, hit, np.diff(targets.starts), data)
    figures = {name: _interval(values) for name, values in per_unit.items()}
    figures["coverage_at_10"] = Interval(value=metrics.coverage(lists, 10, int(data.candidate.sum())))
    new = 1 - float(data.candidate[targets.item].mean()) if len(targets.item) else 0.0
    figures["new_item_share"] = Interval(value=new)
    members = _members(data, targets)
    evaluation = Evaluation(
        protocol=holdout.about, units=len(targets), metrics=figures, slices=_slices(per_unit, members)
    )
    return Scores(evaluation, per_unit, members)


def rank(model: Model, data: ShopData, targets: Targets, report: Report) -> NDArray[np.int64]:
    """The first 20 items of each test shopper in rows of `data`, without what the shopper has met."""
    columns = _columns(model, data)
    met = data.log.matrix(np.ones(len(data.log)))
    lists = np.full((len(targets), DEPTH), -1, dtype=np.int64)
    for rows in _blocks(len(targets), max(len(model.item_ids), data.log.n_items)):
        taste = model.taste(_rows(model, data, targets.shopper[rows]))
        own = model.blend.scores(taste)
        scores = np.full((len(own), data.log.n_items), -np.inf)
        scores[:, columns >= 0] = own[:, columns[columns >= 0]]
        scores[:, ~data.candidate] = -np.inf
        seen = met[targets.shopper[rows]].tocoo()
        scores[seen.row, seen.col] = -np.inf
        lists[rows] = top_k(scores, DEPTH)
        report.stage("Ranking for held-out shoppers", rows.stop / max(len(targets), 1))
    return lists


def _columns(model: Model, data: ShopData) -> NDArray[np.int64]:
    """Column of each item of the data in the model, -1 where the model does not know it."""
    if model.item_ids == data.item_ids:
        return np.arange(len(data.item_ids))
    place = {item: column for column, item in enumerate(model.item_ids)}
    return np.array([place.get(item, -1) for item in data.item_ids], dtype=np.int64)


def _rows(model: Model, data: ShopData, shoppers: NDArray[np.int32]) -> NDArray[np.int64]:
    if model.shopper_ids == data.shopper_ids:
        return shoppers.astype(np.int64)
    return model.rows([data.shopper_ids[row] for row in shoppers])


def _blocks(n: int, width: int) -> Iterator[slice]:
    step = max(1, min(1_024, _CELLS // max(width, 1)))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def _per_unit(
    lists: NDArray[np.int64], hit: NDArray[np.bool_], wanted: NDArray[np.int64], data: ShopData
) -> dict[str, NDArray[np.float64]]:
    counts = np.bincount(data.log.item, minlength=data.log.n_items)
    return {
        "ndcg_at_10": metrics.ndcg(hit, wanted, 10),
        "recall_at_10": metrics.recall(hit, wanted, 10),
        "recall_at_20": metrics.recall(hit, wanted, 20),
        "map_at_12": metrics.average_precision(hit, wanted, 12),
        "hit_rate_at_10": metrics.hit_rate(hit, 10),
        "novelty_at_10": metrics.novelty(lists, surprise(counts), 10),
        "diversity_at_10": metrics.diversity(lists, data.content, 10),
    }


def _members(data: ShopData, targets: Targets) -> dict[str, NDArray[np.bool_]]:
    """Warm and cold shoppers, and age bands where the shop knows ages."""
    warm = np.isin(targets.shopper, data.log.shopper)
    groups: dict[str, NDArray[np.bool_]] = {"warm": warm, "cold": ~warm}
    if "age" in data.shopper_facets:
        ages = data.shopper_facets["age"]
        for code, label in enumerate(ages.labels):
            groups[f"age {label}"] = ages.codes[targets.shopper] == code
    return {name: mask for name, mask in groups.items() if mask.any()}


def _slices(
    per_unit: dict[str, NDArray[np.float64]], members: dict[str, NDArray[np.bool_]]
) -> dict[str, dict[str, Interval]]:
    quality = ("ndcg_at_10", "recall_at_20", "map_at_12")
    return {
        name: {
            "shoppers": Interval(value=float(mask.sum())),
            **{metric: _interval(per_unit[metric][mask]) for metric in quality},
        }
        for name, mask in members.items()
    }


def _interval(values: NDArray[np.float64]) -> Interval:
    if len(values) == 0:
        return Interval(value=0.0)
    low, high = bootstrap.interval(values, resamples=_RESAMPLES)
    return Interval(value=float(values.mean()), low=low, high=high)
