from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.clock import ManualClock
from engine.store import Store
from tests.faults import processes

ACTS = 12
CLOCK = ManualClock(datetime(2026, 11, 1, tzinfo=UTC))

_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.actor import Actor
from engine.core import Engine
from engine.model_registry.service import RegistryService
from engine.settings import Settings

engine = Engine.open(Settings.at(Path(sys.argv[1])))
for number in range(int(sys.argv[2])):
    engine.call(RegistryService.create_model, actor=Actor("tester"), model=f"model-{number}", kind="custom")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="session")
def killed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose owner was killed after `ACTS` acts, so that its write-ahead log is full."""
    home = tmp_path_factory.mktemp("killed") / "home"
    assert processes.run(_KILLED, home, ACTS).returncode == -signal.SIGKILL
    assert (home / "skyy.duckdb.wal").stat().st_size > 1000
    return home


@pytest.fixture
def killed(killed_home: Path, tmp_path: Path) -> Path:
    """The database file in a copy of `killed_home`."""
    home = tmp_path / "killed"
    shutil.copytree(killed_home, home, ignore=shutil.ignore_patterns("owner.*"))
    return home / "skyy.duckdb"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store" / "skyy.duckdb", clock=CLOCK)
    yield opened
    opened.close()


@pytest.fixture
def open_model(actor: Actor) -> Callable[[Store, str], None]:
    """One act: a model is created."""

    def act(store: Store, model: str) -> None:
        with store.write(actor) as transaction:
            payload = {"model": model, "kind": "custom", "shop": None, "description": "", "tags": {}}
            transaction.emit("model.created", model, payload)

    return act
