"""A home with a small shop, two trained versions and a champion, made once and copied for each test."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from engine.actor import Actor
from engine.catalog.records import Mode, Source
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.core import Engine, set_current_engine
from engine.model_registry.service import RegistryService
from engine.settings import Settings
from engine.training import Supervisor, TrainingService, start_background
from tests.engine.estimators.shops import small_shop

SHOP = "atelier"
MODEL = "atelier.recommender"
TRICKY_ITEM = "i20"
TRICKY_TITLE = "<img src=x onerror=alert(1)> **bold** $x$"
TESTER = Actor(name="tester", via="python")


@pytest.fixture(scope="session")
def stocked_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("stocked") / "home"
    with Engine.open(Settings.at(home)) as engine:
        take_in_shop(engine)
        start_background(engine)
        first = trained(engine, "first")
        registry = engine.service(RegistryService)
        registry.promote(actor=TESTER, model=MODEL, version=first, expected=None, reason="the first", overrule=True)
        trained(engine, "second")
    return home


@pytest.fixture
def stocked_home(stocked_template: Path, home: Path) -> Path:
    shutil.copytree(stocked_template, home, ignore=shutil.ignore_patterns("owner.*"))
    return home


@pytest.fixture
def stocked(stocked_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An open engine over the small shop, whose jobs stay queued: no worker starts."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)
    with Engine.open(Settings.at(stocked_home)) as engine:
        set_current_engine(engine)
        yield engine
    set_current_engine(None)


def take_in_shop(engine: Engine) -> None:
    rows = small_shop()
    for row in rows[Table.ITEMS]:
        if row["item_id"] == TRICKY_ITEM:
            row["title"] = TRICKY_TITLE
    tables = {table: pa.Table.from_pylist(rows[table], schema=TABLES[table].arrow_schema()) for table in rows}
    engine.service(CatalogService).take_in(
        actor=TESTER,
        shop=SHOP,
        title="Atelier & Co",
        synthetic=True,
        importer="test",
        tables=tables,
        images={f"i{number:02d}": picture(number) for number in range(0, 60, 2)},
        sources=(Source(name="rows", sha256="0" * 64, bytes=1),),
        mode=Mode.APPEND,
    )


def trained(engine: Engine, key: str) -> str:
    """Train in a worker and wait; returns the version."""
    jobs = engine.service(TrainingService)
    job = jobs.submit(actor=TESTER, kind="recommender", shop=SHOP, idempotency_key=key)
    end = time.monotonic() + 120
    while not job.state.final:
        assert time.monotonic() < end, "the training did not end"
        threading.Event().wait(0.1)
        job = jobs.get_job(job_id=job.job_id)
    assert job.version is not None, job.error
    return job.version


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (36, 48), (40 + 3 * number, 90, 200 - 2 * number)).save(buffer, "JPEG")
    return buffer.getvalue()
