from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.recommendation_engine import Plan
from engine.recommendation_engine.rules.check import check
from engine.recommendation_engine.serving import ReleaseRecommender

NOW = datetime(2026, 7, 20, tzinfo=UTC)
YESTERDAY = (NOW - timedelta(days=1)).isoformat()


def told(recommender: ReleaseRecommender, *rules: dict[str, Any], **fields: Any) -> list[tuple[tuple[str, ...], str]]:
    named = [{"rule_id": f"r{number}", **rule} for number, rule in enumerate(rules)]
    plan = Plan.model_validate({"rules": named, **fields})
    found = check(plan, recommender.shelf, recommender.signals, recommender.segments, NOW)
    return [(warning.rules, warning.text) for warning in found]


PIN = {"kind": "pin", "where": {"item_id": "i45"}, "position": 1}
DRESSES, COATS = {"category": "dresses"}, {"category": "coats"}


@pytest.mark.parametrize(
    ("rules", "about", "words"),
    [
        ([PIN, {"kind": "hide", "where": COATS}], ("r0", "r1"), "hides"),
        ([PIN, {"kind": "filter", "where": DRESSES}], ("r0", "r1"), "filters out"),
        ([{**PIN, "where": {"item_id": "i49"}}], ("r0",), "sold out"),
        ([PIN, {**PIN, "where": {"item_id": "i46"}}], ("r0", "r1"), "same place"),
        ([PIN, {**PIN, "position": 3}], ("r0", "r1"), "same product"),
        ([{**PIN, "position": 40}], ("r0",), "place 40"),
        (
            [
                {"kind": "boost", "where": DRESSES, "strength": 5},
                {"kind": "bury", "where": {"brand": "Vela"}, "strength": 5},
            ],
            ("r0", "r1"),
            "both ways",
        ),
        (
            [{"kind": "filter", "where": DRESSES}, {"kind": "filter", "where": COATS}],
            ("r0", "r1"),
            "exclude each other",
        ),
        ([{"kind": "hide", "where": {"category": ["dresses", "coats", "shirts"]}}], ("r0",), "leave nothing"),
        ([{**PIN, "ends": YESTERDAY}], ("r0",), "ended on"),
        ([{**PIN, "on": False}], ("r0",), "switched off"),
        ([{"kind": "hide", "where": {"item_id": "gone"}}], ("r0",), "matches no product"),
        ([{"kind": "hide", "where": {"fabric": "silk"}}], ("r0",), "category, brand"),
        ([{"kind": "hide", "where": {"category": "hats"}}], ("r0",), "coats, dresses, shirts"),
        ([{"kind": "cap", "facet": "sleeve", "most": 2}], ("r0",), "tell no 'sleeve'"),
        ([{"kind": "cap", "facet": "category", "most": 2}], ("r0",), "at most 6 of 10"),
        (
            [
                {**PIN, "where": {"item_id": ["i45", "i46"]}},
                {"kind": "cap", "facet": "brand", "most": 4},
                {"kind": "cap", "facet": "category", "most": 1},
            ],
            ("r2", "r0"),
            "2 are pinned",
        ),
        ([{"kind": "margin", "strength": 1}], ("r0",), "no costs and prices"),
        ([{"kind": "margin", "strength": 1, "scope": {"segments": ["gold"]}}], ("r0",), "segment 'gold'"),
        ([{"kind": "margin", "strength": 1, "scope": {"categories": ["hats"]}}], ("r0",), "category 'hats'"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told(
    recommender: ReleaseRecommender, rules: list[dict[str, Any]], about: tuple[str, ...], words: str
) -> None:
    found = told(recommender, *rules)
    assert any(set(about) <= set(ids) and words in text for ids, text in found), found


def test_a_weight_of_no_signal_is_told(recommender: ReleaseRecommender) -> None:
    assert "no signal 'charm'" in told(recommender, weights={"charm": 1.0})[0][1]


def test_a_sound_plan_passes(recommender: ReleaseRecommender) -> None:
    scoped = {"scope": {"segments": ["25-34"]}}
    assert (
        told(
            recommender,
            PIN,
            {**PIN, "where": {"item_id": "i47"}, "position": 2},
            {"kind": "hide", "where": DRESSES, **scoped},
            {"kind": "filter", "where": {"colour": "blue"}, "ends": (NOW + timedelta(days=9)).isoformat()},
            {"kind": "cap", "facet": "brand", "most": 4},
            {"kind": "diversity", "strength": 0.2},
            weights={"trending": 1.0, "avoided": 2.0},
        )
        == []
    )


def test_rules_that_never_meet_do_not_conflict(recommender: ReleaseRecommender) -> None:
    first = {**PIN, "scope": {"surfaces": ["home"]}}
    second = {**PIN, "where": {"item_id": "i46"}, "scope": {"surfaces": ["basket"]}}
    assert told(recommender, first, second) == []
    early, late = {"ends": (NOW + timedelta(days=1)).isoformat()}, {"starts": (NOW + timedelta(days=1)).isoformat()}
    assert told(recommender, {**PIN, **early}, {**PIN, "where": {"item_id": "i46"}, **late}) == []
