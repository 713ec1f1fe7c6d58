"""Plans as hypothesis draws them, over the small shop."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.recommendation_engine import Exploration, Plan, Rule, RuleKind, Scope, Surface

ITEMS = [f"i{number:02d}" for number in range(60)]

items = st.sampled_from([*ITEMS, "gone"])
wheres = st.one_of(
    st.lists(items, min_size=1, max_size=6).map(lambda ids: {"item_id": ids}),
    st.sampled_from(["dresses", ["shirts", "coats"], "Coat"]).map(lambda value: {"category": value}),
    st.sampled_from(["Vela", ["Lumen", "Kastanie"]]).map(lambda value: {"brand": value}),
    st.just({"colour": "red", "material": "silk"}),
    st.sampled_from(["luxury", [20, 45]]).map(lambda value: {"price_range": value}),
    st.just({"category": "hats"}),
)
scopes = st.builds(
    Scope,
    segments=st.sampled_from([(), ("vip",), ("25-34", "VIP")]),
    categories=st.sampled_from([(), ("dresses",), ("coats", "hats")]),
    markets=st.sampled_from([(), ("DE",)]),
    surfaces=st.sampled_from([(), (Surface.HOME,), (Surface.PRODUCT, Surface.BASKET)]),
)


def _rule(number: int, drawn: dict[str, Any]) -> Rule:
    return Rule(rule_id=f"r{number}", **drawn)


def _kind(kind: RuleKind, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"kind": st.just(kind), "scope": scopes, "on": st.sampled_from([True, True, False]), **fields}
    )


rules = st.one_of(
    _kind(RuleKind.HIDE, where=wheres),
    _kind(RuleKind.FILTER, where=wheres),
    _kind(
        RuleKind.PIN,
        where=st.lists(items, min_size=1, max_size=3).map(lambda ids: {"item_id": ids}),
        position=st.integers(1, 12),
    ),
    _kind(RuleKind.BOOST, where=wheres, strength=st.floats(0, 1000)),
    _kind(RuleKind.BURY, where=wheres, strength=st.floats(0, 99)),
    _kind(RuleKind.FRESHNESS, strength=st.floats(0, 5)),
    _kind(RuleKind.STOCK, strength=st.floats(0, 5)),
    _kind(
        RuleKind.CAP,
        facet=st.sampled_from(["category", "brand", "size", "price_range", "sleeve"]),
        most=st.integers(1, 6),
    ),
    _kind(RuleKind.DIVERSITY, strength=st.floats(0, 1)),
)
plans = st.builds(
    lambda drawn, weights, exploration: Plan(
        rules=tuple(_rule(number, each) for number, each in enumerate(drawn)), weights=weights, exploration=exploration
    ),
    st.lists(rules, max_size=7),
    st.dictionaries(st.sampled_from(["trending", "together", "category", "alike"]), st.floats(0, 5), max_size=3),
    st.builds(Exploration, share=st.sampled_from([0.0, 0.3, 0.5]), method=st.sampled_from(["epsilon", "thompson"])),
)
