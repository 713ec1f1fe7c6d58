"""Rules as invariants: whatever a plan says, what may not appear never appears."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recommendation_engine import Act, Plan, Rule, RuleKind, Scope, Surface
from engine.recommendation_engine.rules.rulebook import Rulebook, Situation, holds
from engine.recommendation_engine.schema import Request, SessionEvent
from engine.recommendation_engine.serving import Answer, ReleaseRecommender
from engine.recommendation_engine.why import why_not
from tests.engine.recommendation_engine.plans import ITEMS, plans

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
acts = st.builds(SessionEvent, item_id=st.sampled_from(ITEMS), event=st.sampled_from(Act), hours_ago=st.floats(0, 300))
surfaces = st.one_of(
    st.just({}),
    st.just({"surface": Surface.CATEGORY, "context": {"category": "dresses"}}),
    st.sampled_from(ITEMS).map(lambda item: {"surface": Surface.PRODUCT, "item_id": item}),
    st.sampled_from(ITEMS).map(lambda item: {"surface": Surface.WEAR_WITH, "item_id": item}),
    st.just({"surface": Surface.BASKET, "basket": ("i03", "i44")}),
    st.just({"context": {"price_range": [15, 50], "in_stock": False}}),
)
requests = st.builds(
    lambda where, **fields: Request(**{**fields, **where}),
    surfaces,
    shopper=st.one_of(st.none(), st.integers(0, 239).map(lambda number: f"p_{number:020x}")),
    events=st.lists(acts, max_size=4).map(tuple),
    market=st.sampled_from([None, "DE", "fr"]),
    limit=st.integers(1, 25),
    moment=st.just(NOW),
    seed=st.integers(0, 9),
)


def barred(recommender: ReleaseRecommender, request: Request, plan: Plan) -> set[str]:
    """What may not appear, told the slow way: rule after rule, product after product."""
    shelf, book = recommender.shelf, Rulebook(plan, recommender.shelf)
    laid = recommender.laid(plan)
    force = recommender.score(request, laid).force
    held = {rule.rule_id for rule, _ in (*force.hides, *force.filters)}
    out = {request.item_id} | set(request.basket) - {None}
    latest = {event.item_id: event for event in sorted(request.events, key=lambda event: -event.hours_ago)}
    out |= set(latest)
    for rule in plan.rules:
        if rule.rule_id in held:
            rows = book.rows(rule.rule_id)
            rows = ~rows if rule.kind is RuleKind.FILTER else rows
            out |= {shelf.cards[row].item_id for row in np.flatnonzero(rows).tolist()}
    if request.context.get("in_stock", True):
        out |= {card.item_id for card in shelf.cards if card.in_stock is False}
    if request.surface is Surface.CATEGORY:
        out |= {card.item_id for card in shelf.cards if card.category != "dresses"}
    if request.surface is Surface.WEAR_WITH:
        about = recommender.card_of(str(request.item_id))
        out |= {card.item_id for card in shelf.cards if about is not None and card.category == about.category}
    return {item for item in out if item is not None}


def counted(answer: Answer, recommender: ReleaseRecommender, facet: str) -> dict[str, int]:
    rows = [recommender.facets.place[item.item_id] for item in answer.items]
    return {value: int(np.isin(rows, own).sum()) for value, own in recommender.facets.by_value(facet).items()}


@settings(deadline=None)
@given(request=requests, plan=plans)
def test_no_rule_brings_back_what_may_not_appear(recommender: ReleaseRecommender, request: Request, plan: Plan) -> None:
    answer = recommender.recommend(request, plan, tried=dict)
    shown = [item.item_id for item in answer.items]
    assert len(set(shown)) == len(shown) <= request.limit
    assert not set(shown) & barred(recommender, request, plan)
    for item in answer.items:
        assert sum(part.value for part in item.contributions) == pytest.approx(item.score, abs=1e-6)
        for part in item.contributions:
            if part.evidence:
                assert sum(each.value for each in part.evidence) == pytest.approx(part.value, abs=1e-6)
        if item.propensity is not None:
            assert 0 < item.propensity <= 1


@settings(deadline=None)
@given(request=requests, plan=plans)
def test_pins_land_and_caps_hold(recommender: ReleaseRecommender, request: Request, plan: Plan) -> None:
    answer = recommender.recommend(request, plan, tried=dict)
    force = recommender.score(request, recommender.laid(plan)).force
    pinned = {item.item_id for item in answer.items if item.pinned_by}
    places = {item.item_id: item.position for item in answer.items}
    taken: set[int] = set()
    seen: set[str] = set()
    for pin in force.pins:
        name = recommender.model.item_ids[pin.row]
        if name not in pinned or name in seen:
            continue
        seen.add(name)
        wanted = pin.position
        while wanted in taken:
            wanted += 1
        taken.add(wanted)
        assert places[name] == wanted or len(places) < wanted
    for cap in force.caps:
        facet = str(cap.rule.facet)
        by_pins = {
            value: sum(item in {recommender.model.item_ids[row] for row in rows} for item in pinned)
            for value, rows in recommender.facets.by_value(facet).items()
        }
        for value, count in counted(answer, recommender, facet).items():
            assert count <= max(cap.most, by_pins[value])


@settings(deadline=None)
@given(request=requests, plan=plans, target=st.sampled_from(ITEMS))
def test_why_not_agrees_with_the_list(
    recommender: ReleaseRecommender, request: Request, plan: Plan, target: str
) -> None:
    answer = recommender.recommend(request, plan)
    places = {item.item_id: item.position for item in answer.items}
    told = why_not(recommender, request, target, plan)
    assert (told.stage == "shown") == (target in places)
    assert told.position == places.get(target)
    if target in barred(recommender, request, plan):
        assert told.stage in {"hidden", "filtered", "sold_out", "met"}
    if told.boost is not None and told.boost < 1000:
        up = Rule(rule_id="up", kind=RuleKind.BOOST, where={"item_id": target}, strength=told.boost)
        helped = recommender.recommend(request, plan.model_copy(update={"rules": (*plan.rules, up)}))
        assert target in {item.item_id for item in helped.items}


def ids(answer: Answer) -> list[str]:
    return [item.item_id for item in answer.items]


def plan_of(*rules: dict[str, Any], **fields: Any) -> Plan:
    named = [{"rule_id": f"r{number}", **rule} for number, rule in enumerate(rules)]
    return Plan.model_validate({"rules": named, **fields})


def test_the_empty_plan_changes_nothing(recommender: ReleaseRecommender) -> None:
    request = Request(shopper=recommender.model.shopper_ids[2], limit=12)
    assert recommender.recommend(request) == recommender.recommend(request, Plan())


def test_a_boost_adds_its_log_odds(recommender: ReleaseRecommender) -> None:
    request = Request(limit=60, context={"exclude": "nothing"})
    plain = {item.item_id: item.score for item in recommender.recommend(request).items}
    plan = plan_of(
        {"kind": "boost", "where": {"brand": "Vela"}, "strength": 50, "name": "Summer"},
        {"kind": "bury", "where": {"colour": "red"}, "strength": 50},
    )
    for item in recommender.recommend(request, plan).items:
        added = np.log(1.5) * (item.card.brand == "Vela") - np.log(2) * (item.card.colour == "red")
        assert item.score - plain[item.item_id] == pytest.approx(added)
        if item.card.brand == "Vela":
            told = next(part for part in item.contributions if part.signal == "rule:r0")
            assert told.because == "+50% boost by rule Summer"


def test_weights_of_a_plan_replace_the_models_own(recommender: ReleaseRecommender) -> None:
    request = Request(shopper=recommender.model.shopper_ids[2])
    answer = recommender.recommend(request, Plan(weights={"trending": 0.0}))
    assert not {part.signal for item in answer.items for part in item.contributions} & {"trending"}
    assert ids(answer) != ids(recommender.recommend(request))


def test_a_rule_holds_in_its_scope_and_time_only() -> None:
    def rule(**fields: Any) -> Rule:
        return Rule(rule_id="r", kind=RuleKind.DIVERSITY, strength=0.1, **fields)

    here = Situation(NOW, frozenset({"vip"}), frozenset({"dresses"}), "DE", Surface.CATEGORY)
    assert holds(rule(), here)
    assert holds(rule(scope=Scope(segments=("VIP", "new"), categories=("Dresses",), markets=("de",))), here)
    assert not holds(rule(scope=Scope(segments=("new",))), here)
    assert not holds(rule(scope=Scope(categories=("coats",))), here)
    assert not holds(rule(scope=Scope(markets=("FR",))), here)
    assert not holds(rule(scope=Scope(surfaces=(Surface.HOME,))), here)
    assert not holds(rule(on=False), here)
    assert not holds(rule(starts=NOW + timedelta(hours=1)), here)
    assert not holds(rule(ends=NOW), here)
    assert holds(rule(starts=NOW, ends=NOW + timedelta(hours=1)), here)
    assert holds(rule(ends=NOW), Situation(None))


def test_the_second_pin_of_a_place_moves_to_the_next(recommender: ReleaseRecommender) -> None:
    plan = plan_of(
        {"kind": "pin", "where": {"item_id": "i45"}, "position": 2},
        {"kind": "pin", "where": {"item_id": ["i46", "i47"]}, "position": 2},
    )
    answer = recommender.recommend(Request(limit=5), plan)
    assert ids(answer)[1:4] == ["i45", "i46", "i47"]
    assert [item.pinned_by for item in answer.items] == [None, "r0", "r1", "r1", None]


def test_what_a_plan_could_not_do_is_told(recommender: ReleaseRecommender) -> None:
    plan = plan_of(
        {"kind": "pin", "where": {"item_id": "i49"}, "position": 1},
        {"kind": "cap", "facet": "category", "most": 1},
        {"kind": "boost", "where": {"fabric": "silk"}, "strength": 10},
    )
    answer = recommender.recommend(Request(limit=10), plan)
    told = {rule: warning.text for warning in answer.warnings for rule in warning.rules}
    assert "may not appear" in told["r0"]
    assert "3 of 10 places" in told["r1"]
    assert "fabric" in told["r2"]
    nothing = recommender.recommend(Request(limit=10), plan_of({"kind": "filter", "where": {"category": "hats"}}))
    assert nothing.items == []
    assert any("Nothing is left" in warning.text for warning in nothing.warnings)


def test_diversity_brings_other_products(recommender: ReleaseRecommender) -> None:
    request = Request(shopper="p_" + f"{0:020x}", limit=8)
    plain = recommender.recommend(request)
    spread = recommender.recommend(request, plan_of({"kind": "diversity", "strength": 0.8}))
    kinds = [{(i.card.category, i.card.brand, i.card.colour) for i in answer.items} for answer in (plain, spread)]
    assert len(kinds[1]) > len(kinds[0])
    assert ids(spread)[0] == ids(plain)[0]


def test_tried_prices_change_cards_and_bands(recommender: ReleaseRecommender) -> None:
    request = Request(limit=60, context={"price_range": [0, 1], "exclude": "nothing"})
    assert recommender.recommend(request).items == []
    answer = recommender.recommend(request, prices={"i45": 0.5, "gone": 3.0})
    assert [(item.item_id, item.card.price) for item in answer.items] == [("i45", 0.5)]
    assert recommender.cards[45].price == 55.0


def test_the_order_is_the_list_without_words(recommender: ReleaseRecommender) -> None:
    request = Request(shopper=recommender.model.shopper_ids[4], limit=9)
    plan = plan_of(
        {"kind": "boost", "where": {"brand": "Vela"}, "strength": 30}, {"kind": "diversity", "strength": 0.2}
    )
    answer, order = recommender.recommend(request, plan), recommender.order(request, plan)
    assert [recommender.model.item_ids[row] for row in order.rows] == ids(answer)
    assert order.scores == pytest.approx([item.score for item in answer.items])
