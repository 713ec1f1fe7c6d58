"""The first recommender on real data: train, gate, promote, answer."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from pathlib import Path

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.model_registry import RegistryService
from engine.recommendation_engine import RecommendationService
from engine.settings import Settings
from engine.training import TrainingService
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import Figure, Table

_CALLS = 200
_METRICS = ("ndcg_at_10", "recall_at_10", "recall_at_20", "map_at_12", "coverage_at_10")


def run() -> Table:
    table = Table(
        "recommender", "full ranking; Rent The Runway split by time (last 90 days), H&M by held-back products"
    )
    sources = (("rent_the_runway", SHARED / "rent_the_runway" / "rentals.parquet"), ("hm", SHARED / "hm"))
    for shop, source in sources:
        with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder))) as engine:
            table.figures += measure(engine, shop, source)
    return table


def measure(engine: Engine, shop: str, source: Path) -> list[Figure]:
    actor = Actor.system("bench")
    engine.call(CatalogService.run_import, actor=actor, shop=shop, path=source)
    started = time.perf_counter()
    job = engine.call(TrainingService.submit, actor=actor, kind="recommender", shop=shop, promote_if_passed=True)
    pause = threading.Event()
    while not job.state.final:
        pause.wait(0.2)
        job = engine.call(TrainingService.get_job, job_id=job.job_id)
    figures = [Figure(f"{shop}: train, measure beside the baseline, fit on all", time.perf_counter() - started, "s")]
    version = engine.call(RegistryService.get_version, model=job.model, reference=job.version or "latest")
    verdict = engine.call(RegistryService.verdicts, model=job.model, version=version.version)[0].verdict
    evaluation = (version.evaluation or {})["metrics"]
    for name in _METRICS:
        found = evaluation[name]
        figures.append(
            Figure(
                f"{shop}: {name}",
                found["value"],
                "",
                found["low"],
                found["high"],
                int((version.evaluation or {})["units"]),
            )
        )
        figures.append(Figure(f"{shop}: {name} of {verdict['rival']}", verdict["rival_metrics"][name], ""))
    figures.append(
        Figure(
            f"{shop}: gain in NDCG@10 (paired)",
            verdict["gain_percent"],
            "%",
            verdict["low_percent"],
            verdict["high_percent"],
            verdict["units"],
        )
    )
    return [*figures, *latency(engine, shop)]


def latency(engine: Engine, shop: str) -> list[Figure]:
    """Answers for shoppers of the shop, one after another, after a first one that loads the model."""
    shoppers = [card.shopper for card in engine.call(CatalogService.shoppers, shop=shop, limit=50)]
    took = []
    for call in range(_CALLS + 1):
        started = time.perf_counter()
        engine.call(
            RecommendationService.recommend,
            shop=shop,
            user_id=shoppers[call % len(shoppers)],
            basket=[],
            context={},
            limit=24,
        )
        took.append((time.perf_counter() - started) * 1000)
    quick = sorted(took[1:])
    return [
        Figure(
            f"{shop}: answer with 24 products and reasons, p50",
            statistics.median(quick),
            "ms",
            quick[0],
            quick[-1],
            _CALLS,
        ),
        Figure(f"{shop}: the same, p95", quick[int(0.95 * len(quick))], "ms"),
    ]
