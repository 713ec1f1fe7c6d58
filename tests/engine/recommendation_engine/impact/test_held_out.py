"""Sessions set aside, and the shop as it stood before them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.cards import CardIndex
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.impact import held_out
from engine.recommendation_engine.impact.as_of import AsOf
from engine.recommendation_engine.impact.replay import Rehearsal
from engine.recommendation_engine.schema import Act
from tests.engine.estimators.shops import START, dataset_of, small_shop
from tests.engine.recommendation_engine.impact.conftest import shop_with_orders

DAY = timedelta(days=1)


def test_sessions_lie_after_the_cut_and_hold_only_what_was_new(sold: Dataset, rehearsal: Rehearsal) -> None:
    holdout = RecommenderEstimator.holdout(sold, RecommenderConfig())
    met = held_out._met(holdout.train, set(holdout.train.shopper_ids))
    assert len(rehearsal.sessions) > 50
    assert rehearsal.cut is not None
    for session in rehearsal.sessions:
        assert session.start is not None
        assert session.start >= rehearsal.cut
        assert session.bought
        known = met.get(session.shopper, set()) | {event.item_id for event in session.earlier}
        assert not known & {bought.item_id for bought in session.bought}
    starts = [session.start for session in rehearsal.sessions]
    assert starts == sorted(starts, key=lambda start: start or rehearsal.cut)  # type: ignore[arg-type, return-value]


def test_what_a_shopper_did_since_the_cut_comes_before_the_session(rehearsal: Rehearsal) -> None:
    again = [session for session in rehearsal.sessions if session.earlier]
    assert again
    for session in again:
        hours = [event.hours_ago for event in session.earlier]
        assert hours == sorted(hours, reverse=True)
        assert {event.event for event in session.earlier} == {Act.PURCHASE}


def test_money_is_what_was_kept(tmp_path: Path) -> None:
    rows = shop_with_orders()
    dataset = dataset_of(tmp_path, rows)
    train = RecommenderEstimator.holdout(dataset, RecommenderConfig()).train
    found = held_out.after(dataset, START + 150 * DAY, train)
    kept = [bought for session in found for bought in session.bought if bought.pieces]
    returned = [bought for session in found for bought in session.bought if not bought.pieces]
    assert {(bought.revenue, bought.margin) for bought in kept if bought.pieces == 1} == {(20.0, 12.0)}
    assert {(bought.revenue, bought.margin) for bought in returned} == {(0.0, 0.0)}


def test_a_shop_without_orders_tells_no_money(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, small_shop())
    train = RecommenderEstimator.holdout(dataset, RecommenderConfig()).train
    found = held_out.after(dataset, START + 150 * DAY, train)
    assert found
    assert {(b.revenue, b.margin) for session in found for b in session.bought} == {(None, None)}


def test_a_shop_without_times_gives_one_session_a_shopper(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, small_shop(times=False))
    holdout = RecommenderEstimator.holdout(dataset, RecommenderConfig())
    found = held_out.without_times(dataset, holdout.train, holdout.test)
    assert len(found) == len(holdout.test)
    assert len({session.shopper for session in found}) == len(found)
    assert sum(len(session.bought) for session in found) == len(holdout.test.item)


def test_a_sample_is_the_same_every_time(rehearsal: Rehearsal) -> None:
    assert held_out.sample(rehearsal.sessions, 20) == held_out.sample(rehearsal.sessions, 20)
    assert len(held_out.sample(rehearsal.sessions, 20)) == 20
    assert held_out.sample(rehearsal.sessions, 10_000) is rehearsal.sessions


@pytest.fixture
def past(tmp_path: Path) -> AsOf:
    """Two products with two prices and two counts, seen from day 50."""
    day = [START + number * DAY for number in range(101)]
    rows: dict[Table, list[dict[str, Any]]] = {
        Table.ITEMS: [{"item_id": name} for name in ("a", "b", "late")],
        Table.VARIANTS: [{"variant_id": name, "item_id": name} for name in ("a", "b")],
        Table.PRICES: [
            {"item_id": "a", "market": "DE", "from": day[0], "to": day[40], "price": 10.0},
            {"item_id": "a", "market": "DE", "from": day[40], "to": day[60], "price": 11.0},
            {"item_id": "a", "market": "DE", "from": day[60], "to": None, "price": 12.0},
            {"item_id": "b", "market": "DE", "from": None, "to": None, "price": 5.0},
        ],
        Table.STOCK_LEVELS: [
            {"variant_id": "a", "time": day[10], "on_hand": 4},
            {"variant_id": "a", "time": day[70], "on_hand": 0},
            {"variant_id": "b", "time": day[80], "on_hand": 9},
        ],
    }
    return AsOf(dataset_of(tmp_path / "past", rows), day[50], ["a", "b"])


def test_the_shop_is_seen_as_it_stood(past: AsOf) -> None:
    cards = CardIndex(past).by_id
    assert set(cards) == {"a", "b"}
    assert (cards["a"].price, cards["b"].price) == (11.0, 5.0)
    assert (cards["a"].on_hand, cards["a"].in_stock) == (4, True)
    assert (cards["b"].on_hand, cards["b"].in_stock) == (None, None)


def test_columns_come_as_they_are_asked_for(past: AsOf) -> None:
    assert past.frame(Table.STOCK_LEVELS, ["on_hand"]).columns.tolist() == ["on_hand"]
    assert past.frame(Table.SHOPPERS).empty
