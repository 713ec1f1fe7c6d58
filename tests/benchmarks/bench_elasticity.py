"""Elasticities and recommended prices against the truth of shops that price by their own stock.

Demo shops at full scale with reactive prices and real stock-outs, from seeds that nobody looked at while the
method was made. A pair is a category in a shop. Beside it stands what a spreadsheet would do: log units on
log price, category by category, over all weeks with sales. Nothing here was chosen by looking at these figures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import stats

from engine.catalog.dataset import Dataset
from engine.catalog.demo_shop import generate
from engine.estimators.price_optimizer import elasticity
from engine.estimators.price_optimizer.decisions import Bounds, recommend
from engine.estimators.price_optimizer.panel import Panel, read
from tests.benchmarks.table import Figure, Table

FIRST_SEED, SHOPS = 1001, 18
ITEMS, DRAWS = 20, 400
BOUNDS = Bounds(most_down=0.3, most_up=0.2, floor_margin=0.15, endings=(0.45, 0.95))
NEAR = 0.97


@dataclass(frozen=True)
class Pair:
    """A category of a shop: estimate, standard deviation, truth, and share of the best profit that was reached."""

    found: float
    sd: float
    truth: float
    reached: float

    @property
    def covered(self) -> bool:
        return abs(self.found - self.truth) <= elasticity.Z90 * self.sd


def run() -> Table:
    shops = int(os.environ.get("SKYY_BENCH_SHOPS", SHOPS))
    ours: list[Pair] = []
    theirs: list[Pair] = []
    took = []
    for seed in range(FIRST_SEED, FIRST_SEED + shops):
        panel, truth = shop(seed)
        started = time.perf_counter()
        found = elasticity.fit(panel)
        took.append(time.perf_counter() - started)
        draws = found.sample(DRAWS, seed)[0]
        ours += [
            Pair(float(found.mean[c]), float(found.sd[c]), truth[c], reached(panel, c, truth[c], draws[:, c]))
            for c in range(len(truth))
        ]
        theirs += list(naive(panel, truth))
        print(f"  seed {seed}: {sum(p.covered for p in ours)} of {len(ours)} pairs covered", flush=True)
    table = Table("elasticity", f"{shops} demo shops with reactive prices, {len(ours)} pairs of category and shop")
    table.figures += figures("partial pooling", ours, ("0.85 to 0.95", "0.97 or more"))
    table.figures += figures("log-log regression", theirs, ("", ""))
    table.figures.append(Figure("time of a fit", float(np.median(took)), "s", min(took), max(took), len(took)))
    return table


def shop(seed: int) -> tuple[Panel, list[float]]:
    """A shop's panel and the true elasticity of each of its categories."""
    made = generate(seed, pictures=False, pricing="reactive")
    with TemporaryDirectory() as folder:
        files = {}
        for name, rows in made.tables.items():
            files[name] = [Path(folder) / f"{name}.parquet"]
            pq.write_table(rows, files[name][0])
        panel = read(Dataset(files, snapshot=1))
    return panel, [made.truth["elasticity"][name] for name in panel.categories]


def reached(panel: Panel, category: int, truth: float, draws: NDArray[np.float64]) -> float:
    """True profit at the recommended prices over that at the best ones, under the same bounds, for some items."""
    rows = np.flatnonzero((panel.category[panel.item] == category) & (panel.period == panel.periods - 1))
    known = np.array([truth])
    got = best = 0.0
    for row in rows[:: max(len(rows) // ITEMS, 1)][:ITEMS]:
        now, cost = round(float(panel.price[row]), 2), float(panel.cost[panel.item[row]])
        for elasticities, is_best in ((draws, False), (known, True)):
            price = recommend(1.0, now, elasticities, cost=cost, bounds=BOUNDS).price
            profit = (price - cost) * (price / now) ** -truth
            got, best = (got, best + profit) if is_best else (got + profit, best)
    return got / best


def naive(panel: Panel, truth: list[float]) -> Iterator[Pair]:
    """Log units on log price by category."""
    for category, true in enumerate(truth):
        rows = (panel.category[panel.item] == category) & (panel.units > 0)
        line = stats.linregress(np.log(panel.price[rows]), np.log(panel.units[rows]))
        yield Pair(-line.slope, line.stderr, true, reached(panel, category, true, np.array([max(-line.slope, 0.0)])))


def figures(name: str, pairs: list[Pair], bars: tuple[str, str]) -> list[Figure]:
    """Coverage, error and profit of one method."""
    off = np.array([pair.found - pair.truth for pair in pairs])
    width = np.array([2 * elasticity.Z90 * pair.sd for pair in pairs])
    profit = np.array([pair.reached for pair in pairs])
    return [
        share(f"{name}: 90% intervals cover", [pair.covered for pair in pairs], bars[0]),
        Figure(f"{name}: mean bias", float(off.mean()), "", rounds=len(pairs)),
        Figure(f"{name}: root mean squared error", float(np.sqrt((off**2).mean())), "", rounds=len(pairs)),
        Figure(f"{name}: mean interval width", float(width.mean()), "", rounds=len(pairs)),
        Figure(f"{name}: profit over the best, mean", float(profit.mean()), "", bar=bars[1], rounds=len(pairs)),
        Figure(f"{name}: profit over the best, median", float(np.median(profit)), "", rounds=len(pairs)),
        Figure(f"{name}: profit over the best, lowest", float(profit.min()), "", rounds=len(pairs)),
        share(f"{name}: pairs within 3% of the best profit", list(profit >= NEAR), ""),
    ]


def share(what: str, hits: list[bool], bar: str) -> Figure:
    """A share of the pairs with its 95% interval (Wilson)."""
    bounds = stats.binomtest(int(sum(hits)), len(hits)).proportion_ci(method="wilson")
    return Figure(what, float(np.mean(hits)), "of pairs", bounds.low, bounds.high, len(hits), bar)
