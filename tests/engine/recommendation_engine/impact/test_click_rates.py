"""Click rates of lists that were not shown, against the truth of simulated shoppers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from engine.catalog.schema import Table
from engine.recommendation_engine.impact.click_rates import FEWEST, LoggedList, Place, click_rate, logged
from engine.recommendation_engine.impact.schema import Method
from engine.recommendation_engine.plan import Exploration, Plan, Rule, RuleKind
from engine.recommendation_engine.schema import Request
from engine.recommendation_engine.serving import ReleaseRecommender
from tests.conftest import rounds
from tests.engine.estimators.shops import dataset_of, small_shop

PLACES = 4
START = datetime(2026, 8, 1, tzinfo=UTC)
EXPLORING = Plan(exploration=Exploration(share=0.4, newer_than_days=365))
BOOSTED = Plan(rules=(Rule(rule_id="b", kind=RuleKind.BOOST, where={"category": "coats"}, strength=400),))


def appeal(recommender: ReleaseRecommender) -> NDArray[np.float64]:
    """The true chance of a click by product, at the first place."""
    return np.random.default_rng(5).uniform(0.05, 0.6, len(recommender.cards))


def chance(appeal: NDArray[np.float64], row: int, position: int) -> float:
    return float(appeal[row] / (1 + 0.3 * position))


def shown(recommender: ReleaseRecommender, shoppers: list[str], seed: int) -> Iterator[LoggedList]:
    """What an exploring plan shows to each shopper, and what they click."""
    liking, place = appeal(recommender), recommender.facets.place
    random = np.random.default_rng(seed)
    for number, shopper in enumerate(shoppers):
        request = Request(shopper=shopper, limit=PLACES, seed=seed * 100_000 + number)
        items = recommender.recommend(request, EXPLORING, tried=dict).items
        places = tuple(
            Place(
                item.item_id,
                item.propensity or 1.0,
                bool(random.random() < chance(liking, place[item.item_id], item.position - 1)),
            )
            for item in items
        )
        yield LoggedList(shopper, START + timedelta(minutes=number), places)


def truth(recommender: ReleaseRecommender, shoppers: list[str], plan: Plan) -> float:
    liking = appeal(recommender)
    lists = [recommender.order(Request(shopper=shopper, limit=PLACES), plan).rows for shopper in shoppers]
    return float(np.mean([[chance(liking, row, at) for at, row in enumerate(rows)] for rows in lists]))


@pytest.mark.rounds
def test_the_click_rate_of_a_list_without_chance_is_found_from_lists_with_it(recommender: ReleaseRecommender) -> None:
    """End to end: the engine's own exploration logs, its own propensities, shoppers whose truth is known."""
    shoppers = list(recommender.model.shopper_ids)
    place = recommender.facets.place
    true = truth(recommender, shoppers, Plan())
    inside, weights = dict.fromkeys(Method, 0), list[float]()
    total = rounds(quick=3, full=60)
    for seed in range(total):
        found = click_rate(
            list(shown(recommender, shoppers, seed)),
            lambda entry: recommender.order(Request(shopper=entry.shopper, limit=PLACES)).rows,
            place,
        )
        assert found is not None
        weights.append(found.mean_weight.value)
        for method in Method:
            interval = found.estimates[method]
            assert interval.low is not None
            assert interval.high is not None
            inside[method] += interval.low <= true <= interval.high
    assert np.mean(weights) == pytest.approx(1.0, abs=0.8 / np.sqrt(total))
    assert min(inside.values()) >= stats.binom.ppf(0.001, total, 0.95)


def test_lists_that_exploration_cannot_reach_are_warned_of(recommender: ReleaseRecommender) -> None:
    shoppers = list(recommender.model.shopper_ids)
    old = Plan(rules=(Rule(rule_id="h", kind=RuleKind.FILTER, where={"item_id": ["i59", "i58", "i57", "i56"]}),))
    found = click_rate(
        [LoggedList(name, START, (Place("i01", 1.0, False), Place("i02", 1.0, True))) for name in shoppers],
        lambda entry: recommender.order(Request(shopper=entry.shopper, limit=PLACES), old).rows,
        recommender.facets.place,
    )
    assert found is not None
    assert found.unseen_share > 0.9
    assert found.warnings


def test_few_lists_give_no_estimate(recommender: ReleaseRecommender) -> None:
    few = [LoggedList(None, START, (Place("i01", 1.0, False),))] * (FEWEST - 1)
    assert click_rate(few, lambda _: np.array([1]), recommender.facets.place) is None


def test_the_places_above_weigh_in() -> None:
    lists = [LoggedList(None, START, (Place("a", 0.5, False), Place("c", 0.5, True)))] * 100
    lists += [LoggedList(None, START, (Place("b", 0.5, False), Place("c", 0.5, True)))] * 100
    found = click_rate(lists, lambda _: np.array([0, 2]), {"a": 0, "b": 1, "c": 2})
    assert found is not None
    assert found.largest_weight == pytest.approx(4.0)
    assert found.estimates[Method.IPS].value == pytest.approx((100 * 4.0) / 400)


def test_impressions_are_read_from_the_shop_and_from_what_serves(tmp_path: Path) -> None:
    def row(request: str, position: int, **more: Any) -> dict[str, Any]:
        return {
            "request_id": request,
            "item_id": "i01",
            "position": position,
            "surface": "home",
            "propensity": 0.5,
            "clicked": position == 0,
            "time": START,
            **more,
        }

    stored = [row("one", 0), row("one", 1), row("gap", 1), row("early", 0, time=START - timedelta(days=9))]
    stored += [row("other", 0, surface="basket"), row("certain", 0, propensity=None)]
    dataset = dataset_of(tmp_path, {**small_shop(), Table.IMPRESSIONS: stored})
    live = [row("live", 0, time=START.isoformat(), shopper="p_1"), row("certain", 0, propensity=None)]
    found = logged(dataset, live, START - timedelta(days=1))
    assert [(entry.shopper, len(entry.places)) for entry in found] == [(None, 2), ("p_1", 1)]
    assert [place.clicked for place in found[0].places] == [True, False]
    assert len(logged(dataset, live, None)) == 3
