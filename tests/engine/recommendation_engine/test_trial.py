"""What-if over a trained shop: drafts, versions, single products, people."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput, NoArtifact, ReleaseNotFound, VersionNotFound
from engine.model_registry import RegistryService
from engine.recommendation_engine import Act, Draft, Plan, PlanService, RecommendationService, TrialService

SHOP, MODEL = "demo", "demo.recommender"


def draft_of(*rules: dict[str, Any], **prices: float) -> Draft:
    named = [{"rule_id": f"r{number}", **rule} for number, rule in enumerate(rules)]
    return Draft(plan=Plan.model_validate({"rules": named}), prices=prices)


def what_if(demo: Engine, **request: Any) -> Any:
    return demo.call(TrialService.what_if, shop=SHOP, **{"limit": 6, **request})


def ids(answer: Any) -> list[str]:
    return [item.item_id for item in answer.items]


@pytest.fixture
def shopper(demo: Engine) -> str:
    return demo.call(CatalogService.shoppers, shop=SHOP, limit=3)[2].shopper


def test_a_draft_is_shown_and_nothing_is_changed(demo: Engine, shopper: str) -> None:
    served = demo.call(RecommendationService.recommend, shop=SHOP, user_id=shopper, limit=6)
    same = what_if(demo, user_id=shopper)
    assert (ids(same), same.plan, same.release) == (ids(served), 0, served.release)
    first = ids(served)[0]
    tried = what_if(
        demo, user_id=shopper, draft=draft_of({"kind": "hide", "where": {"item_id": first}}, **{first: 1.0})
    )
    assert first not in ids(tried)
    assert tried.plan is None
    off = what_if(demo, user_id=shopper, draft=draft_of({"kind": "hide", "where": {"item_id": first}}), rules=False)
    assert ids(off) == ids(served)
    assert demo.call(PlanService.current, shop=SHOP).number == 0
    assert ids(demo.call(RecommendationService.recommend, shop=SHOP, user_id=shopper, limit=6)) == ids(served)


def test_a_tried_price_is_shown_and_moves_its_band(demo: Engine) -> None:
    first = what_if(demo, context={"price_range": "luxury"}).items[0]
    draft = draft_of(**{first.item_id: 0.5})
    luxury = what_if(demo, draft=draft, context={"price_range": "luxury"}, limit=200)
    assert first.item_id not in ids(luxury)
    cheap = what_if(demo, draft=draft, context={"price_range": [0, 1]})
    assert [(item.item_id, item.card.price) for item in cheap.items] == [(first.item_id, 0.5)]


def test_a_version_that_does_not_serve_is_tried(demo: Engine, actor: Actor) -> None:
    champion = demo.call(RegistryService.get_version, model=MODEL, reference="champion")
    register: dict[str, Any] = {"actor": actor, "model": MODEL, "framework": "numpy", "metrics": {"ndcg_at_10": 0.1}}
    copy = demo.call(RegistryService.register_version, version=None, artifact=champion.artifact, **register)
    demo.call(RegistryService.register_version, version="9.0.0", **register)
    tried = what_if(demo, version=copy.version)
    assert (tried.version, tried.release) == (copy.version, None)
    assert ids(tried) == ids(what_if(demo))
    with pytest.raises(NoArtifact, match="holds metrics"):
        what_if(demo, version="9.0.0")
    with pytest.raises(VersionNotFound):
        what_if(demo, version="7.7.7")
    with pytest.raises(ReleaseNotFound):
        demo.call(TrialService.what_if, shop="nowhere", version="1.0.0")


def test_a_filter_that_grew_old_is_told_not_followed(demo: Engine) -> None:
    context = {"category": "spaceships", "fabric": "tin", "price_range": "luxury"}
    with pytest.raises(InvalidInput, match="spaceships"):
        what_if(demo, context=context)
    answer = what_if(demo, context=context, forgiving=True)
    assert set(answer.dropped) == {"category", "fabric"}
    assert "spaceships" in answer.dropped["category"]
    assert ids(answer) == ids(what_if(demo, context={"price_range": "luxury"}))


def test_why_not_says_the_boost_that_just_does(demo: Engine, shopper: str) -> None:
    target = ids(what_if(demo, user_id=shopper, limit=30))[20]
    told = demo.call(TrialService.why_not, shop=SHOP, target=target, user_id=shopper, limit=6)
    assert (told.stage, told.rank, told.position) == ("rank", 21, None)
    assert told.would_help == [f"A boost of {told.boost:g}%."]

    assert told.boost is not None

    def boosted(percent: float) -> list[str]:
        draft = draft_of({"kind": "boost", "where": {"item_id": target}, "strength": percent})
        return ids(what_if(demo, user_id=shopper, draft=draft))

    assert target in boosted(told.boost)
    assert target not in boosted(told.boost - 0.2)
    gone = demo.call(TrialService.why_not, shop=SHOP, target="nothing", user_id=shopper)
    assert (gone.stage, gone.item) == ("unknown", None)
    hide = draft_of({"kind": "hide", "where": {"item_id": target}, "name": "Recall"})
    hidden = demo.call(TrialService.why_not, shop=SHOP, target=target, draft=hide, user_id=shopper)
    assert hidden.stage == "hidden"
    assert "Recall" in hidden.text


def test_signals_and_people_can_be_picked(demo: Engine, shopper: str) -> None:
    signals = {info.signal: info for info in demo.call(TrialService.signals, shop=SHOP)}
    assert {"trending", "category", "alike", "avoided"} <= set(signals)
    assert all(info.about for info in signals.values())
    people = demo.call(TrialService.personas, shop=SHOP)
    assert people[-1].shopper is None
    assert len({persona.shopper for persona in people}) == len(people) >= 4
    for persona in people:
        assert what_if(demo, user_id=persona.shopper).items


def test_what_a_shopper_did_is_told_latest_first(demo: Engine, shopper: str) -> None:
    demo.call(RecommendationService.observe, shop=SHOP, user_id=shopper, item_id=ids(what_if(demo))[0], event=Act.CART)
    met = demo.call(TrialService.history, shop=SHOP, user_id=shopper, limit=9)
    assert len(met) == 9
    assert met[0].event == "cart"
    times = [entry.time for entry in met[1:] if entry.time is not None]
    assert times == sorted(times, reverse=True)


def test_the_currency_of_the_orders_is_told(demo: Engine) -> None:
    answer = what_if(demo)
    assert answer.currency is None or len(answer.currency) == 3
