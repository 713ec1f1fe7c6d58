"""A small shop with a taste to find: shoppers keep to one of three categories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES, Table
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator

CATEGORIES = ("dresses", "shirts", "coats")
START = datetime(2026, 1, 1, tzinfo=UTC)


def dataset_of(folder: Path, rows: dict[Table, list[dict[str, Any]]]) -> Dataset:
    """Rows as the Parquet files of a snapshot."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for table, records in rows.items():
        path = folder / f"{table}.parquet"
        pq.write_table(pa.Table.from_pylist(records, schema=TABLES[table].arrow_schema()), path)
        files[table] = [path]
    return Dataset(files, snapshot=1)


def small_shop(*, times: bool = True, shoppers: int = 240, seed: int = 1) -> dict[Table, list[dict[str, Any]]]:
    """60 items, shoppers with 8 events over 200 days, most in the category that they like."""
    random = np.random.default_rng(seed)
    items = [item(number) for number in range(60)]
    appeal = random.dirichlet(np.full(20, 0.5), size=3)
    people, events = [], []
    for number in range(shoppers):
        name = f"p_{number:020x}"
        people.append({"shopper": name, "age": float(20 + number % 50), "segment": "vip" if number % 4 == 0 else None})
        for _ in range(8):
            kind = number % 3 if random.random() < 0.8 else int(random.integers(3))
            events.append(event(name, kind * 20 + int(random.choice(20, p=appeal[kind])), random, times=times))
    return {
        Table.ITEMS: items,
        Table.SHOPPERS: people,
        Table.INTERACTIONS: events,
        Table.PRICES: [
            {"item_id": row["item_id"], "from": START, "price": 10.0 + place} for place, row in enumerate(items)
        ],
        Table.VARIANTS: [
            {"variant_id": f"{row['item_id']}-{size}", "item_id": row["item_id"], "size": size}
            for row in items
            for size in ("S", "M")
        ],
        Table.STOCK_LEVELS: [
            {"variant_id": f"{row['item_id']}-{size}", "time": START, "on_hand": 0 if place % 7 == 0 else 3}
            for place, row in enumerate(items)
            for size in ("S", "M")
        ],
    }


def stored(folder: Path, tables: Mapping[Table, pa.Table]) -> Dataset:
    """Arrow tables as a dataset in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        pq.write_table(rows, folder / f"{table}.parquet")
    return Dataset({table: [folder / f"{table}.parquet"] for table in tables})


def item(number: int) -> dict[str, Any]:
    category = CATEGORIES[number // 20]
    return {
        "item_id": f"i{number:02d}",
        "title": f"{('Red', 'Blue')[number % 2]} {category[:-1]} {number}",
        "description": f"soft {category} for every day",
        "category": category,
        "brand": ("Vela", "Lumen", "Kastanie")[number % 3],
        "colour": ("red", "blue")[number % 2],
        "season": "SS26",
        "created_at": START - timedelta(days=10),
        "attributes": json.dumps({"material": ("silk", "wool")[number % 2]}),
    }


def event(shopper: str, number: int, random: np.random.Generator, *, times: bool) -> dict[str, Any]:
    context = {"occasion": CATEGORIES[number // 20] + " party", "size": ("S", "M")[number % 2]}
    return {
        "shopper": shopper,
        "item_id": f"i{number:02d}",
        "event": "purchase",
        "time": START + timedelta(days=float(random.uniform(0, 200))) if times else None,
        "context": json.dumps(context),
    }


def fitted(dataset: Dataset) -> RecommenderEstimator:
    """The default recipe, fitted to all rows."""
    found = RecommenderEstimator(RecommenderConfig())
    found.fit(RecommenderEstimator.everything(dataset, found.config), Silent())
    return found


class Silent:
    """A report that remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float]] = []
        self.metrics: dict[str, float] = {}
        self.lines: list[str] = []

    def stage(self, name: str, share: float) -> None:
        self.stages.append((name, share))

    def metric(self, name: str, step: int, value: float) -> None:
        self.metrics[name] = value

    def log(self, line: str) -> None:
        self.lines.append(line)
