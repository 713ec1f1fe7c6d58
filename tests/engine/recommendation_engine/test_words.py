"""Every signal has words of its own: what it is, and why it speaks for a product."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.sandbox.signal_words import NAMES
from engine.catalog.cards import CardIndex
from engine.catalog.records import ItemCard
from engine.catalog.schema import Table
from engine.estimators.recommender.config import RecommenderConfig, SignalWeights
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.plan import Surface
from engine.recommendation_engine.schema import Request
from engine.recommendation_engine.scoring import OWN_WEIGHTS
from engine.recommendation_engine.serving import ReleaseRecommender
from engine.recommendation_engine.words import ABOUT, LIFTS, LINKS, POPULAR, about, linked, popularity
from engine.recommenders.blend import FACTORS, GOES_WITH, NEIGHBOURS, POPULARITY
from engine.recommenders.ranker import RANKED
from engine.recommenders.sequence import SequenceConfig
from tests.engine.estimators.shops import Silent, dataset_of, small_shop

SIGNALS = (*SignalWeights.model_fields, *OWN_WEIGHTS, RANKED)
LED = (*NEIGHBOURS, FACTORS, GOES_WITH, *OWN_WEIGHTS)


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_is_told_in_one_line_and_has_its_sentence(name: str) -> None:
    assert about(name) == ABOUT[name]
    sentences = POPULAR if name in POPULARITY else LINKS if name in LED else LIFTS
    assert name in sentences
    assert name in NAMES


def test_no_two_signals_are_told_alike() -> None:
    assert len(set(ABOUT.values())) == len(ABOUT)
    assert len(set(NAMES.values())) == len(NAMES)
    assert len({words for pair in POPULAR.values() for words in pair}) == 2 * len(POPULAR)


def test_the_season_and_what_is_new_are_not_called_a_trend() -> None:
    assert popularity("seasonal", top=True, timed=True) == "Popular at this time of the year"
    assert popularity("novelty", top=True, timed=True) == "New in the shop"
    assert "rend" not in popularity("novelty", top=False, timed=True)
    assert popularity("trending", top=True, timed=False) == "One of the most chosen products"


def test_what_is_shared_is_named() -> None:
    one = ItemCard(item_id="a", title="Silk dress", category="dresses", brand="Vela", colour="red")
    said = "viewed today"
    assert linked("similar", one, one, said) == "Shares category, brand and colour with Silk dress, viewed today"
    assert linked("similar", one, ItemCard(item_id="b", title="", brand="Vela"), said).startswith("Shares brand with")
    assert linked("similar", one, ItemCard(item_id="b", title=""), said) == "Reads like Silk dress, viewed today"


def test_a_model_of_every_signal_leaves_no_contribution_without_words(tmp_path: Path) -> None:
    rows = small_shop(shoppers=90)
    rows[Table.SHOPPERS] = [{**row, "segment": row["segment"] or "new"} for row in rows[Table.SHOPPERS]]
    dataset = dataset_of(tmp_path, rows)
    config = RecommenderConfig(
        weights=SignalWeights(**dict.fromkeys(SignalWeights.model_fields, 0.5)),
        learn_weights=False,
        dimensions=8,
        sequence=SequenceConfig(dimensions=8, length=8, epochs=1, patience=0),
    )
    estimator = RecommenderEstimator(config)
    estimator.fit(RecommenderEstimator.everything(dataset, config), Silent())
    model = estimator.model
    # The small shop is younger than a year, so that its season is lent.
    season = np.arange(model.blend.n_items, dtype=np.float64)
    model.blend.popularity["seasonal"] = season  # type: ignore[index]
    model.blend.weights["seasonal"] = 0.5  # type: ignore[index]
    assert set(model.blend.signals) == set(SignalWeights.model_fields)
    answer = ReleaseRecommender(estimator, CardIndex(dataset)).recommend(
        Request(shopper=model.shopper_ids[3], basket=("i01",), surface=Surface.BASKET, limit=60)
    )
    told = {part.signal: part.because for entry in answer.items for part in entry.contributions}
    assert set(SignalWeights.model_fields) <= set(told)
    assert all(part.because for entry in answer.items for part in entry.contributions)
    assert not any(told[name].startswith(("Fits by", "Does not fit by")) for name in told)
