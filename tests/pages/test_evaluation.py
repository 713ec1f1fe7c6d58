"""Starting, watching and reading evaluations, as scripts."""

from __future__ import annotations

import json

import pytest

from dashboard.evaluation_report import over_windows
from engine.background import BackgroundState
from engine.core import Engine
from engine.recommendation_engine.evaluation import (
    EvaluationInfo,
    EvaluationPlan,
    EvaluationReport,
    EvaluationService,
    evaluate,
)
from tests.conftest import wait_for
from tests.engine.recommendation_engine.evaluation.logs import shop_of
from tests.pages.stock import SHOP, TESTER
from tests.pages.test_pages import metrics, opened, texts

PLAN = EvaluationPlan(windows=1, models=("popularity", "cosine", "recommender"))


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return evaluate(shop_of(shoppers=300), EvaluationPlan(windows=2, days=15, models=("popularity", "cosine", "blend")))


@pytest.fixture
def ended(stocked: Engine, report: EvaluationReport) -> EvaluationInfo:
    """A report in place of the one that the child process of a cancelled evaluation would have written."""
    service = stocked.service(EvaluationService)
    info = service.start(actor=TESTER, shop=SHOP, plan=PLAN)
    service.cancel(actor=TESTER, evaluation=info.id)
    folder = stocked.settings.home / "evaluations" / info.id
    (folder / "report.json").write_text(report.model_dump_json(), encoding="utf-8")
    (folder / "end.json").write_text(json.dumps({"state": "done", "error": None}), encoding="utf-8")
    return service.get(evaluation=info.id)


def test_an_evaluation_is_started_watched_and_cancelled(stocked: Engine) -> None:
    app = opened("evaluation", shop=SHOP, models="popularity")
    assert app.multiselect(key="asked_models").value == ["popularity"]
    assert "No evaluation of this shop yet" in texts(app)
    app.button(key="evaluate").click().run()
    assert not app.exception
    service = stocked.service(EvaluationService)
    info = service.list_evaluations(shop=SHOP)[0]
    assert info.plan.models == ("popularity",)
    assert app.query_params["evaluation"] == info.id
    if not info.state.final:
        app.button(key="cancel_evaluation").click().run()
        assert not app.exception
    wait_for(lambda: service.get(evaluation=info.id), until=lambda now: now.state.final)


def test_the_first_screen_answers_which_model_is_best(ended: EvaluationInfo, report: EvaluationReport) -> None:
    app = opened("evaluation", shop=SHOP)
    assert not app.error
    shown = metrics(app)
    best = max(report.models, key=lambda model: model.metrics["ndcg_at_10"].value)
    assert shown["Best NDCG@10"] == f"{best.metrics['ndcg_at_10'].value:.4f}"
    assert shown["Tested shoppers"] == str(report.units)
    frame = app.dataframe[0].value
    assert frame["Model"][0] == best.title
    assert frame["NDCG@10"].is_monotonic_decreasing


@pytest.mark.parametrize("part", ["Windows", "Slices", "Two models", "How it was measured"])
def test_every_part_of_a_report_draws(ended: EvaluationInfo, part: str) -> None:
    app = opened("evaluation", shop=SHOP, evaluation=ended.id, part=part)
    assert not app.error


def test_two_models_are_compared_from_the_address(ended: EvaluationInfo, report: EvaluationReport) -> None:
    app = opened("evaluation", shop=SHOP, part="Two models", first="popularity", second="cosine")
    gap = report.pair("popularity", "cosine").difference
    assert f"{gap.value:.4f}".lstrip("-") in texts(app).replace("\\", "")
    assert "Cosine item-item is better" in texts(app).replace("\\", "")


def test_a_failure_is_told(stocked: Engine) -> None:
    service = stocked.service(EvaluationService)
    info = service.start(actor=TESTER, shop=SHOP, plan=EvaluationPlan(windows=12, days=366, models=("popularity",)))
    ended = wait_for(lambda: service.get(evaluation=info.id), until=lambda now: now.state.final)
    assert ended.state is BackgroundState.FAILED
    app = opened("evaluation", shop=SHOP, evaluation=info.id)
    assert len(app.error) == 1
    assert "fewer windows" in app.error[0].value


def test_an_address_that_names_nothing_shows_the_newest(ended: EvaluationInfo) -> None:
    app = opened("evaluation", shop=SHOP, evaluation="ev-nothing", models="nobody")
    assert not app.error
    assert "Best NDCG@10" in metrics(app)


def test_every_model_has_a_line_over_the_windows(report: EvaluationReport) -> None:
    figure = over_windows(report, "ndcg_at_10")
    assert [line.name for line in figure.data][-1] == "Popularity"
    assert all(len(line.y) == 2 for line in figure.data)
