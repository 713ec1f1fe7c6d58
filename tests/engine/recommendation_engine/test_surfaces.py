from __future__ import annotations

import pytest

from engine.errors import InvalidInput, ItemNotFound
from engine.recommendation_engine import Surface
from engine.recommendation_engine.schema import Request
from engine.recommendation_engine.serving import ReleaseRecommender


def test_a_product_page_shows_what_is_like_it(recommender: ReleaseRecommender) -> None:
    answer = recommender.recommend(Request(surface=Surface.PRODUCT, item_id="i45", limit=6))
    assert "i45" not in {item.item_id for item in answer.items}
    assert sum(item.card.category == "coats" for item in answer.items) >= 4
    first = next(part for part in answer.items[0].contributions if part.signal == "alike")
    assert first.because.endswith("Blue coat 45, looked at now")
    assert [(each.item_id, each.value) for each in first.evidence] == [("i45", first.value)]


def test_wear_with_shows_other_categories(recommender: ReleaseRecommender) -> None:
    answer = recommender.recommend(Request(surface=Surface.WEAR_WITH, item_id="i45", limit=20))
    assert answer.items
    assert not any(item.card.category == "coats" for item in answer.items)


def test_a_basket_is_never_recommended_back(recommender: ReleaseRecommender) -> None:
    request = Request(surface=Surface.BASKET, basket=("i45", "i02"), context={"exclude": "nothing"}, limit=60)
    assert not {"i45", "i02"} & {item.item_id for item in recommender.recommend(request).items}


@pytest.mark.parametrize("surface", [Surface.PRODUCT, Surface.WEAR_WITH])
def test_a_page_about_a_product_needs_one(recommender: ReleaseRecommender, surface: Surface) -> None:
    with pytest.raises(InvalidInput, match="needs item_id"):
        recommender.recommend(Request(surface=surface))
    with pytest.raises(ItemNotFound):
        recommender.recommend(Request(surface=surface, item_id="gone"))


def test_a_category_page_needs_a_category(recommender: ReleaseRecommender) -> None:
    with pytest.raises(InvalidInput, match=r"context\.category"):
        recommender.recommend(Request(surface=Surface.CATEGORY))
    answer = recommender.recommend(Request(surface=Surface.CATEGORY, context={"category": "coats"}))
    assert {item.card.category for item in answer.items} == {"coats"}
