"""Nothing that is foretold, and nothing later, is in what a model may see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation import EvaluationPlan, Protocol
from engine.recommendation_engine.evaluation.splits import about, splits, usual_days
from tests.engine.recommendation_engine.evaluation.logs import shop_of


@given(st.integers(0, 50), st.integers(1, 3), st.integers(8, 20))
def test_windows_follow_each_other_and_see_only_the_past(seed: int, windows: int, days: int) -> None:
    data = shop_of(seed=seed)
    assert data.day is not None
    found = splits(data, EvaluationPlan(windows=windows, days=days))
    assert len(found) == windows + 1
    cuts = [split.cut for split in found]
    assert np.diff(cuts).tolist() == [days] * windows  # type: ignore[arg-type]
    for split in found:
        assert split.cut is not None
        assert len(split.item) == (data.day < split.cut).sum()
        assert (split.age > 0).all()
        ahead = (data.day >= split.cut) & (data.day < split.cut + days)
        pairs = set(zip(split.units[split.unit].tolist(), split.wanted.tolist(), strict=True))
        met = set(zip(split.shopper.tolist(), split.item.tolist(), strict=True))
        held = set(zip(data.shopper[ahead].tolist(), data.item[ahead].tolist(), strict=True))
        assert len(pairs) == len(split.wanted)
        assert pairs == held - met
        assert split.candidate.sum() == len(np.unique(split.item))


def test_the_last_item_is_tested_and_the_one_before_is_for_choices() -> None:
    data = shop_of(days=None)
    validation, test = splits(data, EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT))
    for shopper in range(data.n_shoppers):
        items = data.item[data.shopper == shopper]
        np.testing.assert_array_equal(validation.histories[shopper], items[:-2])
        np.testing.assert_array_equal(test.histories[shopper], items[:-1])
        assert validation.next_item[shopper] == items[-2]
        assert test.next_item[shopper] == items[-1]
    assert test.age.min() == 0


def test_shoppers_with_few_items_are_learned_from_but_not_tested() -> None:
    data = shop_of(days=None)
    short = data.shopper == 0
    keep = ~short | (np.cumsum(short) <= 2)
    from engine.recommendation_engine.evaluation import Interactions

    cut = Interactions.ordered("cut", data.shopper[keep], data.item[keep], None, n_shoppers=160, n_items=60)
    for split in splits(cut, EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT)):
        assert 0 not in split.units
        assert len(split.histories[0]) == 2


def test_only_strong_events_are_foretold() -> None:
    data = shop_of()
    data.strong[::2] = False
    for split in splits(data, EvaluationPlan(windows=1, days=20)):
        assert data.day is not None
        assert split.cut is not None
        weak = ~data.strong & (data.day >= split.cut)
        strong = data.strong & (data.day >= split.cut) & (data.day < split.cut + 20)
        only_weak = set(zip(data.shopper[weak], data.item[weak], strict=True)) - set(
            zip(data.shopper[strong], data.item[strong], strict=True)
        )
        assert not only_weak & set(zip(split.units[split.unit], split.wanted, strict=True))


def test_windows_are_short_where_there_is_little_time() -> None:
    assert usual_days(shop_of(days=2_000), 3) == 28
    assert usual_days(shop_of(days=40), 3) < 6


@pytest.mark.parametrize(
    ("days", "plan", "told"),
    [
        (None, EvaluationPlan(), "tells no times"),
        (30, EvaluationPlan(windows=5, days=28), "covers 30 days"),
        (120, EvaluationPlan(windows=1, days=1), "shoppers who chose something new"),
    ],
)
def test_data_that_does_not_fit_the_plan_is_refused(days: int | None, plan: EvaluationPlan, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        splits(shop_of(days=days, shoppers=60), plan)


def test_the_protocol_is_told_in_words() -> None:
    assert "the last item of every shopper" in about(EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT), shop_of())
    assert "2 windows of 9 days" in about(EvaluationPlan(windows=2, days=9), shop_of())
