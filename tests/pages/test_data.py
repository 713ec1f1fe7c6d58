"""The parts of the page Data, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.catalog.feeds import FeedService
from engine.catalog.forgetting import ForgettingService
from engine.catalog.records import ImportReport, Mode
from engine.catalog.service import CatalogService
from engine.core import Engine
from tests.pages.stock import MODEL, SHOP, TESTER
from tests.pages.test_pages import metrics, opened, texts

ITEMS = """item_id,title,category,cost
i01,Renamed shirt,shirts,12
n01,New scarf,scarves,9
n02,Bad scarf,scarves,-4
,No id,scarves,3
"""
TABS = ["Tables", "Quarantine", "Snapshots", "Compare", "Import", "Feeds", "Forget a shopper"]


@pytest.fixture
def later(stocked: Engine, tmp_path: Path) -> ImportReport:
    """A second import, by key, of which two rows are set aside."""
    file = tmp_path / "items.csv"
    file.write_text(ITEMS)
    return stocked.call(CatalogService.run_import, actor=TESTER, shop=SHOP, path=file, mode=Mode.UPSERT)


def frames(app: AppTest) -> list[str]:
    """Columns of every table that is shown."""
    return ["|".join(map(str, frame.value.columns)) for frame in app.dataframe]


def said(app: AppTest) -> str:
    return texts(app).replace("\\", "")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_draws_without_an_error(stocked: Engine, later: ImportReport, tab: str) -> None:
    app = opened("data", tab=tab)
    assert not app.error
    assert metrics(app)["Set aside"] == "2"


def test_feeds_can_be_seen_before_there_is_data(engine: Engine) -> None:
    assert "No feed yet" in texts(opened("data", tab="Feeds"))


def test_a_column_tells_values_and_drift(stocked: Engine, later: ImportReport) -> None:
    app = opened("data", tab="Tables", table="items", column="category")
    assert any("Column|Kind|Empty|Distinct|Values|Shape|Drift|PSI|KS" in names for names in frames(app))
    assert "PSI 0." in texts(app)
    assert {"Rows with a value", "Distinct", "Most frequent", "Its share"} <= metrics(app).keys()


def test_a_first_snapshot_has_nothing_to_drift_from(stocked: Engine) -> None:
    app = opened("data", tab="Tables", table="interactions")
    assert "no earlier state" in texts(app)
    assert "All keys join" in said(app)


def test_first_rows_leave_empty_columns_out(stocked: Engine) -> None:
    app = opened("data", tab="Tables", table="items", look="First rows")
    shown = frames(app)[-1].split("|")
    assert "item_id" in shown
    assert "season" not in shown or "cost" not in shown


def test_two_snapshots_are_compared_row_by_row(stocked: Engine, later: ImportReport) -> None:
    app = opened("data", tab="Compare")
    assert "**Added**: 1 row" in texts(app)
    assert "**Changed**: 1 row" in texts(app)
    changed = next(
        frame.value for frame in app.dataframe if list(frame.value.columns) == ["Row", "Column", "Old", "New"]
    )
    titles = changed[changed["Column"] == "title"].iloc[0]
    assert (titles["Row"], titles["New"]) == ("i01", "Renamed shirt")


def test_one_snapshot_cannot_be_compared(stocked: Engine) -> None:
    assert "has one snapshot" in texts(opened("data", tab="Compare"))


def test_an_import_is_previewed_with_example_rows(stocked: Engine, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text(ITEMS)
    app = opened("data", tab="Import")
    app.segmented_control(key="import_source").set_value("The server").run()
    app.text_input(key="import_path").set_value(str(file)).run()
    app.selectbox(key="import_shop").set_value(SHOP).run()
    app.segmented_control(key="import_mode").set_value(Mode.UPSERT).run()
    app.button(key="import_look").click().run()
    assert not app.exception
    assert "**Added**: 1 row" in texts(app)
    assert "**Changed**: 1 row" in texts(app)
    assert "Row|Column|Old|New" in frames(app)
    assert stocked.call(CatalogService.get_snapshot, shop=SHOP).number == 1


def test_an_importer_can_be_insisted_on(stocked: Engine, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text(ITEMS)
    app = opened("data", tab="Import")
    app.segmented_control(key="import_source").set_value("The server").run()
    app.text_input(key="import_path").set_value(str(file)).run()
    names = app.selectbox(key="import_as").options
    assert {"Shopify export", "WooCommerce export", "MovieLens", "Amazon sequences (McAuley)"} <= set(names)
    app.selectbox(key="import_as").set_value("shopify").run()
    assert len(app.error) == 1


def test_corrected_rows_come_in_and_the_rest_keeps_its_corrections(stocked: Engine, later: ImportReport) -> None:
    app = opened("data", tab="Quarantine")
    assert app.button(key="mend_go").disabled
    edit(app, "mend_2_items_0_0_2", {0: {"cost": "4"}, 1: {"title": "Still no id"}})
    assert not app.exception
    assert "1 row came in as snapshot 3; 1 still fail." in texts(app)
    assert "corrections are kept" in texts(app)
    waiting = [r for r in stocked.call(CatalogService.quarantine, number=2) if r.mended_in is None]
    assert [row.column for row in waiting] == ["item_id"]
    assert app.query_params["snapshot"] in ("2", ["2"])
    assert app.button(key="mend_go").label == "Check and take in (1)"
    edit(app, "mend_2_items_1_1_1", {0: {"item_id": "n03"}})
    assert "1 row came in as snapshot 4." in texts(app)
    assert "have been taken in, as snapshot 3, 4" in texts(app)
    titles = {card.item_id: card.title for card in stocked.call(CatalogService.items, shop=SHOP, query="Still no id")}
    assert titles == {"n03": "Still no id"}


def test_rows_that_fail_again_store_nothing(stocked: Engine, later: ImportReport) -> None:
    app = opened("data", tab="Quarantine")
    app.button(key="mend_all").click().run()
    assert "No row passed the checks yet" in texts(app)
    assert any(names == "Still fails because|Rows" for names in frames(app))
    assert stocked.call(CatalogService.get_snapshot, shop=SHOP).number == 2


def test_a_snapshot_without_a_quarantine_points_to_one_that_has(stocked: Engine, later: ImportReport) -> None:
    assert "was accepted" in texts(opened("data", tab="Quarantine", snapshot="1"))


def test_a_feed_is_made_run_and_paused(stocked: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    app = opened("data", tab="Feeds")
    app.text_input(key="feed_source_Watched folder").set_value(str(folder))
    app.text_input(key="feed_name").set_value("shirts")
    app.button(key="feed_add").click().run()
    assert not app.exception
    made = stocked.call(FeedService.list_feeds)
    assert [(info.feed, info.shop, info.source, info.every) for info in made] == [("shirts", SHOP, str(folder), 60)]
    app.button(key="pause_shirts").click().run()
    assert stocked.call(FeedService.list_feeds)[0].paused
    assert "it is paused" in said(app)
    stocked.call(FeedService.run_now, actor=TESTER, feed="shirts")
    assert "nothing to read" in said(opened("data", tab="Feeds"))


def test_an_address_that_is_private_is_refused_in_one_sentence(stocked: Engine) -> None:
    app = opened("data", tab="Feeds")
    app.segmented_control(key="feed_kind").set_value("HTTPS address").run()
    app.text_input(key="feed_source_HTTPS address").set_value("http://127.0.0.1/x.csv")
    app.button(key="feed_add").click().run()
    assert len(app.error) == 1
    assert not stocked.call(FeedService.list_feeds)


def test_forgetting_tells_consequences_asks_again_and_lists_models(stocked: Engine) -> None:
    shopper = stocked.call(CatalogService.shoppers, shop=SHOP, limit=1)[0]
    app = opened("data", tab="Forget a shopper")
    app.text_input(key="forget_who_0").set_value(shopper.shopper).run()
    assert f"interactions {shopper.events}" in said(app)
    assert f"{MODEL} 1.0.0 (snapshot 1)" in said(app)
    assert not [value for values in app.query_params.values() for value in values if shopper.shopper in value]
    app.text_input(key="forget_again_0").set_value("somebody else")
    app.button(key="forget_go").click().run()
    assert "not the same" in texts(app)
    assert not stocked.call(ForgettingService.list_forgotten)
    app.text_input(key="forget_again_0").set_value(shopper.shopper)
    app.button(key="forget_go").click().run()
    assert not app.exception
    assert "The shopper is forgotten" in texts(app)
    assert "2 versions had learned" in texts(app)
    assert shopper.shopper not in texts(app)
    assert len(stocked.call(ForgettingService.list_forgotten, shop=SHOP)) == 1


def test_nobody_of_that_name_is_told_as_such(stocked: Engine) -> None:
    app = opened("data", tab="Forget a shopper")
    app.text_input(key="forget_who_0").set_value("nobody@example.com").run()
    assert "Nobody of that name is in the newest one" in texts(app)
    app.text_input(key="forget_again_0").set_value("nobody@example.com")
    app.button(key="forget_go").click().run()
    assert "nothing was changed" in texts(app)


def edit(app: AppTest, key: str, rows: dict[int, dict[str, str]]) -> None:
    """Type into the table of the quarantine, then check and take in."""
    app.session_state[key] = {"edited_rows": rows, "added_rows": [], "deleted_rows": []}
    app.run()
    app.button(key="mend_go").click().run()
