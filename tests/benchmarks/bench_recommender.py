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
from engine.estimators.recommender.config import RankerConfig, RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.model_registry import RegistryService
from engine.recommendation_engine import RecommendationService
from engine.recommenders.bootstrap import interval
from engine.settings import Settings
from engine.training import TrainingService
from tests.benchmarks.bench_ablation import Quiet
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.rentals import Window, quality, ranked, rentals, window
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
    data = rentals()
    table.figures += slices(window(data))
    table.figures += second_stage(window(data, windows_back=1))
    return table


def slices(test: Window) -> list[Figure]:
    """Known and new shoppers of Rent The Runway's last 90 days beside their bars."""
    started = time.process_time()
    ours, recent = RecommenderEstimator(RecommenderConfig()), RecommenderEstimator.baseline()
    ours.fit(test.train, Quiet())
    figures = [Figure("fit on the training rows, processor time", time.process_time() - started, "s")]
    recent.fit(test.train, Quiet())
    for name, targets in (("warm", test.warm), ("cold", test.cold)):
        found, rival = (quality(ranked(one.model, test.train, targets), test.train, targets) for one in (ours, recent))
        low, high = interval(found.ndcg_at_10)
        recall = interval(found.recall_at_20)
        gain = float(found.ndcg_at_10.mean() / rival.ndcg_at_10.mean())
        warm = name == "warm"
        figures += [
            Figure(
                f"{name}: NDCG@10",
                float(found.ndcg_at_10.mean()),
                "",
                low,
                high,
                len(targets),
                ">= .0110" if warm else "",
            ),
            Figure(
                f"{name}: Recall@20",
                float(found.recall_at_20.mean()),
                "",
                *recall,
                len(targets),
                ">= .036" if warm else "",
            ),
            Figure(f"{name}: coverage@10", found.coverage_at_10, "", bar=">= .25" if warm else ""),
            Figure(f"{name}: NDCG@10 of recent popularity", float(rival.ndcg_at_10.mean()), ""),
            Figure(f"{name}: times recent popularity", gain, "", bar="" if warm else ">= 1.15"),
        ]
    return figures


def second_stage(validation: Window) -> list[Figure]:
    """LambdaMART over the blend's best against the blend, on the validation window, as the gate sees it."""
    blend, trees = (
        RecommenderEstimator(config) for config in (RecommenderConfig(), RecommenderConfig(ranker=RankerConfig()))
    )
    for one in (blend, trees):
        one.fit(validation.train, Quiet())
    ours, theirs = (
        quality(ranked(one.model, validation.train, validation.warm), validation.train, validation.warm)
        for one in (blend, trees)
    )
    difference = theirs.ndcg_at_10 - ours.ndcg_at_10
    low, high = interval(difference)
    return [
        Figure("second stage less blend: NDCG@10 (paired)", float(difference.mean()), "", low, high, len(difference)),
        Figure("the second stage would pass the gate", float(low > 0), "", bar="1, else the blend stays champion"),
    ]


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
