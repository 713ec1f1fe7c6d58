"""Publishing a draft and taking it back: one question, a reason, and nobody else's plan is lost."""

from __future__ import annotations

from engine.core import Engine
from engine.recommendation_engine import RecommendationService
from engine.recommendation_engine.plan import Plan, Rule, RuleKind
from engine.recommendation_engine.plans import PlanService
from tests.pages.stock import SHOP, TESTER
from tests.pages.test_pages import opened, texts
from tests.pages.test_sandbox import Walls, click, link, order
from tests.pages.walls import walls

__all__ = ["walls"]


def test_a_plan_is_published_with_a_reason_and_taken_back(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    hidden = order(walls)[0]
    click(app, hidden, "hide")
    app.button(key="publish_open").click().run()
    assert app.button(key="publish_confirm").disabled
    assert "Hide" in texts(app)
    app.text_area(key="publish_reason").set_value("Recalled").run()
    app.button(key="publish_confirm").click().run()
    live = stocked.call(PlanService.current, shop=SHOP)
    assert (live.number, live.reason, len(live.plan.rules)) == (1, "Recalled", 1)
    assert "draft" not in app.query_params
    served = stocked.call(RecommendationService.recommend, shop=SHOP, limit=60)
    assert served.plan == 1
    assert hidden not in [item.item_id for item in served.items]

    history = opened("sandbox", panel="History")
    assert "Recalled" in [text.value for text in history.text]
    history.button(key="undo_open").click().run()
    assert history.button(key="undo_confirm").disabled
    history.text_area(key="undo_reason").set_value("A mistake").run()
    history.button(key="undo_confirm").click().run()
    back = stocked.call(PlanService.current, shop=SHOP)
    assert (back.number, back.undoes, back.plan) == (2, 1, Plan())
    assert hidden in order(walls)


def test_a_plan_that_somebody_else_published_is_not_overwritten_unseen(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox", draft=link(trending=0.0))
    other = Plan(rules=(Rule(rule_id="c", kind=RuleKind.CAP, facet="category", most=3),))
    stocked.call(PlanService.publish, actor=TESTER, shop=SHOP, plan=other, reason="Mine first")
    app.button(key="publish_open").click().run()
    assert any("Mine first" in warning.value for warning in app.warning)
    app.text_area(key="publish_reason").set_value("Mine too").run()
    assert app.button(key="publish_confirm").disabled
    app.button(key="publish_rebase").click().run()
    app.button(key="publish_confirm").click().run()
    live = stocked.call(PlanService.current, shop=SHOP)
    assert (live.number, live.plan.weights, live.plan.rules) == (2, {"trending": 0.0}, ())


def test_an_untouched_draft_goes_along_with_what_is_live(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    hidden = order(walls)[0]
    plan = Plan(rules=(Rule(rule_id="h", kind=RuleKind.HIDE, where={"item_id": [hidden]}),))
    stocked.call(PlanService.publish, actor=TESTER, shop=SHOP, plan=plan, reason="Recalled")
    app.run()
    assert hidden not in order(walls)
    assert app.button(key="publish_open").disabled


def test_an_earlier_plan_is_opened_as_a_draft(stocked: Engine, walls: Walls) -> None:
    cap = Plan(rules=(Rule(rule_id="c", kind=RuleKind.CAP, facet="category", most=3),))
    stocked.call(PlanService.publish, actor=TESTER, shop=SHOP, plan=cap, reason="One")
    stocked.call(PlanService.publish, actor=TESTER, shop=SHOP, plan=Plan(), reason="Two")
    app = opened("sandbox", panel="History")
    app.button(key="plan_1").click().run()
    assert "1 change" in texts(app)
    assert not app.button(key="publish_open").disabled


def test_a_plan_with_warnings_is_published_knowingly(stocked: Engine, walls: Walls) -> None:
    app = opened("sandbox")
    item = order(walls)[0]
    rules = (
        Rule(rule_id="h", kind=RuleKind.HIDE, where={"item_id": [item]}),
        Rule(rule_id="p", kind=RuleKind.PIN, where={"item_id": [item]}, position=1),
    )
    app = opened("sandbox", draft=link(*rules))
    app.button(key="publish_open").click().run()
    app.text_area(key="publish_reason").set_value("On purpose").run()
    assert app.button(key="publish_confirm").disabled
    app.checkbox(key="publish_knowing").check().run()
    app.button(key="publish_confirm").click().run()
    assert stocked.call(PlanService.current, shop=SHOP).number == 1
