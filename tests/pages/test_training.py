"""The training page, as a script: what it offers, starts, watches and tells of the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.training.asked import _preview
from engine.core import Engine
from engine.model_registry.schema import Stage
from engine.model_registry.service import RegistryService
from engine.training import JobInfo, JobState, Progress, TrainingService, Trial
from tests.pages.stock import MODEL, SHOP, TESTER
from tests.pages.test_pages import metrics, opened, texts


def said(app: AppTest) -> str:
    """The page's words without the signs that keep them plain."""
    return texts(app).replace("\\", "")


def url(app: AppTest, name: str) -> str:
    """A parameter of the address; a single one may come as a list."""
    value = app.query_params.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def queued(engine: Engine, **how: Any) -> JobInfo:
    return engine.call(TrainingService.submit, actor=TESTER, kind="recommender", shop=SHOP, **how)


def first_job(engine: Engine) -> JobInfo:
    """The job that made the second version."""
    return engine.call(TrainingService.list_jobs)[0]


@pytest.fixture(autouse=True)
def no_kept_previews() -> None:
    """Each test has a store of its own under the same names."""
    _preview.clear()


def test_the_first_screen_tells_what_will_happen(stocked: Engine) -> None:
    app = opened("training")
    assert app.button(key="train").label == "Retrain the champion"
    assert "Champion **1.0.0**: NDCG@10" in said(app)
    assert "from" in metrics(app)["Learns from"] or "events" in metrics(app)["Learns from"]
    assert metrics(app)["Takes about"] != "–"
    assert "Columns used:" in said(app)
    assert "gains nothing" in said(app)  # the champion learned from these rows


def test_a_preset_makes_a_challenger_and_is_in_the_url(stocked: Engine) -> None:
    app = opened("training", preset="quick")
    assert app.button(key="train").label == "Train a challenger"
    app.button(key="train").click().run()
    job = stocked.call(TrainingService.list_jobs)[0]
    assert job.preset == "quick"
    assert job.config["linear_items"] == 1500


def test_only_what_was_changed_is_sent_over_the_preset(stocked: Engine) -> None:
    app = opened("training", preset="quick")
    field = next(box for box in app.number_input if box.label == "Neighbours")
    field.set_value(140).run()
    assert json.loads(url(app, "settings")) == {"neighbours": 140}
    assert "Neighbours 100 to 140" in said(app)
    app.button(key="train").click().run()
    job = stocked.call(TrainingService.list_jobs)[0]
    assert (job.preset, job.config["neighbours"], job.config["linear_items"]) == ("quick", 140, 1500)


def test_a_link_carries_changed_settings_and_they_can_be_taken_back(stocked: Engine) -> None:
    app = opened("training", settings='{"neighbours": 55}')
    assert app.button(key="train").label == "Train a challenger"
    app.button(key="settings_reset").click().run()
    assert app.button(key="train").label == "Retrain the champion"
    assert not url(app, "settings")


@pytest.mark.parametrize("given", ["no json", '{"neighbours": -4}', '{"unknown": 1}', "[1]"])
def test_a_link_with_impossible_settings_starts_with_the_recipe(stocked: Engine, given: str) -> None:
    app = opened("training", settings=given)
    assert app.button(key="train").label == "Retrain the champion"
    assert not app.error


def test_settings_that_do_not_go_together_are_one_sentence(stocked: Engine) -> None:
    app = opened("training", preset="quick")
    alpha = next(box for box in app.number_input if box.label == "Alpha")
    alpha.set_value(0.0).run()
    assert len(app.error) == 1
    assert "alpha" in app.error[0].value + str(app.error[0])
    assert app.button(key="train").disabled


def test_a_search_and_a_place_in_the_queue_are_asked_for(stocked: Engine) -> None:
    app = opened("training", preset="quick", tune="true", minutes="3", priority="Sooner")
    assert "3 min 00 s at most" in said(app)
    app.button(key="train").click().run()
    job = stocked.call(TrainingService.list_jobs)[0]
    assert job.tuning is not None
    assert (job.tuning.minutes, job.priority) == (3.0, 1)


