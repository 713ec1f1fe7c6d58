from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import PAGES, page_path
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.training import JobState, TrainingService
from tests.conftest import ROOT
from tests.pages.stock import MODEL, SHOP, TESTER

APP = str(ROOT / "dashboard" / "app.py")


def opened(page: str, /, **params: str) -> AppTest:
    """The app with a page run once; no page may show an exception."""
    app = AppTest.from_file(APP, default_timeout=60)
    if page != "home":
        app.switch_page(page_path(page))
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    """All words that the page shows."""
    kinds = (app.title, app.subheader, app.caption, app.markdown, app.warning, app.success, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("page", list(PAGES))
def test_a_page_without_data_says_what_to_do_next(engine: Engine, page: str) -> None:
    app = opened(page)
    assert app.title[0].value == PAGES[page][0]
    assert not app.error
    if page in ("home", "training", "sandbox"):
        assert [button.label for button in app.button] == ["Import data"]
    if page == "registry":
        assert [button.label for button in app.button] == ["Train a model"]


@pytest.mark.parametrize("page", list(PAGES))
def test_a_page_with_data_shows_no_error(stocked: Engine, page: str) -> None:
    app = opened(page)
    assert app.title[0].value == PAGES[page][0]
    assert not app.error


def test_home_tells_champion_and_next_action(stocked: Engine) -> None:
    app = opened("home")
    assert metrics(app)["Models serving"] == "1"
    assert metrics(app)["Versions"] == "2"
    assert metrics(app)["Products"] == "60"
    assert "NDCG@10" in metrics(app)
    assert app.button(key="next_action").label


def test_a_version_opens_by_its_address(stocked: Engine) -> None:
    app = opened("registry", model=MODEL, version="1.0.0")
    assert app.selectbox(key="version").value == "1.0.0"
    assert "atelier.recommender 1.0.0".replace("_", "") in texts(app).replace("\\", "")
    assert app.button(key="rollback")


def test_an_address_that_names_nothing_shows_the_table(stocked: Engine) -> None:
    app = opened("registry", model="nobody", version="9.9.9")
    assert "2 versions." in texts(app)


def test_training_submits_one_job_for_one_click(stocked: Engine) -> None:
    app = opened("training")
    before = len(stocked.call(TrainingService.list_jobs))
    key = app.session_state["training_click"]
    app.button(key="train").click().run()
    jobs = stocked.call(TrainingService.list_jobs)
    assert len(jobs) == before + 1
    assert app.session_state["training_click"] != key
    assert app.query_params["job"] == jobs[0].job_id
    assert not app.exception


def test_a_job_opens_by_its_address_and_can_be_cancelled(stocked: Engine) -> None:
    job = stocked.call(TrainingService.submit, actor=TESTER, kind="recommender", shop=SHOP)
    app = opened("training", job=job.job_id)
    app.button(key=f"cancel_{job.job_id}").click().run()
    assert stocked.call(TrainingService.get_job, job_id=job.job_id).state is JobState.CANCELLED


def test_an_unknown_job_is_one_clear_sentence(stocked: Engine) -> None:
    app = opened("training", job="job-nothing")
    assert len(app.error) == 1
    assert "Traceback" not in app.error[0].value


@pytest.mark.parametrize("tab", ["Tables", "Quarantine", "Snapshots", "Import"])
def test_every_part_of_data_draws(stocked: Engine, tab: str) -> None:
    app = opened("data", tab=tab)
    assert metrics(app)["Products"] == "60"
    assert not app.error or tab == "Import"


def test_sandbox_answers_for_a_shopper_and_for_a_basket(stocked: Engine) -> None:
    shopper = stocked.call(CatalogService.shoppers, shop=SHOP, limit=1)[0].shopper
    assert "24 products from" in texts(opened("sandbox", shopper=shopper))
    assert "24 products from" in texts(opened("sandbox", who="Basket", basket="i01"))


def test_sandbox_filters_come_from_the_address(stocked: Engine) -> None:
    app = opened("sandbox", category="shirts")
    assert app.selectbox(key="category").value == "shirts"
    assert not app.error


def test_a_shop_without_a_model_offers_to_train_one(stocked: Engine) -> None:
    stocked.call(RegistryService.list_models)
    for pointer in stocked.settings.releases.glob("*/current.json"):
        pointer.unlink()
    app = opened("sandbox")
    assert [button.label for button in app.button] == ["Train its first model"]


def test_an_unexpected_error_shows_a_reference_only(stocked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(stocked.service(RegistryService), "list_models", broken)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert len(app.error) == 1
    assert "reference" in app.error[0].value
    assert "secret" not in app.error[0].value
    assert not app.exception


def test_champion_alias_is_what_pages_compare_with(stocked: Engine) -> None:
    assert stocked.call(RegistryService.get_model, model=MODEL).aliases[CHAMPION] == "1.0.0"
