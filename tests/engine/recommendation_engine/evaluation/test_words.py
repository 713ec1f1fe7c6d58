"""A recipe that reads the products' words is evaluated with them."""

from __future__ import annotations

from pathlib import Path

from engine.recommendation_engine.evaluation import EvaluationPlan, evaluate_shop
from engine.training.vectors import Sources
from tests.engine.estimators.shops import dataset_of
from tests.engine.training.test_vectors import BY_WORDS, wardrobe


def test_words_count_in_an_evaluation(tmp_path: Path) -> None:
    rows = dataset_of(tmp_path / "rows", wardrobe())
    plan = EvaluationPlan(windows=1, days=20, models=("recommender",))
    config = BY_WORDS.model_dump(mode="json")
    blind = evaluate_shop(rows, "wardrobe", plan, config)
    told = evaluate_shop(rows, "wardrobe", plan, config, sources=Sources.within(tmp_path / "nothing kept"))
    assert told.model("recommender").metrics["ndcg_at_10"] != blind.model("recommender").metrics["ndcg_at_10"]
