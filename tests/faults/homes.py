"""Store folders with a small shop in them, made once a session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engine.actor import Actor
from engine.catalog.records import Mode, Source
from engine.catalog.schema import TABLES
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.settings import Settings
from engine.training import JobState, TrainingService
from tests.engine.estimators.shops import small_shop
from tests.faults.processes import until

SHOP = "shop"
MODEL = "shop.recommender"
ACTOR = Actor("tester")


def take_in(engine: Engine, *, seed: int = 1, shop: str = SHOP) -> int:
    """Take the small shop in and return its snapshot's number."""
    tables = {
        table: pa.Table.from_pylist(rows, schema=TABLES[table].arrow_schema())
        for table, rows in small_shop(seed=seed).items()
    }
    report = engine.service(CatalogService).take_in(
        actor=ACTOR,
        shop=shop,
        title="Small shop",
        synthetic=True,
        importer="test",
        tables=tables,
        images={},
        sources=(Source(name=f"seed {seed}", sha256=f"{seed:064x}", bytes=0),),
        mode=Mode.REPLACE,
    )
    assert report.snapshot is not None
    return report.snapshot


@pytest.fixture(scope="session")
def _shop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("shop") / "home"
    with Engine.open(Settings.at(home)) as engine:
        take_in(engine)
    return home


@pytest.fixture(scope="session")
def _trained_home(_shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained") / "home"
    _copy(_shop_home, home)
    with Engine.open(Settings.at(home)) as engine:
        job = engine.call(TrainingService.submit, actor=ACTOR, kind="recommender", shop=SHOP, promote_if_passed=True)
        until(lambda: engine.call(TrainingService.get_job, job_id=job.job_id).state.final)
        job = engine.call(TrainingService.get_job, job_id=job.job_id)
        assert (job.state, job.promoted) == (JobState.SUCCEEDED, True), job.error
    return home


@pytest.fixture
def shop_home(_shop_home: Path, home: Path) -> Path:
    """This test's own store with the small shop's snapshot."""
    return _copy(_shop_home, home)


@pytest.fixture
def trained_home(_trained_home: Path, home: Path) -> Path:
    """This test's own store with the small shop, a trained champion and its release."""
    return _copy(_trained_home, home)


@pytest.fixture
def copy_trained(_trained_home: Path, tmp_path: Path) -> Callable[[str], Path]:
    """As `trained_home`, any number of them."""
    return lambda name: _copy(_trained_home, tmp_path / name)


def _copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("owner.*")))
