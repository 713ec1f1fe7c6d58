"""One recommendation call on one core: filters, rules, diversity and reasons; events that change the next answer."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES
from engine.catalog.schema import Table as Rows
from engine.clock import SystemClock
from engine.core import Engine
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine import Act, Plan, RecommendationService
from engine.recommendation_engine.serving import ReleaseRecommender
from engine.settings import Settings
from tests.benchmarks.table import Figure, Table
from tests.engine.estimators.shops import Silent

SHOP = "big"
_CALLS = 400
_TRIALS = 1_000
_START = datetime(2026, 1, 1, tzinfo=UTC)
_CONTEXTS: tuple[dict[str, Any], ...] = (
    {},
    {"category": ["category 1", "category 2", "category 3"], "price_range": "mid"},
    {"size": "M", "exclude_brand": "brand 3"},
    {"colour": "colour 2", "occasion": "occasion 1"},
)


def run() -> Table:
    table = Table("serving", "made-up shops of 5,800 and 50,000 products, 20,000 shoppers, every signal; one core")
    for items, bar in ((5_800, "p95 < 5 ms"), (50_000, "p95 < 20 ms")):
        with tempfile.TemporaryDirectory() as folder, one_core():
            table.figures += measure(Path(folder), items, bar)
    return table


def measure(folder: Path, items: int, bar: str) -> list[Figure]:
    dataset = made(folder / "data", items)
    config = RecommenderConfig(learn_weights=False)
    estimator = RecommenderEstimator(config)
    estimator.fit(RecommenderEstimator.everything(dataset, config), Silent())
    settings = Settings.at(folder / "home")
    publish(settings, estimator, dataset)
    engine = Engine(settings=settings, clock=SystemClock(), actor=Actor.system("bench"), store=None)
    service = engine.service(RecommendationService)
    shoppers = estimator.model.shopper_ids
    service.recommend(shop=SHOP)
    what = f"{items:,} products: "

    def ask(call: int, limit: int) -> object:
        context = _CONTEXTS[call % len(_CONTEXTS)]
        return service.recommend(shop=SHOP, user_id=shoppers[call % 997], context=context, limit=limit)

    def basket(call: int) -> object:
        return service.recommend(shop=SHOP, basket=[f"i{(call * 37 + k) % items:06d}" for k in range(4)])

    loaded = what + "filters, 12 rules, diversity, reasons, "
    figures = [
        *percentiles(loaded + "10 shown", lambda call: ask(call, 10), _CALLS, bar),
        *percentiles(loaded + "24 shown", lambda call: ask(call, 24), _CALLS),
        *percentiles(what + "an anonymous basket of 4, 10 shown", basket, _CALLS),
    ]
    figures += live(service, items, what)
    figures += orders(dataset, estimator, what)
    engine.close()
    return figures


def live(service: RecommendationService, items: int, what: str) -> list[Figure]:
    """An event, then the next answer: does it change, and how long do both take."""
    changed, within, updates = 0, 0, []
    for trial in range(_TRIALS):
        session = f"session {trial}"
        before = service.recommend(shop=SHOP, session_id=session, limit=10)
        started = time.perf_counter()
        service.observe(shop=SHOP, session_id=session, item_id=before.items[trial % 10].item_id, event=Act.CART)
        updates.append(1_000 * (time.perf_counter() - started))
        after = service.recommend(shop=SHOP, session_id=session, limit=10)
        within += time.perf_counter() - started < 1.0
        changed += [item.item_id for item in before.items] != [item.item_id for item in after.items]
    return [
        Figure(what + "answers changed by the event before them", changed, f"of {_TRIALS}", bar="1,000 of 1,000"),
        Figure(what + "event and next answer within a second", within, f"of {_TRIALS}", bar="1,000 of 1,000"),
        Figure(what + "taking an event in, p95", float(np.percentile(updates, 95)), "ms", bar="< 50 ms"),
    ]


def orders(dataset: Dataset, estimator: RecommenderEstimator, what: str) -> list[Figure]:
    """The ranked list without words, as impact estimates ask for it."""
    from engine.catalog.cards import CardIndex
    from engine.recommendation_engine.schema import Request

    recommender, plan = ReleaseRecommender(estimator, CardIndex(dataset)), the_plan()
    requests = [Request(shopper=name, limit=24) for name in estimator.model.shopper_ids[:200]]
    return percentiles(what + "the list without words", lambda call: recommender.order(requests[call % 200], plan), 200)


def percentiles(what: str, work: Callable[[int], object], calls: int, bar: str = "") -> list[Figure]:
    """95th percentile of a call and of its own processor time; `low` is the median, `high` the slowest.

    The two differ by what other programs take of the core.
    """
    for call in range(20):
        work(call)
    took, own = [], []
    for call in range(calls):
        started, busy = time.perf_counter(), time.thread_time()
        work(call)
        own.append(1_000 * (time.thread_time() - busy))
        took.append(1_000 * (time.perf_counter() - started))
    return [_p95(what + ", p95", took, bar), _p95(what + ", p95 of its own time", own, "")]


def _p95(what: str, took: list[float], bar: str) -> Figure:
    return Figure(what, float(np.percentile(took, 95)), "ms", float(np.median(took)), max(took), len(took), bar)


def the_plan() -> Plan:
    """A merchandiser's plan of every kind of rule."""
    rules = [
        {"rule_id": "gone", "kind": "hide", "where": {"brand": "brand 7"}},
        {"rule_id": "only", "kind": "filter", "where": {"season": [f"season {value}" for value in range(8)]}},
        {"rule_id": "first", "kind": "pin", "where": {"item_id": ["i000011", "i000012"]}, "position": 2},
        {"rule_id": "up", "kind": "boost", "where": {"brand": ["brand 1", "brand 2"]}, "strength": 30},
        {"rule_id": "dear", "kind": "boost", "where": {"price_range": "luxury"}, "strength": 15},
        {"rule_id": "down", "kind": "bury", "where": {"colour": "colour 3"}, "strength": 40},
        {"rule_id": "young", "kind": "freshness", "strength": 0.3},
        {"rule_id": "earn", "kind": "margin", "strength": 0.2},
        {"rule_id": "full", "kind": "stock", "strength": 0.1},
        {"rule_id": "few", "kind": "cap", "facet": "category", "most": 6},
        {"rule_id": "mixed", "kind": "cap", "facet": "brand", "most": 3},
        {"rule_id": "wide", "kind": "diversity", "strength": 0.3},
    ]
    return Plan.model_validate({"rules": rules})


