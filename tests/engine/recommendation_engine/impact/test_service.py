"""Estimates over a real demo shop: progress, joining, caching, cancelling, every door."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from engine.actor import Actor
from engine.background import Background, BackgroundJob, BackgroundState
from engine.cli import app as cli
from engine.core import Engine
from engine.errors import InvalidInput, JobNotFound, ReleaseNotFound, ShopNotFound, VersionNotFound
from engine.inference_server import control
from engine.recommendation_engine import Plan, PlanService, RecommendationService, Rule
from engine.recommendation_engine.impact import ImpactEstimator, ImpactReport, ImpactService, Method
from engine.recommendation_engine.plan import Draft, Exploration, RuleKind
from engine.recommendation_engine.schema import Act
from engine.settings import LOOPBACK
from tests.conftest import wait_for

FEW = 60
BOOST = Draft(plan=Plan(rules=(Rule(rule_id="b", kind=RuleKind.BOOST, where={"category": "dresses"}, strength=300),)))


def ended(opened: Engine, job: BackgroundJob[ImpactReport]) -> BackgroundJob[ImpactReport]:
    return wait_for(
        lambda: opened.call(ImpactService.get, job_id=job.id), until=lambda found: found.state.final, within_s=240
    )


def test_a_draft_is_replayed_once_and_then_remembered(demo: Engine, tmp_path: Path) -> None:
    stopped = demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=FEW)
    ended_early = demo.call(ImpactService.cancel, job_id=stopped.id)
    assert (ended_early.state, ended_early.result) == (BackgroundState.CANCELLED, None)

    job = demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=FEW)
    assert job.id != stopped.id
    assert demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=FEW).id == job.id
    found = ended(demo, job)
    assert found.state is BackgroundState.DONE, found.error
    report = found.result
    assert isinstance(report, ImpactReport)
    assert report.sessions == FEW < report.of
    assert (report.shop, report.plan, report.version) == ("demo", 0, "1.0.0")
    dresses = next(row for row in report.exposure["category"] if row.value == "dresses")
    assert dresses.after > dresses.before
    assert dresses.difference.low is not None
    assert dresses.difference.low > 0
    assert report.off_policy is None

    stages: list[tuple[float, str]] = []
    estimator = ImpactEstimator(demo)
    awaited = estimator.estimate(BOOST.plan, shop="demo", sessions=FEW)
    assert asyncio.run(awaited) == report

    again = demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=FEW)
    assert (again.id, again.state) == (job.id, BackgroundState.DONE)

    same = asyncio.run(
        estimator.estimate(BOOST, shop="demo", against=BOOST, sessions=FEW, progress=lambda *told: stages.append(told))
    )
    assert same.plan is None
    assert {m.difference.value for m in same.measures} == {0.0}
    assert stages[-1] == (1.0, "Done")

    _through_http(demo, report)
    _through_the_command_line(tmp_path)


def _through_http(demo: Engine, report: ImpactReport) -> None:
    client = TestClient(control.create_app(lambda: demo, allowed_hosts=LOOPBACK), base_url="http://localhost:8501")
    body = {"shop": "demo", "draft": BOOST.model_dump(mode="json"), "sessions": FEW}
    started = client.post("/v1/impact", json=body)
    assert started.status_code == 202
    answer = client.get(f"/v1/impact/{started.json()['id']}").json()
    assert ImpactReport.model_validate(answer["result"]) == report
    assert client.post(f"/v1/impact/{started.json()['id']}/cancel", json={}).json()["state"] == "done"
    assert client.get("/v1/impact/none").status_code == 404


def _through_the_command_line(folder: Path) -> None:
    path = folder / "plan.json"
    path.write_text(BOOST.plan.model_dump_json())
    told = CliRunner().invoke(
        cli,
        ["impact", "--shop", "demo", "--plan", str(path), "--price", "g00001=9.90", "--sessions", str(FEW), "--json"],
    )
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["sessions"] == FEW


def test_what_cannot_be_replayed_is_refused(demo: Engine) -> None:
    with pytest.raises(InvalidInput, match="sessions"):
        demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=10)
    with pytest.raises((ReleaseNotFound, ShopNotFound)):
        demo.call(ImpactService.start, shop="nowhere", draft=BOOST)
    with pytest.raises(VersionNotFound):
        demo.call(ImpactService.start, shop="demo", draft=BOOST, version="9.9.9")
    with pytest.raises(JobNotFound):
        demo.call(ImpactService.get, job_id="none")


def test_lists_that_were_shown_with_chance_tell_click_rates(demo: Engine, actor: Actor) -> None:
    exploring = Plan(exploration=Exploration(share=0.3, newer_than_days=365))
    demo.call(PlanService.publish, actor=actor, shop="demo", plan=exploring, reason="learn of new products")
    for number in range(130):
        shown = demo.call(RecommendationService.recommend, shop="demo", user_id=f"s{number:05d}", limit=4)
        if number % 3 == 0:
            demo.call(
                RecommendationService.observe,
                shop="demo",
                user_id=f"s{number:05d}",
                item_id=shown.items[0].item_id,
                event=Act.VIEW,
                request_id=shown.request_id,
            )
    found = ended(demo, demo.call(ImpactService.start, shop="demo", draft=Draft(), sessions=FEW))
    assert found.result is not None, found.error
    rates = found.result.off_policy
    assert rates is not None
    assert set(rates) == {"before", "after"}
    rate = rates["after"]
    assert rate.rows == 130 * 4
    assert rate.logged.value == pytest.approx(44 / (130 * 4))
    assert 0.7 < rate.mean_weight.value < 1.4
    assert 0 < rate.estimates[Method.SNIPS].value < 0.3


def test_jobs_end_with_the_engine(demo: Engine) -> None:
    job = demo.call(ImpactService.start, shop="demo", draft=BOOST, sessions=FEW)
    part = demo.part(Background)
    demo.close()
    assert part.get(job.id).state.final
