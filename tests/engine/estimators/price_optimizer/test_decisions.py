"""Prices keep to their bounds, and are the best that the bounds allow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.estimators.price_optimizer.decisions import (
    Bounds,
    MarkdownItem,
    MarkdownPlan,
    candidates,
    plan_markdowns,
    recommend,
    what_if,
)

DRAWS = np.random.default_rng(0).normal(1.6, 0.2, 200)
prices = st.floats(1.0, 400.0).map(lambda value: round(value, 2))


def test_a_what_if_follows_the_elasticity() -> None:
    found = what_if(10.0, 50.0, 40.0, np.full(5, 2.0), cost=20.0)
    assert found.then.units.value == pytest.approx(10 * 1.25**2)
    assert found.now.margin is not None
    assert found.now.margin.value == pytest.approx(300)
    assert found.gain.value == pytest.approx(15.625 * 20 - 300)


def test_intervals_hold_their_mean_and_widen_with_the_step() -> None:
    near, far = (what_if(10.0, 50.0, price, DRAWS).then.units for price in (48.0, 35.0))
    assert near.low < near.value < near.high
    assert far.high - far.low > near.high - near.low


def test_the_best_price_is_the_textbook_one() -> None:
    """At a known elasticity above 1, profit is highest at cost * e / (e - 1)."""
    found = recommend(5.0, 50.0, np.full(3, 2.5), cost=30.0, bounds=Bounds(most_down=0.5, most_up=0.5))
    assert found.price == pytest.approx(50.0, abs=0.01)
    moved = recommend(5.0, 60.0, np.full(3, 2.5), cost=30.0, bounds=Bounds(most_down=0.5, most_up=0.5))
    assert moved.price == pytest.approx(50.0, abs=0.05)
    assert moved.binding is None
    assert moved.why.startswith("Lower")


@given(
    price=prices,
    cost_share=st.floats(0.05, 1.2),
    down=st.floats(0, 0.6),
    up=st.floats(0, 0.6),
    floor=st.none() | st.floats(0, 0.8),
    endings=st.sampled_from([(), (0.95,), (0.95, 0.99)]),
    objective=st.sampled_from(["profit", "revenue", "units"]),
    middle=st.floats(0.2, 3.0),
)
def test_recommended_prices_keep_to_their_bounds(
    price: float,
    cost_share: float,
    down: float,
    up: float,
    floor: float | None,
    endings: tuple[float, ...],
    objective: str,
    middle: float,
) -> None:
    cost = price * cost_share
    bounds = Bounds(most_down=down, most_up=up, floor_margin=floor, endings=endings)
    draws = np.maximum(DRAWS - 1.6 + middle, 0)
    found = recommend(3.0, price, draws, cost=cost, bounds=bounds, objective=objective)  # type: ignore[arg-type]
    if found.price != price:
        assert price * (1 - down) - 1e-6 <= found.price <= price * (1 + up) + 1e-6
        assert floor is None or found.price * (1 - floor) >= cost - 1e-6
        assert not endings or min(abs(found.price % 1 - ending) for ending in endings) < 1e-6
        assert objective != "profit" or found.result.gain.value >= -1e-9
    assert found.why.endswith(".")


@given(price=prices, low=st.floats(0.3, 1.0), high=st.floats(1.0, 1.8))
def test_candidates_rise_within_their_span(price: float, low: float, high: float) -> None:
    found = candidates(price, price * low, price * high, (0.95,))
    assert (np.diff(found) > 0).all()
    assert price in found
    assert (found >= price * low - 1e-6).all()
    assert (found <= price * high + 1e-6).all()


def test_says_which_bound_stands_in_the_way() -> None:
    elastic, stiff = np.full(3, 3.0), np.full(3, 0.8)
    assert recommend(1.0, 50.0, stiff, cost=20.0).binding == "it may rise by 20% at most"
    assert recommend(1.0, 50.0, elastic, cost=20.0).binding == "it may fall by 30% at most"
    floor = Bounds(floor_margin=0.5)
    assert "margin" in str(recommend(1.0, 50.0, elastic, cost=20.0, bounds=floor).binding)


def test_a_price_is_kept_where_no_price_meets_all_bounds() -> None:
    found = recommend(1.0, 50.0, DRAWS, cost=60.0, bounds=Bounds(floor_margin=0.5))
    assert found.price == 50.0
    assert "kept" in found.why


@pytest.mark.parametrize("wrong", [{"price_now": 0.0}, {"units": -1.0}, {"cost": -2.0}])
def test_refuses_numbers_that_cannot_be(wrong: dict[str, float]) -> None:
    given_ = {"units": 1.0, "price_now": 10.0, "cost": 4.0, **wrong}
    with pytest.raises(InvalidInput):
        recommend(given_["units"], given_["price_now"], DRAWS, cost=given_["cost"])


def test_profit_needs_a_cost() -> None:
    with pytest.raises(InvalidInput, match="cost"):
        recommend(1.0, 10.0, DRAWS)


def season(**changes: object) -> MarkdownItem:
    values = {"stock": 60, "price": 80.0, "demand": np.linspace(5, 3, 8), "elasticity": DRAWS, "salvage": 8.0}
    return MarkdownItem("a", **{**values, **changes})  # type: ignore[arg-type]


@given(
    stock=st.integers(0, 200),
    weeks=st.integers(1, 8),
    demand=st.floats(0, 20),
    salvage=st.floats(0, 30),
    lowest=st.floats(0, 90),
    target=st.none() | st.floats(0, 1),
)
def test_plans_never_rise_and_never_sell_more_than_there_is(
    stock: int, weeks: int, demand: float, salvage: float, lowest: float, target: float | None
) -> None:
    item = season(stock=stock, demand=np.full(weeks, demand), salvage=salvage, lowest=lowest)
    (plan,) = plan_markdowns([item], sell_through=target)
    assert (np.diff(plan.prices) <= 1e-9).all()
    assert (np.diff(plan.prices) < 0).sum() <= 2
    assert plan.prices.max() <= 80.0
    assert (plan.prices >= lowest - 1e-6).all() or (plan.prices == 80.0).any()
    assert 0 <= plan.units.high <= stock + 1e-6
    assert target is not None or plan.gain.value >= -1e-9
    assert 0 <= plan.sell_through <= 1 + 1e-9


def test_slow_stock_is_marked_down_and_scarce_stock_is_not() -> None:
    slow, scarce = plan_markdowns([season(stock=150), season(stock=8)])
    assert slow.prices[-1] < 80.0
    assert (scarce.prices == 80.0).all()
    assert slow.gain.low > 0


def test_a_sell_through_target_costs_proceeds_and_is_named() -> None:
    free, held = (plan_markdowns([season()], sell_through=target)[0] for target in (None, 0.97))
    assert held.sell_through >= 0.97 > free.sell_through
    assert held.proceeds.value <= free.proceeds.value
    assert held.binding == "97% of the stock is to be sold"


def test_a_target_out_of_reach_is_said_to_be() -> None:
    (plan,) = plan_markdowns([season(stock=5_000)], sell_through=0.9)
    assert "no allowed path sells 90%" in str(plan.binding)
    assert plan.prices[-1] == pytest.approx(32.0)


def test_expected_sales_match_a_simulation() -> None:
    """Sales out of a stock under Poisson demand, against drawn ones."""
    item = season(stock=30, demand=np.full(6, 5.0), elasticity=np.full(1, 1.6))
    plan: MarkdownPlan = plan_markdowns([item], cuts=(0.0,))[0]
    drawn = np.minimum(np.random.default_rng(1).poisson(30.0, 200_000), 30).mean()
    assert plan.units.value == pytest.approx(drawn, rel=2e-3)
