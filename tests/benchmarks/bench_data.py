"""How long data takes to come in."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.actor import Actor
from engine.catalog.demo_shop import generate
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.settings import Settings
from tests.benchmarks.table import Figure, Table

SHARED = Path(os.environ.get("SKYY_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def run() -> Table:
    table = Table("data", "the demo shop; Rent The Runway, 192,544 rentals; H&M, 11,800 articles and 1,200 photos")
    table.figures.append(
        Figure("generate the demo shop with 3,000 pictures", seconds(lambda: generate()), "s", bar="< 20 s")
    )
    for shop, source in (("rent_the_runway", SHARED / "rent_the_runway" / "rentals.parquet"), ("hm", SHARED / "hm")):
        with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder))) as engine:
            took = seconds(
                lambda engine=engine, shop=shop, source=source: engine.call(
                    CatalogService.run_import, actor=Actor.system("bench"), shop=shop, path=source
                )
            )
            table.figures.append(Figure(f"import {shop}", took, "s"))
    return table


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
