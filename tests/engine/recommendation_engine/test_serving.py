from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.cards import CardIndex
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.schema import Act, Request, SessionEvent
from engine.recommendation_engine.serving import Answer, ReleaseRecommender
from tests.engine.estimators.shops import dataset_of, small_shop

items = st.sampled_from([f"i{number:02d}" for number in range(60)])
shoppers = st.one_of(st.none(), st.just("stranger"), st.integers(0, 239).map(lambda number: f"p_{number:020x}"))
contexts = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["dresses", "Shirts", "coat"]),
        "brand": st.sampled_from(["Vela", ["Lumen", "Kastanie"]]),
        "colour": st.sampled_from(["red", "blue"]),
        "price_range": st.sampled_from(["luxury", "mid", "budget", [15, 40], [None, 30]]),
        "size": st.sampled_from(["S", "M"]),
        "season": st.just("SS26"),
        "material": st.sampled_from(["silk", "wool"]),
        "occasion": st.sampled_from(["dresses party", "coats party"]),
        "in_stock": st.booleans(),
        "exclude": st.one_of(st.sampled_from(["seen", "nothing"]), st.lists(items, min_size=1, max_size=9)),
        "exclude_brand": st.sampled_from(["Vela", "Lumen"]),
    },
)
events = st.builds(SessionEvent, item_id=items, event=st.sampled_from(Act), hours_ago=st.floats(0, 100))


def ask(recommender: ReleaseRecommender, **request: Any) -> Answer:
    return recommender.recommend(Request(**request))


def fits(card: Any, context: dict[str, Any], bands: dict[str, str]) -> bool:
    """The filters once more, written the slow way."""
    told = {
        "category": card.category,
        "brand": card.brand,
        "colour": card.colour,
        "season": card.season,
        **card.attributes,
    }
    spelled = {"Shirts": "shirts", "coat": "coats"}
    for key in ("category", "brand", "colour", "season", "material"):
        wanted = context.get(key)
        values = wanted if isinstance(wanted, list) else [wanted]
        if wanted is not None and told[key] not in [spelled.get(value, value) for value in values]:
            return False
    price = context.get("price_range")
    if isinstance(price, list) and not (price[0] or 0) <= card.price <= price[1]:
        return False
    if isinstance(price, str) and bands[card.item_id] != price:
        return False
    if context.get("in_stock", True) and card.in_stock is False:
        return False
    excluded = context.get("exclude")
    return card.brand != context.get("exclude_brand") and not (isinstance(excluded, list) and card.item_id in excluded)


@settings(deadline=None, max_examples=150)
@given(
    shopper=shoppers,
    basket=st.lists(items, max_size=6),
    events=st.lists(events, max_size=4),
    context=contexts,
    limit=st.integers(1, 70),
)
def test_invariants(
    recommender: ReleaseRecommender,
    shopper: str | None,
    basket: list[str],
    events: list[SessionEvent],
    context: dict[str, Any],
    limit: int,
) -> None:
    answer = ask(recommender, shopper=shopper, basket=basket, events=events, context=context, limit=limit)
    bands = {
        card.item_id: ("budget", "mid", "luxury")[band]
        for card, band in zip(recommender.cards, recommender.facets.bands, strict=True)
    }
    ids = [item.item_id for item in answer.items]
    assert len(ids) <= limit
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(basket)
    assert [item.position for item in answer.items] == list(range(1, len(ids) + 1))
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    for item in answer.items:
        assert fits(item.card, context, bands)
        assert sum(part.value for part in item.contributions) == pytest.approx(item.score, abs=1e-9)
        assert sum(part.share for part in item.contributions) == pytest.approx(1.0 if item.contributions else 0.0)
        assert item.reason
    allowed = [card.item_id for card in recommender.cards if fits(card, context, bands) and card.item_id not in basket]
    if context.get("exclude") == "nothing" and not events:
        assert len(ids) == min(limit, len(allowed))


def met(recommender: ReleaseRecommender, shopper: str) -> set[str]:
    row = recommender.model.row(shopper)
    return {recommender.model.item_ids[item] for item in recommender.model.memory.history[[row]].indices}


