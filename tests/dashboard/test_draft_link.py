from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.draft_link import LONGEST, pack, unpack
from engine.errors import InvalidInput
from engine.recommendation_engine.plan import Draft, Exploration, Plan, Rule, RuleKind

_ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
_rules = st.builds(
    Rule,
    rule_id=_ids,
    kind=st.sampled_from([RuleKind.HIDE, RuleKind.FILTER]),
    name=st.text(max_size=40),
    where=st.dictionaries(st.sampled_from(["category", "brand"]), st.text(min_size=1, max_size=20), min_size=1),
    on=st.booleans(),
)
_drafts = st.builds(
    Draft,
    plan=st.builds(
        Plan,
        weights=st.dictionaries(_ids, st.floats(0, 5), max_size=5),
        rules=st.lists(_rules, max_size=4, unique_by=lambda rule: rule.rule_id).map(tuple),
        exploration=st.builds(Exploration, share=st.floats(0, 0.5)),
    ),
    prices=st.dictionaries(_ids, st.floats(0.01, 1e6), max_size=4),
)


@given(_drafts, st.integers(0, 10_000))
def test_a_draft_comes_out_of_its_link_as_it_went_in(draft: Draft, number: int) -> None:
    code = pack(draft, number)
    assert code is not None
    assert code.isascii()
    assert unpack(code) == (draft, number)


def test_a_draft_that_is_too_long_has_no_link() -> None:
    rules = tuple(
        Rule(
            rule_id=f"r{number}",
            kind=RuleKind.HIDE,
            where={"item_id": [f"{number * 7919:x}{number}"]},
            note=f"{number**7}",
        )
        for number in range(200)
    )
    assert pack(Draft(plan=Plan(rules=rules)), 1) is None


@given(st.text(max_size=200))
def test_any_other_text_is_refused_in_words(code: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        unpack(code)


def test_a_draft_that_unfolds_without_end_is_refused() -> None:
    bomb = "1" + base64.urlsafe_b64encode(zlib.compress(b" " * 1_500_000, 9)).decode().rstrip("=")
    assert len(bomb) <= LONGEST
    with pytest.raises(InvalidInput):
        unpack(bomb)


@given(_drafts, st.data())
def test_a_link_that_lost_its_end_is_refused(draft: Draft, data: st.DataObject) -> None:
    code = pack(draft, 1)
    assert code is not None
    cut = data.draw(st.integers(0, len(code) - 2))
    with pytest.raises(InvalidInput):
        unpack(code[:cut])
