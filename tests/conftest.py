"""What every test may lean on: an Engine of its own, tiers, and no silent skips where it counts."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from engine.actor import Actor
from engine.core import Engine, set_current_engine
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.training import JobInfo

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
FULL = os.environ.get("SKYY_TEST_TIER") == "full"
_LONG_S = 1200
STRICT = FULL or os.environ.get("CI") == "true"

settings.register_profile("quick", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("full" if FULL else "quick")


def rounds(quick: int, full: int) -> int:
    """How often a test with the mark `rounds` repeats in this tier."""
    return full if FULL else quick


class _NoSilentSkips:
    """Turns a run with a skip into a failed one, naming each."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.skipped:
            terminalreporter.write_line(f"A skip counts as a failure here: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if STRICT and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_NoSilentSkips())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every property test has more rounds in the full tier, and what has more rounds may take longer there."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("rounds")
        if FULL and item.get_closest_marker("rounds") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_LONG_S))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project, named by SKYY_SHARED_DATA."""
    folder = Path(os.environ.get("SKYY_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"shared data: no folder at {folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("system package: chromium is not installed")
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store folder of this test's own, also for what reads SKYY_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SKYY_HOME", str(folder))
    return folder


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    """An owning Engine, also the process's current one, closed at the end."""
    with Engine.open(Settings.at(home)) as opened:
        set_current_engine(opened)
        yield opened
    set_current_engine(None)


@pytest.fixture
def actor() -> Actor:
    return Actor(name="tester", via="python")


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo shop whose recommender was trained by a real worker and promoted; copy it."""
    from engine.catalog.demo import load_demo
    from engine.catalog.service import CatalogService
    from engine.training import TrainingService

    folder = tmp_path_factory.mktemp("trained") / "home"
    with Engine.open(Settings.at(folder)) as opened:
        who = Actor.system("setup")
        load_demo(opened.service(CatalogService), actor=who, scale=0.1)
        job = opened.call(TrainingService.submit, actor=who, kind="recommender", shop="demo", promote_if_passed=True)
        job = finished(opened, job.job_id)
        assert job.promoted, job.error
    return folder


@pytest.fixture
def demo(demo_home: Path, home: Path) -> Iterator[Engine]:
    """An owning Engine over a copy of `demo_home`, also the process's current one."""
    shutil.copytree(demo_home, home)
    with Engine.open(Settings.at(home)) as opened:
        set_current_engine(opened)
        yield opened
    set_current_engine(None)


def finished(opened: Engine, job_id: str, *, within_s: float = 240.0) -> JobInfo:
    """The job once it has ended."""
    from engine.training import TrainingService

    return wait_for(
        lambda: opened.call(TrainingService.get_job, job_id=job_id),
        until=lambda job: job.state.final,
        within_s=within_s,
    )


def wait_for(look: Callable[[], T], *, until: Callable[[T], bool], within_s: float = 60.0) -> T:
    """What `look` gives once `until` holds for it; fails by name when that takes too long."""
    pause, deadline = threading.Event(), time.monotonic() + within_s
    while not until(found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {within_s} s"
        pause.wait(0.05)
    return found
