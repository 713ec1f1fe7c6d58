"""The list of versions, the version's page and the timeline, as scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.promotion import change_words
from dashboard.registry.contents import packed
from dashboard.registry.figures import LAYERS, lineage, reigns
from dashboard.registry.headline import why
from dashboard.registry.production import reign_row
from dashboard.registry.tables import flat, side_by_side, varying, words
from engine.core import Engine
from engine.model_registry import MetricPoint, RunService
from engine.model_registry.insight import InsightService, Reign, ReleaseChange
from engine.model_registry.remarks import RemarkService
from engine.model_registry.service import RegistryService
from tests.pages.stock import MODEL, SHOP, TESTER
from tests.pages.test_pages import metrics, opened, texts


def table(app: AppTest) -> list[str]:
    """Versions in the first table, as it is ordered."""
    return list(app.dataframe[0].value["Version"])


def many(engine: Engine, number: int) -> None:
    """Metrics-only versions of another model."""
    for place in range(number):
        engine.call(
            RegistryService.register_version,
            actor=TESTER,
            model="other.pricer",
            version=f"1.{place}.0",
            framework="numpy",
            metrics={"mae": float(place)},
            tags={"season": "SS26" if place % 2 else "AW26"},
        )


def test_the_list_is_ordered_and_searched_by_its_address(stocked: Engine) -> None:
    many(stocked, 3)
    assert table(opened("registry", q="tags.season = AW26", sort="metrics.mae")) == ["1.2.0", "1.0.0"]
    assert table(opened("registry", model="other.pricer", sort="version", asc="yes")) == ["1.0.0", "1.1.0", "1.2.0"]


def test_a_wrong_search_keeps_the_last_good_rows(stocked: Engine) -> None:
    app = opened("registry", q="alias = champion")
    assert table(app) == ["1.0.0"]
    app.query_params["q"] = "colour = red"
    app.run()
    assert len(app.error) == 1
    assert app.error[0].proto.title.replace("\\", "") == "There is no field 'colour'."
    assert table(app) == ["1.0.0"]
    assert "Still shown" in texts(app)


def test_facets_tell_how_many_versions_they_leave(stocked: Engine) -> None:
    many(stocked, 3)
    app = opened("registry", stage="production")
    assert app.multiselect(key="list_stage").value == ["production"]
    assert {"production (1)", "candidate (4)"} <= set(app.multiselect(key="list_stage").options)
    assert table(app) == ["1.0.0"]
    app.button(key="off_stage").click().run()
    assert "5 versions." in texts(app)


def test_only_one_page_is_read(stocked: Engine) -> None:
    many(stocked, 105)
    app = opened("registry", model="other.pricer", page="2", sort="version", asc="yes")
    assert table(app) == [f"1.{number}.0" for number in range(100, 105)]
    assert "101 to 105 of 105 versions" in texts(app)
    app = opened("registry", model="other.pricer", page="9")
    assert app.query_params["page"] in ("2", ["2"])
    assert "101 to 105 of 105 versions" in texts(app)


@pytest.mark.parametrize(
    "address", [{"sort": "x"}, {"since": "soon"}, {"page": "-1"}, {"page": "²"}, {"stage": "gone"}]
)
def test_an_address_that_cannot_be_meant_shows_no_error(stocked: Engine, address: dict[str, str]) -> None:
    assert not opened("registry", **address).error


def test_a_view_is_saved_opened_and_removed(stocked: Engine) -> None:
    app = opened("registry", q="alias = champion", sort="version")
    app.text_input[1].set_value("live")
    next(button for button in app.button if button.label == "Save what is shown").click().run()
    saved = stocked.call(RemarkService.views)
    assert [(view.name, view.state) for view in saved] == [("live", {"q": ["alias = champion"], "sort": ["version"]})]
    app = opened("registry")
    assert len(table(app)) == 2
    app.button(key="view_live").click().run()
    assert table(app) == ["1.0.0"]
    app.button(key="unview_live").click().run()
    assert stocked.call(RemarkService.views) == []


@pytest.mark.parametrize(
    "part", ["Figures", "Lineage", "Recipe", "Files", "Card", "Signature", "Comments", "Audit trail"]
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_every_part_of_a_version_draws(stocked: Engine, part: str, version: str) -> None:
    assert not opened("registry", model=MODEL, version=version, part=part).error


def test_every_part_of_a_version_without_anything_draws(stocked: Engine) -> None:
    many(stocked, 1)
    for part in ("Figures", "Lineage", "Recipe", "Files", "Card", "Signature", "Comments", "Audit trail"):
        app = opened("registry", model="other.pricer", version="1.0.0", part=part)
        assert not app.error
        assert "metrics but no model" in texts(app)


def test_the_first_screen_tells_why_a_version_is_live_and_on_what_it_was_trained(stocked: Engine) -> None:
    told = texts(opened("registry", model=MODEL, version="1.0.0")).replace("\\", "")
    assert "Live now." in told
    assert "Promoted by tester" in told
    assert "“the first”" in told
    assert "Trained on snapshot 1 of atelier" in told


def test_a_comment_is_added_as_plain_text(stocked: Engine) -> None:
    app = opened("registry", model=MODEL, version="1.1.0", part="Comments")
    app.text_area[0].set_value("<b>hot</b> $x$")
    next(button for button in app.button if button.label == "Comment").click().run()
    assert "<b>hot</b> $x$" in [text.value for text in app.text]
    assert [c.text for c in stocked.call(RemarkService.comments, model=MODEL, version="1.1.0")] == ["<b>hot</b> $x$"]


def test_a_version_is_packed_as_one_file_and_nothing_stays_behind(stocked: Engine) -> None:
    assert len(packed(MODEL, "1.0.0")) > 1000
    assert not list(stocked.settings.staging.glob("version-*"))


def test_the_timeline_tells_what_was_in_production(stocked: Engine) -> None:
    stocked.call(
        RegistryService.promote,
        actor=TESTER,
        model=MODEL,
        version="1.1.0",
        expected="1.0.0",
        reason="the season turned",
        overrule=True,
    )
    app = opened("registry", view="In production", model=MODEL)
    rows = app.dataframe[0].value
    assert list(rows["Version"]) == ["1.1.0", "1.0.0"]
    assert list(rows["Why"]) == ["the season turned", "the first"]
    assert rows["Until"][0] == "now"


def reign(version: str, hours: tuple[int, int | None], action: str = "promoted", passed: bool | None = True) -> Reign:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return Reign(
        model=MODEL,
        version=version,
        since=start + timedelta(hours=hours[0]),
        until=None if hours[1] is None else start + timedelta(hours=hours[1]),
        action=action,
        reason="because",
        actor="ann",
        passed=passed,
        snapshot=3,
    )


def test_a_reign_is_a_bar_from_its_start_to_its_end() -> None:
    rows = [
        reign("1.0.0", (5, None), "rolled_back", None),
        reign("1.1.0", (2, 5), passed=False),
        reign("1.0.0", (0, 2)),
    ]
    now = datetime(2026, 11, 2, tzinfo=UTC)
    figure, _ = reigns(rows, now)
    assert [bar.x[0] / 3_600_000 for bar in figure.data] == [2, 3, 19]
    assert figure.data[0].marker.color == figure.data[2].marker.color != figure.data[1].marker.color
    assert [reign_row(row, now)["Gate"] for row in rows] == ["not asked", "overruled", "passed"]
    assert reign_row(rows[0], now)["For"] == "19 h 00 min"


def test_why_names_actor_reason_and_gate(stocked: Engine) -> None:
    version = stocked.call(RegistryService.get_version, model=MODEL, reference="1.0.0")
    said = why(version, reign("1.0.0", (0, None), passed=False), {})
    assert "Promoted by ann" in said
    assert "“because”" in said
    assert "overruled" in said


def test_the_lineage_goes_from_left_to_right(stocked: Engine) -> None:
    graph = stocked.call(InsightService.lineage, model=MODEL, reference="1.0.0")
    figure, nodes, _ = lineage(graph, f"version:{MODEL}/1.0.0")
    kinds = [node.kind for node in nodes]
    assert kinds == [kind for kind in LAYERS for _ in range(kinds.count(kind))]
    assert list(figure.data[0].x) == sorted(figure.data[0].x)
    assert len(figure.layout.annotations) == len(graph.edges)


@pytest.mark.parametrize(
    ("shop", "number", "before", "said"),
    [
        (None, None, None, "no release is published"),
        (SHOP, 1, None, "publishes release 1 of atelier, recommender none to 1.1.0"),
        (
            SHOP,
            4,
            2,
            "release 4 after release 3 of atelier, recommender none to 1.1.0, catalogue of snapshot 5 instead of 2",
        ),
    ],
)
def test_a_promotion_says_what_it_publishes(
    shop: str | None, number: int | None, before: int | None, said: str
) -> None:
    change = ReleaseChange(
        shop=shop,
        number=number,
        kind="recommender",
        before=None,
        after="1.1.0",
        snapshot_before=before,
        snapshot_after=5,
    )
    assert said in change_words(MODEL, change)


def test_nested_settings_become_one_table() -> None:
    tables = {"a": flat({"x": 1, "w": {"b": 0.5, "c": {}}}), "b": flat({"x": 1, "w": {"b": 0.7, "c": {}}})}
    assert side_by_side(tables) == [{"Name": "w.b", "a": "0.5", "b": "0.7"}]
    assert [row["Name"] for row in side_by_side(tables, everything=True)] == ["x", "w.b", "w.c"]
    assert varying(list(tables.values())) == ["w.b"]
    assert [words(value) for value in (None, True, 1200, 0.25, [1])] == ["–", "yes", "1,200", "0.25", "[1]"]


def test_curves_of_the_run_are_on_the_version_page(stocked: Engine) -> None:
    run = stocked.call(RunService.start_run, actor=TESTER, experiment="other")
    points = [MetricPoint(metric="loss", step=step, value=1.0 / (step + 1)) for step in range(5)]
    stocked.call(RunService.log, actor=TESTER, run_id=run.run_id, metrics=points)
    stocked.call(
        RegistryService.register_version,
        actor=TESTER,
        model="other.pricer",
        version="1.0.0",
        framework="numpy",
        metrics={"mae": 1.0},
        run_id=run.run_id,
    )
    assert "Curves of the run" in texts(opened("registry", model="other.pricer", version="1.0.0"))
    assert "NDCG@10" in metrics(opened("registry", model=MODEL, version="1.0.0"))