def test_what_was_met_is_left_out_unless_asked_for(recommender: ReleaseRecommender) -> None:
    shopper = recommender.model.shopper_ids[3]
    usual = ask(recommender, shopper=shopper, limit=100)
    everything = ask(recommender, shopper=shopper, context={"exclude": "nothing", "in_stock": False}, limit=100)
    assert not met(recommender, shopper) & {item.item_id for item in usual.items}
    assert met(recommender, shopper) <= {item.item_id for item in everything.items}


def test_taste_decides_the_category(recommender: ReleaseRecommender) -> None:
    for number, category in enumerate(("dresses", "shirts", "coats")):
        first = ask(recommender, shopper=f"p_{number:020x}", limit=5).items
        assert sum(item.card.category == category for item in first) >= 3


def coats(answer: Answer) -> int:
    return sum(item.card.category == "coats" for item in answer.items)


def test_a_basket_moves_the_answer(recommender: ReleaseRecommender) -> None:
    shopper, basket = "p_" + f"{0:020x}", ["i45", "i47", "i50"]
    before, after = (ask(recommender, shopper=shopper, basket=b, limit=8) for b in ([], basket))
    assert coats(after) > coats(before)
    alone = ask(recommender, shopper=None, basket=basket, limit=8)
    assert coats(alone) >= 5
    assert not alone.cold_start


def test_a_recent_view_counts_more_than_an_old_one(recommender: ReleaseRecommender) -> None:
    def share(hours: float) -> int:
        acts = [SessionEvent(item_id="i02", hours_ago=0), SessionEvent(item_id="i47", hours_ago=hours)]
        return sum(
            item.card.category == "coats" for item in ask(recommender, shopper=None, events=acts, limit=10).items
        )

    assert share(0) >= share(400)


def test_a_stranger_gets_a_cold_start_that_says_so(recommender: ReleaseRecommender) -> None:
    for shopper in (None, "stranger"):
        answer = ask(recommender, shopper=shopper)
        assert answer.cold_start
        assert answer.note.startswith("Cold start")
        assert len(answer.items) == 10


def test_products_that_nobody_knows_are_told(recommender: ReleaseRecommender) -> None:
    answer = ask(recommender, shopper=None, basket=["i01", "gone"])
    assert "1 of the given products are not in the catalogue" in answer.note


def test_a_reason_names_the_item_that_led_there(recommender: ReleaseRecommender) -> None:
    answer = ask(recommender, shopper=None, basket=["i45"], limit=30)
    words = [part.because for item in answer.items for part in item.contributions if part.signal == "together"]
    assert words
    assert all("in the basket" in word for word in words)
    shared = [part.because for item in answer.items for part in item.contributions if part.signal == "similar"]
    assert any(word.startswith("Shares category") for word in shared)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_an_impossible_limit_is_refused(recommender: ReleaseRecommender, limit: int) -> None:
    with pytest.raises(InvalidInput):
        ask(recommender, shopper=None, limit=limit)


def test_products_that_left_the_catalogue_are_hidden_and_new_ones_told(
    estimator: RecommenderEstimator, tmp_path: Any
) -> None:
    rows = small_shop()
    kept = [row for row in rows[Table.ITEMS] if row["item_id"] != "i47"] + [{**rows[Table.ITEMS][0], "item_id": "new"}]
    recommender = ReleaseRecommender(estimator, CardIndex(dataset_of(tmp_path, {Table.ITEMS: kept})))
    answer = ask(recommender, shopper=None, basket=["new"], limit=100)
    assert "i47" not in {item.item_id for item in answer.items}
    assert "came after the model was trained" in answer.note


def test_another_shops_catalogue_is_refused(estimator: RecommenderEstimator, tmp_path: Any) -> None:
    other = dataset_of(tmp_path, {Table.ITEMS: [{"item_id": "elsewhere"}]})
    with pytest.raises(CorruptArtifact):
        ReleaseRecommender.from_files(estimator.save(), other)


def test_a_loaded_release_answers_as_the_fitted_model(
    recommender: ReleaseRecommender, estimator: RecommenderEstimator, dataset: Dataset
) -> None:
    loaded = ReleaseRecommender.from_files(estimator.save(), dataset)
    asked = {"shopper": "p_" + f"{7:020x}", "basket": ["i02"], "context": {"occasion": "coats party"}}
    assert ask(loaded, **asked) == ask(recommender, **asked)
    assert loaded.memory_bytes > 0
