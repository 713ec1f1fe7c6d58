from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from engine.catalog.records import ItemCard
from engine.recommendation_engine.schema import Act
from engine.recommendation_engine.shelf import Shelf
from engine.recommendation_engine.telling import chosen_on, told

START = datetime(2026, 1, 1, tzinfo=UTC)


def card(name: str, **fields: object) -> ItemCard:
    return ItemCard(item_id=name, title=f"{name} dress", **fields)  # type: ignore[arg-type]


@pytest.fixture
def shelf() -> Shelf:
    cards = [
        card("a", price=100.0, cost=20.0, on_hand=4, created_at=START, category="dresses", colour="red"),
        card("b", price=100.0, cost=50.0, on_hand=0, created_at=START + timedelta(days=9), category="dresses"),
        card("c", price=50.0, cost=25.0, on_hand=4, category="coats", colour="red"),
        card("d", price=None, cost=5.0, category="coats"),
        card("e", price=10.0, cost=9.0, on_hand=9, created_at=START + timedelta(days=90), category="bags"),
    ]
    return Shelf(cards, np.ones(5, dtype=bool))


def test_properties_rank_from_0_to_1_and_unknown_ones_count_as_nothing(shelf: Shelf) -> None:
    assert shelf.freshness.tolist() == [0.0, 0.5, 0.0, 0.0, 1.0]
    assert shelf.margin.tolist() == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert shelf.stock.tolist() == [0.5, 0.0, 0.5, 0.0, 1.0]


def test_a_tried_price_moves_card_band_and_margin_only(shelf: Shelf) -> None:
    other = shelf.repriced({"a": 20.0, "gone": 1.0})
    assert (other.cards[0].price, shelf.cards[0].price) == (20.0, 100.0)
    assert other.margin[0] < shelf.margin[0]
    assert other.facets.bands[0] < shelf.facets.bands[0]
    assert other.facets.bands[1:].tolist() == shelf.facets.bands[1:].tolist()
    assert other.facets.values is shelf.facets.values
    assert shelf.repriced({"gone": 1.0}) is shelf


def test_likeness_is_a_cosine_of_what_products_are(shelf: Shelf) -> None:
    found = shelf.likeness(np.arange(5))
    assert np.allclose(np.diag(found), 1.0, atol=1e-6)
    assert np.allclose(found, found.T, atol=1e-6)
    assert found[0, 1] > found[0, 3]


NOW = datetime(2026, 7, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("act", "hours", "words"),
    [
        (Act.VIEW, 0.2, "viewed just now"),
        (Act.CART, 5.0, "put in the cart today"),
        (Act.PURCHASE, 20.0, "bought yesterday"),
        (Act.VIEW, 48.0, "viewed on Tuesday"),
        (Act.RETURN, 24 * 40, "sent back on 13 June 2026"),
    ],
)
def test_acts_are_told_with_their_time(act: Act, hours: float, words: str) -> None:
    assert told(act, hours, NOW) == words


def test_without_a_clock_an_act_was_lately() -> None:
    assert told(Act.RENTAL, 3.0, None) == "rented lately"
    assert chosen_on(20_000.5) == "chosen on 4 October 2024"
