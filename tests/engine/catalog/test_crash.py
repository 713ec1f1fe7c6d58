"""Killed or out of disk in the middle of an import: no half snapshot, and the next try works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR

SCRIPT = """
import sys
from pathlib import Path
from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.settings import Settings

with Engine.open(Settings.at(Path(sys.argv[1]))) as engine:
    engine.call(CatalogService.run_import, actor=Actor("tester"), shop="shop", path=Path(sys.argv[2]))
"""


def run_import(home: Path, path: Path, failpoint: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SKYY_FAILPOINT": failpoint}
    command = [sys.executable, "-c", SCRIPT, str(home), str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "failpoint",
    [
        "catalog.between_parts:1",
        "catalog.before_event:1",
        "store.commit.before:1",
        "files.rename:1",
        "files.rename:2:full",
        "catalog.before_event:1:full",
    ],
)
def test_no_half_snapshot(failpoint: str, tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "products.csv"
    path.write_text("item_id,title,price\nA,Dress,10\nB,Skirt,-1\n")
    done = run_import(home, path, failpoint)
    assert done.returncode == (1 if failpoint.endswith("full") else -signal.SIGKILL)
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        catalog = engine.service(CatalogService)
        assert catalog.list_shops() == []
        assert catalog.list_snapshots() == []
        report = catalog.run_import(actor=ACTOR, shop="shop", path=path)
        assert (report.snapshot, report.unchanged) == (1, False)
        assert [card.item_id for card in catalog.items(shop="shop")] == ["A", "B"]
        engine.store.verify()


def test_a_kill_after_the_commit_keeps_the_whole_snapshot(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "products.csv"
    path.write_text("item_id,title\nA,Dress\n")
    assert run_import(home, path, "store.commit.after:1").returncode == -signal.SIGKILL
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        catalog = engine.service(CatalogService)
        assert catalog.run_import(actor=ACTOR, shop="shop", path=path).unchanged
        assert catalog.items(shop="shop")[0].title == "Dress"
