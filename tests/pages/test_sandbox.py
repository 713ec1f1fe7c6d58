"""The merchandiser's sandbox: what a draft does to the wall, and how it is kept, shared and named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.product_wall import WallCard
from dashboard.sandbox.draft_link import pack, unpack
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.recommendation_engine import TrialService
from engine.recommendation_engine.impact import ImpactService
from engine.recommendation_engine.plan import Draft, Plan, Rule, RuleKind
from engine.recommendation_engine.plans import PlanService
from tests.conftest import wait_for
from tests.pages.stock import SHOP, TESTER
from tests.pages.test_pages import opened, texts
from tests.pages.walls import click, walls

__all__ = ["walls"]

Walls = dict[str, list[WallCard]]


def drafted(app: AppTest) -> Draft:
    """The draft that the URL tells."""
    code = app.query_params.get("draft", [""])
    return unpack(code[0] if isinstance(code, list) else code)[0]


def url(app: AppTest, name: str) -> str:
    value = app.query_params.get(name, [""])
    return value[0] if isinstance(value, list) else value


def link(*rules: Rule, **weights: float) -> str:
    code = pack(Draft(plan=Plan(rules=rules, weights=weights)), 0)
    assert code is not None
    return code


def order(walls: Walls, key: str = "wall") -> list[str]:
    return [card.item_id for card in walls[key]]


def test_the_first_link_names_shop_and_shopper(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    first = stocked.call(CatalogService.shoppers, shop=SHOP, limit=1)[0].shopper
    assert url(app, "shop") == SHOP
    assert url(app, "shopper") == first
    assert "draft" not in app.query_params
    assert len(walls["wall"]) == 24
    assert all(card.moved is None for card in walls["wall"])


def test_a_slider_moves_the_wall_and_its_way_back_too(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    before = order(walls)
    weighty = [info.signal for info in stocked.call(TrialService.signals, shop=SHOP) if info.weight > 0]
    for signal in weighty[:6]:
        app.slider(key=f"weight_{signal}").set_value(0.0).run()
    assert drafted(app).plan.weights == dict.fromkeys(weighty[:6], 0.0)
    assert order(walls) != before
    assert any(card.moved is not None for card in walls["wall"])
    app.button(key=f"reset_{weighty[0]}").click().run()
    assert weighty[0] not in drafted(app).plan.weights
    app.button(key="reset_weights").click().run()
    assert "draft" not in app.query_params
    assert order(walls) == before


def test_a_link_opens_the_draft_that_it_was_made_of(stocked: Engine, walls: Walls) -> None:
    opened("sandbox")
    hidden = order(walls)[0]
    app = opened("sandbox", draft=link(Rule(rule_id="h", kind=RuleKind.HIDE, where={"item_id": [hidden]})))
    assert hidden not in order(walls)
    assert "1 change" in texts(app)
    assert f"No longer in the list: {hidden}" not in texts(app).split("24 products")[0]


def test_a_link_that_was_cut_is_named_and_what_is_live_is_shown(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", draft="1abc")
    assert len(app.error) == 1
    assert len(walls["wall"]) == 24


def test_a_card_boosts_buries_pins_and_hides(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    last, first = order(walls)[-1], order(walls)[0]
    for _ in range(3):
        click(app, last, "boost")
    assert [(rule.kind, rule.strength) for rule in drafted(app).plan.rules] == [(RuleKind.BOOST, 150.0)]
    boosted = next(card for card in walls["wall"] if card.item_id == last)
    assert any("Boost" in badge.text for badge in boosted.badges)
    assert boosted.moved is None or boosted.moved.text.startswith("↑")
    click(app, first, "bury")
    click(app, first, "hide")
    assert first not in order(walls)
    third = order(walls)[2]
    click(app, third, "pin")
    pinned = walls["wall"][2]
    assert pinned.item_id == third
    assert "Pinned" in [badge.text for badge in pinned.badges]
    assert len(drafted(app).plan.rules) == 4
    app.button(key="draft_undo").click().run()
    assert len(drafted(app).plan.rules) == 3
    app.button(key="draft_discard").click().run()
    assert "draft" not in app.query_params
    assert order(walls)[0] == first


def test_a_visit_is_simulated_and_told_by_the_link(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    before = order(walls)
    click(app, before[3], "view")
    assert url(app, "did") == f"view~{before[3]}"
    assert before[3] not in order(walls)
    viewed = order(walls)
    click(app, viewed[0], "dismiss")
    assert viewed[0] not in order(walls)
    assert [card.item_id for card in walls["visit"]] == [viewed[0], before[3]]
    click(app, viewed[0], "out", wall="visit")
    assert order(walls) == viewed
    app.button(key="end_visit").click().run()
    assert order(walls) == before


def test_a_basket_is_built_by_clicking(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", who="Basket")
    found = order(walls, "finder")[0]
    click(app, found, "basket", wall="finder")
    assert url(app, "basket") == found
    assert order(walls, "in_basket") == [found]
    assert found not in order(walls)
    click(app, found, "out", wall="in_basket")
    assert "basket" not in app.query_params


def test_a_price_on_trial_is_shown_and_never_published(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    chosen = walls["wall"][1]
    click(app, chosen.item_id, "price")
    app.number_input(key=f"price_{chosen.item_id}").set_value(1.0).run()
    assert drafted(app).prices == {chosen.item_id: 1.0}
    shown = [card for card in walls["wall"] if card.item_id == chosen.item_id]
    assert all((card.price, card.was) == ("1.00", chosen.price) for card in shown)
    assert app.button(key="publish_open").disabled


@pytest.mark.parametrize(
    ("view", "walls_shown"),
    [("Before and after", 2), ("Rules off", 2), ("Two models", 2), ("Two shoppers", 2), ("Draft", 1)],
)
def test_every_view_shows_its_sides(stocked: Engine, walls: Walls, view: str, walls_shown: int) -> None:
    app = opened("sandbox", view=view, draft=link(trending=0.0))
    assert not app.error
    assert sum(key.startswith("wall") for key in walls) == walls_shown


def test_rules_off_shows_what_the_rules_took_away(stocked: Engine, walls: Walls) -> None:
    opened("sandbox")
    hidden = order(walls)[0]
    walls.clear()
    opened("sandbox", view="Rules off", draft=link(Rule(rule_id="h", kind=RuleKind.HIDE, where={"item_id": [hidden]})))
    assert hidden in order(walls, "wall_other")
    assert hidden not in order(walls, "wall_main")


def test_a_filter_that_the_shop_does_not_have_is_named(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", category="crinolines")
    assert any("crinolines" in warning.value for warning in app.warning)
    assert len(walls["wall"]) == 24
    app.button(key="stale_read").click().run()
    assert not app.warning


def test_an_empty_wall_says_why_and_what_to_do(stocked: Engine, walls: Walls) -> None:
    brands = {card.brand for card in stocked.call(CatalogService.items, shop=SHOP, limit=100)}
    categories = sorted({str(card.category) for card in stocked.call(CatalogService.items, shop=SHOP, limit=100)})
    assert brands
    rules = [
        Rule(rule_id="h", kind=RuleKind.HIDE, where={"category": categories[0]}),
        Rule(rule_id="f", kind=RuleKind.FILTER, where={"category": categories[0]}),
    ]
    app = opened("sandbox", draft=link(*rules))
    assert walls["wall"] == []
    assert any("Switch a rule off" in warning.value for warning in app.warning)


def test_a_conflict_stands_beside_its_rules(stocked: Engine, walls: Walls) -> None:
    opened("sandbox")
    one, two = order(walls)[:2]
    pins = [Rule(rule_id=n, kind=RuleKind.PIN, where={"item_id": [n]}, position=1) for n in (one, two)]
    told = stocked.call(PlanService.check, shop=SHOP, plan=Plan(rules=tuple(pins)))
    assert told
    app = opened("sandbox", draft=link(*pins))
    assert len(app.warning) >= len(told)


def test_rules_are_switched_moved_and_removed(stocked: Engine, walls: Walls) -> None:
    caps = [Rule(rule_id=f"c{n}", kind=RuleKind.CAP, facet="category", most=n + 1) for n in range(3)]
    app = opened("sandbox", draft=link(*caps))
    app.toggle(key="on_c0").set_value(False).run()
    assert [rule.on for rule in drafted(app).plan.rules] == [False, True, True]


def test_a_rule_is_added_by_its_form(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    app.session_state["rule_edited"] = RuleKind.CAP
    app.run()
    app.number_input(key="rule_most").set_value(2)
    app.text_input(key="rule_name").set_value("Mix")
    app.button(key="rule_save").click().run()
    (rule,) = drafted(app).plan.rules
    assert (rule.kind, rule.facet, rule.most, rule.name) == (RuleKind.CAP, "category", 2, "Mix")
    assert rule.author


def test_a_rule_without_products_is_refused_in_words(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    app.session_state["rule_edited"] = RuleKind.BOOST
    app.run()
    app.button(key="rule_save").click().run()
    assert [error.value for error in app.error] == [
        "Choose the products that the rule is about: by name, or by a property."
    ]
    assert "draft" not in app.query_params


def test_look_up_tells_what_stopped_a_product(stocked: Engine, walls: Walls) -> None:
    opened("sandbox")
    hidden = order(walls)[0]
    rule = Rule(rule_id="h", kind=RuleKind.HIDE, where={"item_id": [hidden]}, name="Recall")
    app = opened("sandbox", panel="Look up", lookup=hidden, draft=link(rule))
    assert any(box.value for box in app.info)
    shown = opened("sandbox", panel="Look up", lookup=order(walls)[0])
    assert not shown.error


def test_a_surface_about_a_product_asks_for_one(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", surface="Product")
    assert "wall" not in walls
    chosen = order(walls, "product_finder")[0]
    click(app, chosen, "choose", wall="product_finder")
    assert url(app, "product") == chosen
    assert chosen not in order(walls)
    gone = opened("sandbox", surface="Wear it with", product="nothing")
    assert any("nothing" in warning.value for warning in gone.warning)


def test_a_scenario_is_saved_opened_and_its_loss_is_named(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", panel="Saved", draft=link(trending=0.0), limit="12")
    app.text_input(key="scenario_name").set_value("Bold")
    app.button(key="scenario_save").click().run()
    saved = stocked.call(PlanService.scenarios, shop=SHOP)
    assert [(info.name, info.draft.plan.weights) for info in saved] == [("Bold", {"trending": 0.0})]
    assert url(app, "scenario") == "Bold"
    assert "draft" not in app.query_params
    again = opened("sandbox", scenario="Bold")
    assert again.slider(key="weight_trending").value == 0.0
    lost = opened("sandbox", scenario="Gone")
    assert len(lost.error) == 1


def test_a_draft_too_long_for_a_link_asks_for_a_name(stocked: Engine, walls: Walls) -> None:
    now = datetime.now(UTC)
    rules = tuple(
        Rule(rule_id=f"r{n}", kind=RuleKind.CAP, facet="category", most=9, note=f"{n**9}{hash((n, now))}")
        for n in range(150)
    )
    stocked.call(PlanService.save_scenario, actor=TESTER, shop=SHOP, name="Long", draft=Draft(plan=Plan(rules=rules)))
    app = opened("sandbox", scenario="Long")
    assert "too long" not in texts(app)
    app.toggle(key="on_r0").set_value(False).run()
    assert "scenario" not in app.query_params
    assert any("too long for a link" in box.value for box in app.info)
    app.run()
    assert app.toggle(key="on_r0").value is False


def test_an_estimate_runs_beside_the_page_and_is_read_there(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", panel="Impact")
    assert app.button(key="draft_discard").disabled
    assert "impact_start" not in [button.key for button in app.button]
    app = opened("sandbox", panel="Impact", draft=link(trending=0.0))
    app.button(key="impact_start").click().run()
    job = url(app, "impact")
    done = wait_for(lambda: stocked.call(ImpactService.get, job_id=job), until=lambda found: found.state.final)
    app.run()
    assert not app.exception
    if done.result is None:
        assert [error.value for error in app.error]
    else:
        assert {metric.label for metric in app.metric} & {measure.title for measure in done.result.measures}
    lost = opened("sandbox", panel="Impact", impact="nothing")
    assert "no longer kept" in texts(lost)


def test_another_shop_begins_with_its_own_plan(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", panel="History")
    assert "No plan was published yet" in texts(app)
