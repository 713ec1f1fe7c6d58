from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.movement import moved_badge, movement
from dashboard.sandbox.plan_changes import plan_changes
from dashboard.sandbox.rule_words import KINDS, rule_text, schedule_text, scope_text
from dashboard.sandbox.stock_words import margin, margin_words, stock_words
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Exploration, Plan, Rule, RuleKind, Scope, Surface
from engine.recommendation_engine.schema import Recommendation

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CARDS = {"a": ItemCard(item_id="a", title="Linen dress", price=80.0, cost=20.0, on_hand=3, in_stock=True)}


def rule(kind: RuleKind, **parts: Any) -> Rule:
    return Rule(rule_id=parts.pop("rule_id", "r"), kind=kind, **parts)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (rule(RuleKind.HIDE, where={"item_id": ["a", "b", "c", "d"]}), "Hide Linen dress, b and 2 more"),
        (rule(RuleKind.PIN, where={"item_id": ["a"]}, position=2), "Pin Linen dress to place 2"),
        (rule(RuleKind.BOOST, where={"category": "Dresses"}, strength=50), "Boost category Dresses by 50%"),
        (rule(RuleKind.FILTER, where={"brand": ["X", "Y"]}), "Show only brand X or Y"),
        (rule(RuleKind.BURY, where={"price_range": [50, None]}, strength=20), "Bury price 50 to open by 20%"),
        (rule(RuleKind.CAP, facet="brand", most=3), "At most 3 of one brand"),
        (rule(RuleKind.MARGIN, strength=0.5), "Prefer products that earn more (weight 0.5)"),
        (rule(RuleKind.DIVERSITY, strength=0.3), "Keep products apart that look alike (0.3 of 1)"),
    ],
)
def test_a_rule_is_told_in_the_words_of_the_shop(made: Rule, text: str) -> None:
    assert rule_text(made, CARDS) == text


def test_every_kind_has_a_name_and_words() -> None:
    assert set(KINDS) == set(RuleKind)


def test_scope_and_schedule_are_told() -> None:
    scope = Scope(segments=("young",), surfaces=(Surface.HOME, Surface.WEAR_WITH))
    assert scope_text(scope) == "segment young, on home or wear with"
    assert scope_text(Scope()) == ""
    made = rule(RuleKind.CAP, facet="brand", most=3, ends=NOW)
    assert schedule_text(made, NOW - timedelta(days=1)) == "until 2026-03-01 00:00 UTC"
    assert schedule_text(made, NOW) == "ended 2026-03-01 00:00 UTC"
    later = rule(RuleKind.CAP, facet="brand", most=3, starts=NOW)
    assert schedule_text(later, NOW - timedelta(days=1)) == "starts 2026-03-01 00:00 UTC"
    assert schedule_text(later, NOW) == ""


def test_changes_of_a_plan_are_told_line_by_line() -> None:
    kept = rule(RuleKind.BOOST, rule_id="k", where={"category": "Dresses"}, strength=50)
    gone = rule(RuleKind.HIDE, rule_id="g", where={"item_id": ["a"]})
    before = Plan(rules=(kept, gone), weights={"trending": 0.5})
    after = Plan(
        rules=(kept.model_copy(update={"on": False}), rule(RuleKind.CAP, rule_id="n", facet="brand", most=2)),
        exploration=Exploration(share=0.1),
    )
    told = [(change.sign, change.text) for change in plan_changes(before, after, CARDS, {"trending": 0.8})]
    assert told == [
        ("added", "At most 2 of one brand"),
        ("removed", "Hide Linen dress"),
        ("changed", "Switched off: Boost category Dresses by 50%"),
        ("changed", "Weight of Trending now: 0.50 to 0.80 (the model's own)"),
        ("changed", "New products on trial: none to 10% of the places (epsilon, 30 days)"),
    ]
    assert plan_changes(after, after, CARDS, {}) == []


def shown(names: list[str]) -> list[Recommendation]:
    return [
        Recommendation(item_id=name, position=place, score=0.0, card=CARDS["a"], contributions=[], reason="")
        for place, name in enumerate(names, start=1)
    ]


@given(st.permutations("abcdef"), st.permutations("abcdefgh"))
def test_arrows_say_where_everything_went(before: list[str], after: list[str]) -> None:
    after = after[:6]
    found = movement(shown(before), shown(after))
    for name in after:
        expected = before.index(name) - after.index(name) if name in before else None
        assert found.places[name] == expected
    assert [item.item_id for item in found.gone] == [name for name in before if name not in after]
    assert found.new == len(found.gone)


def test_an_arrow_has_words() -> None:
    badges = [moved_badge(step) for step in (None, 0, 1, -3)]
    assert [badge and (badge.text, badge.about) for badge in badges] == [
        ("new", "New in the list"), None, ("↑1", "Up 1 place"), ("↓3", "Down 3 places"),
    ]  # fmt: skip
    assert movement(shown(["a"]), shown(["a"])).text == "Nothing moved."
    assert movement(shown(["a", "b"]), shown(["b", "c"])).text == "1 came in, 1 left, 1 rose."


def test_stock_and_margin_are_told_where_they_are_known() -> None:
    assert stock_words(CARDS["a"]) == "3 in stock"
    assert stock_words(ItemCard(item_id="b", title="b")) == ""
    assert stock_words(ItemCard(item_id="b", title="b", on_hand=0)) == "Sold out"
    assert margin_words(CARDS["a"]) == "75% margin"
    assert margin(CARDS["a"], 10.0) == -1.0
    assert margin(ItemCard(item_id="b", title="b", price=10.0)) is None
