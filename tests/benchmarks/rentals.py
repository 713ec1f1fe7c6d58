"""The protocol on Rent The Runway: train up to a day, rank every item that was seen by then, look at the next 90 days."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.data import ShopData, read
from engine.estimators.recommender.model import Model
from engine.estimators.recommender.split import Targets, held_out
from engine.recommenders import metrics
from engine.recommenders.topk import top_k
from engine.settings import Settings
from tests.benchmarks.bench_data import SHARED

DAYS = 90
DEPTH = 20
_BLOCK = 256


@dataclass(frozen=True)
class Window:
    """Training rows, and what warm and new shoppers chose after them.

    `warm` has shoppers with a history and at least one chosen item that was seen before; only such items are
    looked for. `cold` has all shoppers without a history, and items that came later count as misses.
    """

    train: ShopData
    warm: Targets
    cold: Targets


@dataclass(frozen=True)
class Quality:
    """Figures of each shopper, and the share of the catalogue that anybody was shown."""

    ndcg_at_10: NDArray[np.float64]
    recall_at_20: NDArray[np.float64]
    coverage_at_10: float


def rentals() -> ShopData:
    """The whole data set as the recommender reads it."""
    with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder))) as engine:
        source = SHARED / "rent_the_runway" / "rentals.parquet"
        engine.call(CatalogService.run_import, actor=Actor.system("bench"), shop="rentals", path=source)
        snapshot = engine.call(CatalogService.list_snapshots, shop="rentals")[0]
        dataset = engine.service(CatalogService).dataset(snapshot.number)
        return read(dataset, RecommenderConfig().event_weights)


def window(data: ShopData, windows_back: int = 0) -> Window:
    """The last 90 days (the test window), or those before them (1 is the validation window)."""
    end = float(np.floor(data.now)) + 1 - DAYS * windows_back
    train, test = held_out(data, end - DAYS, end)
    known = np.isin(test.shopper, train.log.shopper)
    seen = train.candidate[test.item]
    some = np.zeros(len(test), dtype=bool)
    some[test.unit[seen]] = True
    return Window(train, _some(test, known & some, seen), _some(test, ~known, np.ones_like(seen)))


def ranked(model: Model, train: ShopData, targets: Targets, without: str | None = None) -> NDArray[np.int64]:
    """The first 20 items of each shopper, items met before left out; `without` sets one signal aside."""
    met = train.log.matrix(np.ones(len(train.log)))
    lists = np.empty((len(targets), DEPTH), dtype=np.int64)
    if without is not None:
        model = model.with_weights({**model.blend.weights, without: 0.0}, model.blend.newcomer)
    for start in range(0, len(targets), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(targets)))
        scores = model.blend.scores(model.taste(targets.shopper[rows].astype(np.int64)))
        scores[:, ~train.candidate] = -np.inf
        seen = met[targets.shopper[rows]].tocoo()
        scores[seen.row, seen.col] = -np.inf
        lists[rows] = top_k(scores, DEPTH)
    return lists


def quality(lists: NDArray[np.int64], train: ShopData, targets: Targets) -> Quality:
    """How well the lists foretell what was chosen."""
    hit = metrics.hits(lists, targets.unit, targets.item, train.log.n_items)
    wanted = np.diff(targets.starts)
    return Quality(
        metrics.ndcg(hit, wanted, 10),
        metrics.recall(hit, wanted, 20),
        metrics.coverage(lists, 10, int(train.candidate.sum())),
    )


def _some(targets: Targets, units: NDArray[np.bool_], items: NDArray[np.bool_]) -> Targets:
    """Some of the shoppers, and of their items."""
    keep = units[targets.unit] & items
    count = np.bincount(targets.unit[keep], minlength=len(targets))[units]
    return Targets(targets.shopper[units], np.r_[0, np.cumsum(count)].astype(np.int64), targets.item[keep])
