"""From what was asked for to settings, from a job to what makes it again, and what a submission would do."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput, JobNotFound
from engine.model_registry import RegistryService
from engine.training import JobInfo, JobState, TrainingService, Tuning
from engine.training.expectation import Past, expected
from engine.training.recipes import clash, recipe_of, resolve
from tests.engine.training.conftest import ended, submit
from tests.engine.training.tiny import Tiny, TinyConfig
from tests.faults.homes import MODEL, SHOP

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHAMPION = {"level": 77.0, "table": "orders"}


@pytest.mark.parametrize(
    ("asked", "level", "table"),
    [
        ({}, 30.0, "prices"),
        ({"champion": CHAMPION}, 77.0, "orders"),
        ({"champion": CHAMPION, "preset": "quick"}, 20.0, "orders"),
        ({"champion": CHAMPION, "preset": "balanced"}, 30.0, "orders"),
        ({"champion": CHAMPION, "config": {}}, 30.0, "prices"),
        ({"champion": CHAMPION, "config": {"level": 1.0}}, 1.0, "prices"),
        ({"champion": CHAMPION, "config": {"level": 1.0}, "preset": "quick"}, 1.0, "orders"),
        ({"config": {"table": "reviews"}, "preset": "quick"}, 20.0, "reviews"),
    ],
)
def test_which_settings_count(asked: dict[str, Any], level: float, table: str) -> None:
    found = resolve(Tiny, **{"config": None, "preset": None, "champion": None, **asked})
    assert found == TinyConfig(level=level, table=table).model_dump(mode="json")


def test_a_champion_that_learned_from_other_data_is_no_rival(shop: Engine, tiny: str) -> None:
    assert clash(Tiny, {"level": 1.0, "table": "prices"}, {"level": 2.0, "table": "prices"}) is None
    assert clash(Tiny, {"table": "prices"}, None) is None
    first = ended(shop, submit(shop, kind=tiny))
    shop.call(
        RegistryService.promote,
        actor=Actor("tester"),
        model=first.model,
        version="1.0.0",
        expected=None,
        reason="wanted",
        overrule=True,
    )
    other = {"kind": tiny, "config": {"table": "orders"}}
    with pytest.raises(InvalidInput, match="table 'prices' instead of 'orders'"):
        submit(shop, **other)
    found = shop.call(TrainingService.preview, shop=SHOP, **other)
    assert len(found.missing) == 1
    assert found.outlook is not None
    assert ended(shop, submit(shop, **other, model="others")).state == JobState.SUCCEEDED


def test_settings_that_cannot_be(shop: Engine) -> None:
    with pytest.raises(InvalidInput, match="quick, balanced, best"):
        submit(shop, preset="enormous")
    with pytest.raises(InvalidInput, match="alpha"):
        shop.call(TrainingService.preview, kind="recommender", shop=SHOP, config={"alpha": -1})
    with pytest.raises(InvalidInput, match="priority 101"):
        submit(shop, priority=101)


def job(**more: Any) -> JobInfo:
    fields = {
        "job_id": "job-1",
        "kind": "tiny",
        "shop": "my shop",
        "model": "my.tiny",
        "snapshot": 3,
        "state": JobState.SUCCEEDED,
        "config": TinyConfig(level=31.0).model_dump(mode="json"),
        "version": "1.0.0",
        "promoted": False,
        "error": None,
        "created_at": NOON,
        "created_by": "tester",
        "started_at": NOON,
        "ended_at": NOON + timedelta(seconds=10),
        "memory_mb": 500.0,
    }
    return JobInfo(**{**fields, **more})


def test_a_recipe_is_one_line_for_a_shell(tiny: str) -> None:
    words = shlex.split(recipe_of(job()).command)
    assert words[:9] == ["skyy", "train", "tiny", "--shop", "my shop", "--model", "my.tiny", "--snapshot", "3"]
    assert words[9] == "--config"
    assert json.loads(words[10]) == {"level": 31.0}


def test_a_search_that_ended_well_is_not_searched_again(tiny: str) -> None:
    tuned = {"tuning": Tuning(minutes=2, trials=5)}
    assert recipe_of(job(**tuned)).tuning is None
    cut_off = recipe_of(job(**tuned, version=None, state=JobState.LOST))
    assert cut_off.tuning == Tuning(minutes=2, trials=5)
    assert cut_off.command.endswith("--tune 2 --trials 5")


def past(seconds: float, rows: int = 1000, **more: Any) -> Past:
    return Past(job(**more), rows, seconds)


def test_time_and_memory_grow_with_the_rows() -> None:
    found = expected([past(10.0), past(20.0), past(12.0)], config={}, preset=None, rows=2000)
    assert found is not None
    assert (found.seconds, found.memory_mb, found.from_runs) == (24.0, 700.0, 3)
    assert expected([], config={}, preset=None, rows=1) is None


def test_jobs_alike_are_asked_first() -> None:
    jobs = [past(5.0, preset="quick"), past(50.0, preset="best"), past(500.0, config={"model": "forest"})]
    told = [
        expected(jobs, config=config, preset=preset, rows=1000)
        for config, preset in (({}, "quick"), ({}, "best"), ({"model": "forest"}, "best"))
    ]
    assert [found.seconds for found in told if found] == [5.0, 50.0, 500.0]


def test_a_preview_tells_and_changes_nothing(trained: Engine) -> None:
    before = len(trained.store.events())
    found = trained.call(TrainingService.preview, kind="recommender", shop=SHOP)
    champion = trained.call(TrainingService.list_jobs)[0]
    assert (found.model, found.snapshot, found.champion, found.missing) == (MODEL, 1, "1.0.0", [])
    assert found.config == champion.config
    assert found.outlook is not None
    assert found.outlook.rows == 240 * 8
    assert found.expected is not None
    assert found.expected.from_runs == 1
    assert found.expected.seconds > 0
    assert found.expected.memory_mb > 0
    assert len(trained.store.events()) == before


def test_a_preview_of_a_shop_without_data_says_what_is_missing(shop: Engine, tiny: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(Tiny, "missing", lambda dataset, config: [f"Prices of {config.table}."])
    found = shop.call(TrainingService.preview, kind=tiny, shop=SHOP, preset="quick")
    assert (found.missing, found.outlook, found.expected) == (["Prices of prices."], None, None)
    with pytest.raises(InvalidInput, match="Prices of prices"):
        submit(shop, kind=tiny)


def test_a_rerun_gives_the_same_figures(trained: Engine) -> None:
    first = trained.call(TrainingService.list_jobs)[0]
    again = trained.call(TrainingService.rerun, actor=Actor("tester"), job_id=first.job_id)
    assert (again.rerun_of, again.config, again.snapshot) == (first.job_id, first.config, first.snapshot)
    done = ended(trained, again)
    assert (done.state, done.promoted) == (JobState.SUCCEEDED, False)
    ours, theirs = (
        trained.call(RegistryService.get_version, model=MODEL, reference=version or "")
        for version in (done.version, first.version)
    )
    assert ours.metrics == pytest.approx(theirs.metrics, rel=0, abs=1e-6)
    assert ours.artifact == theirs.artifact


def test_unknown_jobs_have_no_recipe(shop: Engine) -> None:
    with pytest.raises(JobNotFound):
        shop.call(TrainingService.recipe, job_id="job-none")
    with pytest.raises(JobNotFound):
        shop.call(TrainingService.rerun, actor=Actor("tester"), job_id="job-none")
