"""Reviews of the demo shop: read, measured, kept, and refused where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.dataset import Dataset
from engine.catalog.demo_shop import generate
from engine.catalog.schema import TABLES, Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.base import Holdout
from engine.estimators.review_sentiment.config import ReviewSentimentConfig
from engine.estimators.review_sentiment.estimator import ReviewSentiment
from tests.engine.estimators.shops import Silent, stored

CONFIG = ReviewSentimentConfig(max_rows=500, letters=False)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return stored(tmp_path_factory.mktemp("shop"), generate(scale=0.1, pictures=False).tables)


@pytest.fixture(scope="module")
def holdout(dataset: Dataset) -> Holdout:
    return ReviewSentiment.holdout(dataset, CONFIG)


@pytest.fixture(scope="module")
def fitted(holdout: Holdout) -> ReviewSentiment:
    model = ReviewSentiment(CONFIG)
    model.fit(holdout.train, Silent())
    return model


def written(folder: Path, rows: list[dict[str, Any]]) -> Dataset:
    """A shop of reviews only."""
    schema = TABLES[Table.REVIEWS].arrow_schema()
    return stored(folder, {Table.REVIEWS: pa.Table.from_pylist(rows, schema=schema)})


def test_it_reads_better_than_the_lexicon_on_the_newest_reviews(fitted: ReviewSentiment, holdout: Holdout) -> None:
    assert holdout.cut is not None
    assert not set(holdout.train.text) & set(holdout.test.text)
    lexicon = ReviewSentiment.baseline()
    lexicon.fit(holdout.train, Silent())
    ours, theirs = (model.evaluate(holdout, Silent()).evaluation.headline for model in (fitted, lexicon))
    assert ours["balanced_accuracy"] > theirs["balanced_accuracy"] > 0.6
    assert ours["roc_auc"] > theirs["roc_auc"]
    assert set(ours) >= {"log_loss", "brier", "ece", "macro_f1"}


def test_it_survives_the_files(fitted: ReviewSentiment) -> None:
    files = fitted.save()
    again = ReviewSentiment.load(files)
    reviews = [fitted.sample(), {"text": "It fell apart."}, {"title": "Perfect"}]
    assert again.predict(reviews) == fitted.predict(reviews)
    assert again.card() == fitted.card()
    assert fitted.predict([]) == []


def test_two_fits_are_equal(fitted: ReviewSentiment, holdout: Holdout) -> None:
    again = ReviewSentiment(CONFIG)
    again.fit(holdout.train, Silent())
    ours, theirs = (model.evaluate(holdout, Silent()).evaluation.headline for model in (fitted, again))
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_what_a_clause_praises_and_another_blames_is_told_apart(fitted: ReviewSentiment) -> None:
    told = fitted.predict([{"text": "The fabric is beautiful and soft, but it runs small and is far too tight."}])[0]
    said = {each["aspect"]: each["sentiment"] for each in told["aspects"]}
    assert said["fabric"] > 0.3
    assert said["fit"] < -0.3


def test_bad_fit_is_heard_in_what_shoppers_write(fitted: ReviewSentiment, dataset: Dataset) -> None:
    rows = dataset.frame(Table.REVIEWS, ["fit", "text"]).dropna()
    found = {
        fit: {row["aspect"]: row["sentiment"] for row in fitted.aspects(list(rows["text"][rows["fit"] == fit]))}
        for fit in ("small", "fit")
    }
    assert found["small"]["fit"] < found["fit"]["fit"] - 0.2


def test_every_aspect_is_quoted_from_the_reviews(fitted: ReviewSentiment, holdout: Holdout) -> None:
    texts = list(holdout.test.text)
    everything = " ".join(" ".join(texts).split())
    for row in fitted.aspects(texts):
        assert -1 <= row["sentiment"] <= 1
        assert 0 <= row["negative"] <= 1
        assert row["mentions"] > 0
        assert row["best"][:20] in everything
        assert row["worst"][:20] in everything


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    model = _lexicon()
    if text.strip():
        told = model.predict([{"text": text}])[0]
        assert 0 <= told["probability"] <= 1
    else:
        with pytest.raises(InvalidInput, match="no words"):
            model.predict([{"text": text}])


def _lexicon() -> ReviewSentiment:
    from engine.estimators.review_sentiment.reading import Reader

    model = ReviewSentiment(ReviewSentimentConfig(model="lexicon"))
    model._reader = Reader(("lexicon",), (), None, None, np.array([4.0, 0.2]))
    return model


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not text"):
        _lexicon().predict([{"text": 5}])


def test_the_verdict_is_the_shops_own_where_it_tells(tmp_path: Path) -> None:
    rows = [
        {"item_id": f"i{place % 40}", "text": f"words {place}", "rating": 5.0, "recommended": place % 3 > 0}
        for place in range(240)
    ]
    dataset = written(tmp_path, rows)
    assert ReviewSentiment.missing(dataset, CONFIG) == []
    assert ReviewSentiment.everything(dataset, CONFIG).recommends.mean() == pytest.approx(2 / 3)
    split = ReviewSentiment.holdout(dataset, CONFIG)
    assert split.cut is None
    assert not set(split.train.item) & set(split.test.item)
    assert "product" in split.about


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    assert "there are 0" in ReviewSentiment.missing(Dataset({}), CONFIG)[0]
    alike = written(tmp_path, [{"item_id": "i", "text": f"good {place}", "rating": 5.0} for place in range(200)])
    assert "do not recommend" in ReviewSentiment.missing(alike, CONFIG)[0]
    model = ReviewSentiment(CONFIG)
    with pytest.raises(InvalidInput, match="say the same"):
        model.fit(ReviewSentiment.everything(alike, CONFIG), Silent())


def test_what_is_read_is_told_before(dataset: Dataset) -> None:
    told = ReviewSentiment.outlook(dataset, CONFIG)
    assert (told.rows, told.unit, told.target) == (500, "reviews", "reviews.rating")
    assert any("500 of" in note for note in told.notes)


@pytest.mark.parametrize("damage", ["missing", "terms", "mix", "head"])
def test_files_that_do_not_fit_together_are_refused(fitted: ReviewSentiment, damage: str) -> None:
    from safetensors.numpy import load, save

    files = fitted.save()
    arrays = load(files["reader.safetensors"])
    if damage == "missing":
        del files["reader.safetensors"]
    elif damage == "terms":
        told = json.loads(files["reader.json"])
        told["words"][0]["names"].pop()
        files["reader.json"] = json.dumps(told).encode()
    else:
        name = "mix" if damage == "mix" else "word_head.weights"
        files["reader.safetensors"] = save({**arrays, name: np.ascontiguousarray(arrays[name][..., :-1])})
    with pytest.raises(CorruptArtifact):
        ReviewSentiment.load(files)
