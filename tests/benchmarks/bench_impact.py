"""Impact estimates: intervals against known truth, two real policies against each other, time of a replay.

Open Bandit Dataset (Saito, Aihara, Matsutani, Narita, NeurIPS 2021, sample of 10,000 rows a log): three
places a list, one row a place, propensity = probability of the item at that place. The uniform policy's
probabilities are 1 / items; of Thompson sampling, whose probabilities changed all week and are logged for
the shown item only, the share of each item at each place of its own log stands in. A policy's own click
rate comes from its own log. Nothing here was chosen by looking at these figures.
"""

from __future__ import annotations

import os
import statistics
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from engine.core import Engine
from engine.recommendation_engine.impact import ImpactService, Method, OffPolicy
from engine.recommendation_engine.impact.off_policy import ChoiceLog, estimate
from engine.recommendation_engine.plan import Draft, Plan, Rule, RuleKind
from engine.settings import Settings
from tests.benchmarks.homes import ROOT, demo_home, wait_until
from tests.benchmarks.table import Figure, Table
from tests.engine.recommendation_engine.impact.logs import WORLDS, World, simulate

LOGS = 1_000
CLIP = 20.0
FAR = World(rows=3_000, contexts=3, actions=10, rate=0.05, contrast=3.0)
BAR = "0.93 to 0.97"
SESSIONS = 2_000


def run() -> Table:
    table = Table("impact", f"{LOGS:,} simulated logs, Open Bandit, the full demo shop")
    for name, world in WORLDS.items():
        table.figures += coverage(name, world, BAR)
    table.figures += coverage("too unlike, and warned of", FAR, "")
    data = Path(os.environ.get("SKYY_SHARED_DATA", ROOT.parent / "shared" / "data")) / "open_bandit"
    for campaign in ("women", "men"):
        table.figures += open_bandit(data, campaign)
    table.figures += replay()
    return table


def coverage(name: str, world: World, bar: str) -> list[Figure]:
    """How often 95% intervals hold the truth, and how wide they are."""
    inside: dict[Method, list[bool]] = {method: [] for method in Method}
    widths: dict[Method, list[float]] = {method: [] for method in Method}
    warned = 0
    for seed in range(LOGS):
        run = simulate(world, seed)
        found = estimate(run.log, run.policy)
        warned += bool(found.warnings)
        for method, interval in found.estimates.items():
            low, high = interval.low or 0.0, interval.high or 0.0
            inside[method].append(low <= run.truth <= high)
            widths[method].append(high - low)
    return [
        figure
        for method in Method
        for figure in (
            Figure(f"{name}: {method} covers", float(np.mean(inside[method])), "of logs", rounds=LOGS, bar=bar),
            Figure(f"{name}: {method} median width", statistics.median(widths[method]), "", rounds=LOGS),
        )
    ] + [Figure(f"{name}: logs with a warning", warned / LOGS, "of logs", rounds=LOGS)]


def open_bandit(data: Path, campaign: str) -> list[Figure]:
    """Each policy's click rate from the other's log, beside its own."""
    uniform, thompson = (pd.read_parquet(data / f"{campaign}_{name}.parquet") for name in ("random", "bts"))
    items = int(uniform["item_id"].max()) + 1
    even = np.full((3, items), 1 / items)
    cell = (thompson["position"].to_numpy() - 1) * items + thompson["item_id"].to_numpy()
    counts = np.bincount(cell, minlength=3 * items).reshape(3, items)
    return [
        *both_ways(f"{campaign}: uniform from Thompson's log", thompson, even, uniform),
        *both_ways(f"{campaign}: Thompson from uniform log", uniform, counts / counts.sum(1, keepdims=True), thompson),
    ]


def both_ways(name: str, log: pd.DataFrame, policy: NDArray[np.float64], own: pd.DataFrame) -> list[Figure]:
    """Estimates from one log, with and without clipping, beside the click rate of the other."""
    place = log["position"].to_numpy() - 1
    choices = ChoiceLog(
        place,
        log["item_id"].to_numpy(),
        log["click"].to_numpy().astype(float),
        log["propensity_score"].to_numpy(),
    )
    bounds = stats.binomtest(int(own["click"].sum()), len(own)).proportion_ci(method="wilson")
    whole, cut = estimate(choices, policy[place]), estimate(choices, policy[place], clip=CLIP)
    rate = Figure(f"{name}: its own click rate", float(own["click"].mean()), "", bounds.low, bounds.high, len(own))
    told = [rate, *_figures(name, whole)]
    if cut.clipped_share:
        told += _figures(f"{name}, weights cut at {CLIP:g} ({cut.clipped_share:.1%})", cut)
    for warning in whole.warnings:
        print(f"  {name}: {warning}")
    return told


def _figures(name: str, found: OffPolicy) -> list[Figure]:
    return [
        *(
            Figure(f"{name}: {method}", interval.value, "", interval.low, interval.high, found.rows)
            for method, interval in found.estimates.items()
        ),
        Figure(f"{name}: effective sample", found.effective_sample, "rows", rounds=found.rows),
        Figure(f"{name}: effective clicks", found.effective_successes, "clicks", rounds=found.rows),
    ]


def replay() -> list[Figure]:
    """A first estimate on the full demo shop, which fits the model, and the next one."""
    took, sessions = [], 0
    with Engine.open(Settings.at(demo_home())) as engine:
        for category in ("dresses", "coats"):
            boost = Rule(rule_id="b", kind=RuleKind.BOOST, where={"category": category}, strength=100)
            started = time.perf_counter()
            job = engine.call(
                ImpactService.start, shop="demo", draft=Draft(plan=Plan(rules=(boost,))), sessions=SESSIONS
            )
            wait_until(partial(_over, engine, job.id), within_s=900)
            took.append(time.perf_counter() - started)
            report = engine.call(ImpactService.get, job_id=job.id).result
            assert report is not None
            sessions = report.sessions
    return [
        Figure(f"first estimate on the demo shop, {sessions:,} sessions", took[0], "s"),
        Figure("the next one of the same version", took[1], "s"),
    ]


def _over(engine: Engine, job_id: str) -> bool:
    return engine.call(ImpactService.get, job_id=job_id).state.final
