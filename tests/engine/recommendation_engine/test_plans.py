from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput, InvalidTransition, NotFound, ShopNotFound, StaleExpectation
from engine.model_registry import RegistryService, Release, ReleaseService
from engine.recommendation_engine import Draft, Plan, PlanService, RecommendationService

SHOP = "demo"


def plan_of(item: str, **rule: Any) -> Plan:
    return Plan.model_validate({"rules": [{"rule_id": "r", "kind": "hide", "where": {"item_id": item}, **rule}]})


@pytest.fixture
def shop(engine: Engine, actor: Actor) -> Engine:
    engine.call(CatalogService.open_shop, actor=actor, shop=SHOP, title="Shop")
    return engine


def publish(engine: Engine, actor: Actor, plan: Plan, **fields: Any) -> Any:
    return engine.call(PlanService.publish, actor=actor, shop=SHOP, plan=plan, reason="because", **fields)


def test_plans_are_numbered_and_undo_walks_back(shop: Engine, actor: Actor) -> None:
    assert shop.call(PlanService.current, shop=SHOP).number == 0
    plans = [plan_of("a"), plan_of("b"), plan_of("c")]
    for number, plan in enumerate(plans, start=1):
        info = publish(shop, actor, plan, expected=number - 1)
        assert (info.number, info.plan, info.published_by, info.current) == (number, plan, actor.name, True)
    first = shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="too bold")
    assert (first.number, first.undoes, first.plan) == (4, 3, plans[1])
    second = shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="still")
    assert (second.number, second.undoes, second.plan) == (5, 2, plans[0])
    publish(shop, actor, plans[2])
    back = shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="no")
    assert (back.number, back.undoes, back.plan) == (7, 6, plans[0])
    assert shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="all").plan == Plan()
    with pytest.raises(InvalidTransition):
        shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="more")
    history = shop.call(PlanService.history, shop=SHOP, limit=3)
    assert [(info.number, info.current) for info in history] == [(8, True), (7, False), (6, False)]


def test_a_draft_from_an_older_plan_is_refused(shop: Engine, actor: Actor) -> None:
    publish(shop, actor, plan_of("a"), expected=0)
    with pytest.raises(StaleExpectation) as caught:
        publish(shop, actor, plan_of("b"), expected=0)
    assert caught.value.fields == {"current": 1, "presumed": 0}
    with pytest.raises(InvalidInput, match="reason"):
        shop.call(PlanService.publish, actor=actor, shop=SHOP, plan=Plan(), reason=" ")
    with pytest.raises(ShopNotFound, match="demo"):
        shop.call(PlanService.publish, actor=actor, shop="other", plan=Plan(), reason="x")


def test_scenarios_are_kept_by_name(shop: Engine, actor: Actor) -> None:
    draft = Draft(plan=plan_of("a"), prices={"i01": 9.5})
    for view in ({"user": "p"}, {"user": "q"}):
        shop.call(PlanService.save_scenario, actor=actor, shop=SHOP, name="Sale, week 2", draft=draft, view=view)
    kept = shop.call(PlanService.scenarios, shop=SHOP)
    assert [(each.name, each.draft, each.view) for each in kept] == [("Sale, week 2", draft, {"user": "q"})]
    shop.call(PlanService.remove_scenario, actor=actor, shop=SHOP, name="Sale, week 2")
    assert shop.call(PlanService.scenarios, shop=SHOP) == []
    with pytest.raises(NotFound):
        shop.call(PlanService.remove_scenario, actor=actor, shop=SHOP, name="Sale, week 2")
    with pytest.raises(InvalidInput):
        shop.call(PlanService.save_scenario, actor=actor, shop=SHOP, name=" ", draft=draft)


def test_the_log_rebuilds_plans_and_scenarios(shop: Engine, actor: Actor) -> None:
    publish(shop, actor, plan_of("a", note="naïve — ok"))
    publish(shop, actor, plan_of("b"))
    shop.call(PlanService.undo, actor=actor, shop=SHOP, reason="back")
    shop.call(PlanService.save_scenario, actor=actor, shop=SHOP, name="s", draft=Draft(plan=plan_of("c")))
    before = shop.store.state()
    assert {"plans", "scenarios"} <= set(before)
    shop.store.rebuild(actor)
    assert shop.store.state() == before


def test_a_plan_is_released_and_outlives_the_next_promotion(demo: Engine, actor: Actor) -> None:
    first = demo.call(RecommendationService.recommend, shop=SHOP, limit=5)
    gone = first.items[0].item_id
    folder = demo.settings.releases / SHOP
    assert first.plan == 0
    publish(demo, actor, plan_of(gone))
    after = demo.call(RecommendationService.recommend, shop=SHOP, limit=5)
    assert gone not in {item.item_id for item in after.items}
    assert (after.plan, after.release) == (1, (first.release or 0) + 1)
    champion = demo.call(RegistryService.get_version, model="demo.recommender", reference="champion")
    copy = demo.call(
        RegistryService.register_version,
        actor=actor,
        model="demo.recommender",
        version=None,
        framework="numpy",
        metrics={"ndcg_at_10": 0.1},
        artifact=champion.artifact,
    )
    demo.call(
        RegistryService.promote,
        actor=actor,
        model="demo.recommender",
        version=copy.version,
        expected=champion.version,
        reason="the same",
        overrule=True,
    )
    release = Release.open(folder)
    assert (release.manifest["models"]["recommender"]["version"], release.manifest["plan_number"]) == (copy.version, 1)
    assert "rules" not in release.manifest
    demo.call(PlanService.undo, actor=actor, shop=SHOP, reason="back")
    back = demo.call(RecommendationService.recommend, shop=SHOP, limit=5)
    assert [item.item_id for item in back.items] == [item.item_id for item in first.items]
    assert demo.call(PlanService.check, shop=SHOP, plan=plan_of("nowhere"))[0].rules == ("r",)


def test_a_plan_whose_release_could_not_be_written_is_released_at_the_next_start(
    demo: Engine, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYY_FAILPOINT", "plans.committed:1:full")
    with pytest.raises(OSError, match="No space"):
        publish(demo, actor, plan_of("g00001"))
    monkeypatch.delenv("SKYY_FAILPOINT")
    assert demo.call(PlanService.current, shop=SHOP).number == 1
    assert demo.call(RecommendationService.recommend, shop=SHOP).plan == 0
    demo.service(ReleaseService).reconcile()
    assert demo.call(RecommendationService.recommend, shop=SHOP).plan == 1


def test_a_release_from_before_there_were_plans_serves(engine: Engine, publish: Callable[..., None]) -> None:
    publish(SHOP)
    manifest = json.loads((engine.settings.releases / SHOP / "1" / "manifest.json").read_text())
    assert manifest["rules"] == []
    assert engine.call(RecommendationService.recommend, shop=SHOP).plan == 0
