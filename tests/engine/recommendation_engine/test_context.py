from typing import Any

import pytest

from engine.catalog.records import ItemCard
from engine.errors import InvalidInput
from engine.recommendation_engine.context import keys, understand
from engine.recommendation_engine.facets import CatalogFacets, spelling
from engine.recommendation_engine.serving import ReleaseRecommender

CARDS = [
    ItemCard(item_id="a", title="A", category="Dress", price=10, in_stock=True, attributes={"tags": ["new", "silk"]}),
    ItemCard(item_id="b", title="B", category="Coat", price=99, in_stock=False),
    ItemCard(item_id="c", title="C", category="Coat", price=None),
]


def allowed(context: dict[str, Any]) -> list[str]:
    wishes = understand(context, CatalogFacets(CARDS), {})
    return [card.item_id for card, kept in zip(CARDS, wishes.allowed, strict=True) if kept]


@pytest.mark.parametrize(
    ("context", "left"),
    [
        ({}, ["a", "c"]),
        ({"in_stock": False}, ["a", "b", "c"]),
        ({"in_stock": True}, ["a", "c"]),
        ({"category": "dresses"}, ["a"]),
        ({"category": ["coat", "Dress"], "in_stock": False}, ["a", "b", "c"]),
        ({"category": None}, ["a", "c"]),
        ({"tags": "silk"}, ["a"]),
        ({"price_range": [0, 50]}, ["a"]),
        ({"price_range": [None, None], "in_stock": False}, ["a", "b"]),
        ({"price_range": "luxury", "in_stock": False}, ["b"]),
        ({"exclude": ["a"]}, ["c"]),
    ],
)
def test_filters(context: dict[str, Any], left: list[str]) -> None:
    assert allowed(context) == left


@pytest.mark.parametrize(
    ("context", "word"),
    [
        ({"category": "hats"}, "Dress"),
        ({"fabric": "silk"}, "category"),
        ({"price_range": "cheap"}, "budget"),
        ({"price_range": [5]}, "[low, high]"),
        ({"price_range": [9, 1]}, "[low, high]"),
        ({"price_range": [True, 2]}, "[low, high]"),
        ({"price_range": [float("nan"), 2]}, "[low, high]"),
        ({"category": {"a": 1}}, "text"),
        ({"category": []}, "text"),
        ({"in_stock": "no"}, "true or false"),
        ({"exclude_brand": "Vela"}, "category"),
        ({"occasion": "wedding"}, "category"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(context: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        allowed(context)
    assert word in str(caught.value)


def test_a_learned_occasion_shifts_the_score_and_filters_nothing(recommender: ReleaseRecommender) -> None:
    model = recommender.model.blend.facets
    wishes = understand({"occasion": "Coats Party"}, recommender.facets, model)
    assert model["occasion"].labels[wishes.named["occasion"]] == "coats party"
    assert wishes.allowed.sum() == (~recommender.facets.sold_out).sum()
    with pytest.raises(InvalidInput):
        understand({"occasion": "funeral"}, recommender.facets, model)
    assert "occasion" in keys(recommender.facets, model)


def test_a_size_filters_and_shifts(recommender: ReleaseRecommender) -> None:
    wishes = understand({"size": "S"}, recommender.facets, recommender.model.blend.facets)
    assert "size" in wishes.named


def test_spelling_is_forgiven_but_not_guessed() -> None:
    assert spelling("DRESSES", ["Dress", "Coat"], "category") == "Dress"
    assert spelling("shoe", ["shoes", "socks"], "category") == "shoes"
    assert spelling("Blouses", ["blouse", "blouson"], "category") == "blouse"
    with pytest.raises(InvalidInput):
        spelling("dress", ["DRESS", "Dress"], "category")
