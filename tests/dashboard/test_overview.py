from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dashboard.overview import next_action, serving
from engine.catalog.records import ShopInfo
from engine.model_registry.schema import Lineage, ModelInfo, Stage, VersionInfo
from engine.training import JobInfo, JobState

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def shop(snapshot: int | None = 1) -> ShopInfo:
    return ShopInfo(shop="a", title="A", synthetic=False, created_at=NOW, snapshot=snapshot)


def job(state: JobState, snapshot: int = 1) -> JobInfo:
    known: dict[str, Any] = {"config": {}, "version": None, "promoted": False, "error": None}
    return JobInfo(
        job_id="j", kind="k", shop="a", model="a.k", snapshot=snapshot, state=state, created_at=NOW,
        created_by="x", started_at=None, ended_at=None, **known,
    )  # fmt: skip


def version(snapshot: int = 1) -> VersionInfo:
    return VersionInfo(
        model="a.k", version="1.0.0", framework="f", stage=Stage.CANDIDATE, description="", tags={}, params={},
        metrics={"ndcg_at_10": 0.1}, signature=None, artifact="d", lineage=Lineage(snapshot=snapshot),
        evaluation={"metrics": {"ndcg_at_10": {"value": 0.1, "low": 0.05, "high": 0.2}}}, card=None, run_id=None,
        created_at=NOW, created_by="x", aliases=(),
    )  # fmt: skip


def champion(snapshot: int = 1) -> Any:
    model = ModelInfo(
        model="a.k", kind="k", shop="a", description="", tags={}, created_at=NOW, versions=1, latest="1.0.0",
        aliases={"champion": "1.0.0"},
    )  # fmt: skip
    return serving(model, version(snapshot), [], {"metric": "ndcg_at_10"})


def test_without_data_it_is_an_import() -> None:
    assert next_action([], [], [], [], None).page == "data"
    assert next_action([shop(None)], [], [], [], None).page == "data"


def test_data_without_champion_is_trained() -> None:
    assert next_action([shop()], [], [], [], None).label == "Train its first model"


def test_a_running_job_is_watched_first() -> None:
    action = next_action([shop()], [], [], [job(JobState.RUNNING)], version())
    assert action.params == {"job": "j"}


def test_a_version_that_passed_is_reviewed() -> None:
    action = next_action([shop()], [], [champion()], [], version())
    assert (action.page, action.params["version"]) == ("registry", "1.0.0")


def test_newer_data_is_trained_on_once() -> None:
    assert next_action([shop(2)], [], [champion(1)], [], None).label == "Retrain on it"
    tried = [job(JobState.SUCCEEDED, snapshot=2)]
    assert next_action([shop(2)], [], [champion(1)], tried, None).page == "sandbox"
    failed = [job(JobState.FAILED, snapshot=2)]
    assert next_action([shop(2)], [], [champion(1)], failed, None).label == "Retrain on it"


def test_a_champion_tells_its_interval() -> None:
    assert champion().interval == (0.1, 0.05, 0.2)
    assert champion().since == NOW