def test_what_the_data_lacks_is_said_and_holds_the_button(stocked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.estimators.recommender.estimator import RecommenderEstimator

    monkeypatch.setattr(RecommenderEstimator, "missing", classmethod(lambda *_: ["There are no events."]))
    app = opened("training")
    assert app.button(key="train").disabled
    assert "There are no events" in said(app)


def test_a_name_makes_a_model_of_its_own_without_a_champion(stocked: Engine) -> None:
    app = opened("training", model="atelier.other")
    assert app.button(key="train").label == "Train"
    assert "No champion yet" in said(app)
    app.button(key="train").click().run()
    assert stocked.call(TrainingService.list_jobs)[0].model == "atelier.other"


def test_a_name_that_cannot_be_is_one_sentence(stocked: Engine) -> None:
    app = opened("training", model="../etc")
    assert len(app.error) == 1
    assert app.button(key="train").disabled


def test_a_running_job_is_opened_by_itself_and_can_be_closed(stocked: Engine) -> None:
    job = queued(stocked)
    app = opened("training")
    assert url(app, "job") == job.job_id
    app.button(key="close_job").click().run()
    assert not url(app, "job")
    assert app.button(key="train")


def test_trials_curves_and_load_of_a_running_job(stocked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queued(stocked).model_copy(update={"state": JobState.RUNNING})
    progress = Progress(
        stage="Tuning", share=0.4, eta_s=61, elapsed_s=40, memory_mb=512, cpu_percent=95, gpu_percent=33,
        gpu_memory_mb=1024, metrics={"validation_loss": [(0, 1.0), (1, 0.5)]}, log=["first", "last"],
        trials=[Trial(number=0, state="complete", value=0.1, params={"alpha": 0.5}, seconds=2),
                Trial(number=1, state="running", value=None, params={}, seconds=1)],
    )  # fmt: skip
    service = stocked.service(TrainingService)
    monkeypatch.setattr(service, "get_job", lambda **_: job)
    monkeypatch.setattr(service, "progress", lambda **_: progress)
    app = opened("training", job=job.job_id)
    assert metrics(app)["Processor"] == "95%"
    assert metrics(app)["Memory"] == "512.0 MB"
    assert metrics(app)["Graphics processor"] == "33%"
    assert "2 trials: 1 complete, 1 running. The best is trial 0 with NDCG@10 0.1000" in said(app)
    assert "last" in app.code[0].value


def test_queued_jobs_change_their_place(stocked: Engine) -> None:
    job = queued(stocked)
    app = opened("training")
    app.segmented_control(key=f"priority_{job.job_id}").set_value("Sooner").run()
    assert stocked.call(TrainingService.get_job, job_id=job.job_id).priority == 1


def test_a_job_that_ends_meanwhile_is_told(stocked: Engine) -> None:
    job = queued(stocked)
    app = opened("training")
    stocked.call(TrainingService.cancel, actor=TESTER, job_id=job.job_id)
    app.run()
    assert [toast.value.replace("\\", "") for toast in app.toast] == [f"{MODEL} was cancelled."]
    app.run()
    assert not app.toast


def test_a_failed_job_says_why_and_can_run_again(stocked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queued(stocked)
    stocked.call(TrainingService.cancel, actor=TESTER, job_id=job.job_id)
    app = opened("training", job=job.job_id)
    assert "skyy train recommender" in app.code[0].value
    app.button(key="rerun").click().run()
    again = stocked.call(TrainingService.list_jobs)[0]
    assert again.rerun_of == job.job_id
    assert url(app, "job") == again.job_id


@pytest.mark.parametrize("part", ["By slice", "Metrics", "Calibration", "Speed and size", "How it went", "Recipe"])
def test_every_part_of_a_result_draws(stocked: Engine, part: str) -> None:
    app = opened("training", job=first_job(stocked).job_id, part=part)
    assert not app.error
    assert app.button(key="promote")
    assert [alert.icon for alert in (*app.warning, *app.success)] == [":material/block:"]


def test_both_sides_of_a_result_are_told(stocked: Engine) -> None:
    app = opened("training", job=first_job(stocked).job_id, part="Metrics")
    rows = app.dataframe[0].value
    assert rows["Metric"].iloc[0] == "NDCG@10"
    assert {"Version 1.1.0", "Champion 1.0.0", "Difference"} <= set(rows.columns)


def test_a_version_is_archived_from_its_job(stocked: Engine) -> None:
    app = opened("training", job=first_job(stocked).job_id)
    app.button(key="archive_confirm").click().run()
    assert stocked.call(RegistryService.get_version, model=MODEL, reference="1.1.0").stage is Stage.ARCHIVED
    assert not [button for button in app.button if button.key == "archive_confirm"]


def test_jobs_are_listed_with_recipe_and_person(stocked: Engine) -> None:
    rows = opened("training", preset="quick").dataframe[-1].value
    assert list(rows["State"]) == ["succeeded", "succeeded"]
    assert set(rows["By"]) == {"tester"}