def publish(settings: Settings, estimator: RecommenderEstimator, dataset: Dataset) -> None:
    """A release folder as a promotion lays it out."""
    root = settings.releases / SHOP
    blobs = ArtifactStore(root / "1" / "blobs")
    tables = {
        str(table): [{"digest": blobs.put_blob(path.read_bytes()), "rows": 1} for path in paths]
        for table, paths in dataset.files.items()
        if table in (Rows.ITEMS, Rows.VARIANTS, Rows.STOCK_LEVELS, Rows.PRICES)
    }
    champion = {"model": f"{SHOP}.recommender", "version": "1.0.0", "artifact": blobs.put(estimator.save())}
    manifest = {
        "shop": SHOP,
        "number": 1,
        "models": {"recommender": champion},
        "snapshot": 1,
        "tables": tables,
        "plan": the_plan().model_dump(mode="json"),
        "plan_number": 1,
    }
    (root / "1" / "manifest.json").write_text(json.dumps(manifest))
    (root / "current.json").write_text(json.dumps({"number": 1}))


def made(folder: Path, items: int, shoppers: int = 20_000, events: int = 300_000) -> Dataset:
    """A shop with the shape of a fashion catalogue: few popular products, many tastes."""
    random = np.random.default_rng(7)
    ids = [f"i{row:06d}" for row in range(items)]
    category, brand = random.integers(0, 40, items), np.minimum(random.zipf(1.4, items), 350)
    colour = random.integers(0, 15, items)
    words = [f"word{number}" for number in range(600)]
    picked = random.integers(0, 600, (items, 3))
    rows: dict[Rows, dict[str, Any]] = {
        Rows.ITEMS: {
            "item_id": ids,
            "title": [" ".join(words[word] for word in row) for row in picked],
            "description": ["" for _ in ids],
            "category": [f"category {value}" for value in category],
            "brand": [f"brand {value}" for value in brand],
            "colour": [f"colour {value}" for value in colour],
            "season": [f"season {value}" for value in random.integers(0, 12, items)],
            "cost": random.uniform(5, 60, items),
            "created_at": [_START - timedelta(days=int(days)) for days in random.integers(0, 700, items)],
            "attributes": [json.dumps({"material": f"material {value}"}) for value in random.integers(0, 25, items)],
        },
        Rows.VARIANTS: {
            "variant_id": [f"{item}-{size}" for item in ids for size in ("S", "M", "L")],
            "item_id": [item for item in ids for _ in range(3)],
            "size": ["S", "M", "L"] * items,
        },
        Rows.STOCK_LEVELS: {
            "variant_id": [f"{item}-{size}" for item in ids for size in ("S", "M", "L")],
            "time": [_START] * (3 * items),
            "on_hand": random.poisson(2, 3 * items),
        },
        Rows.PRICES: {"item_id": ids, "from": [_START] * items, "price": random.lognormal(4, 0.6, items).round(2)},
        Rows.SHOPPERS: {
            "shopper": [f"p_{row:020x}" for row in range(shoppers)],
            "age": random.uniform(18, 70, shoppers),
            "segment": [f"segment {value}" for value in random.integers(0, 6, shoppers)],
        },
    }
    activity = random.lognormal(0, 1.2, shoppers)
    appeal = random.permutation(1.0 / np.arange(1, items + 1) ** 0.7)
    item = random.choice(items, size=events, p=appeal / appeal.sum())
    rows[Rows.INTERACTIONS] = {
        "shopper": [f"p_{row:020x}" for row in random.choice(shoppers, size=events, p=activity / activity.sum())],
        "item_id": [ids[row] for row in item],
        "event": ["purchase"] * events,
        "time": [_START + timedelta(minutes=int(minute)) for minute in random.integers(0, 300_000, events)],
        "context": [json.dumps({"occasion": f"occasion {value}", "size": "SML"[value % 3]}) for value in item % 8],
    }
    return written(folder, rows)


def written(folder: Path, rows: dict[Rows, dict[str, Any]]) -> Dataset:
    """Columns as the Parquet files of a snapshot."""
    folder.mkdir(parents=True)
    files = {}
    for table, columns in rows.items():
        schema, size = TABLES[table].arrow_schema(), len(next(iter(columns.values())))
        arrays = [
            pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(size, field.type)
            for field in schema
        ]
        files[table] = [folder / f"{table}.parquet"]
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), files[table][0])
    return Dataset(files, snapshot=1)


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
