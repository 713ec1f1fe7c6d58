"""Who recommends a product, read from the review: ours beside TF-IDF with logistic regression, VADER and TextBlob."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES
from engine.catalog.schema import Table as Rows
from engine.estimators import measures
from engine.estimators.calibration import reliability
from engine.estimators.review_sentiment.config import ReviewSentimentConfig
from engine.estimators.review_sentiment.data import Reviews
from engine.estimators.review_sentiment.estimator import ReviewSentiment
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import Figure, Table
from tests.engine.estimators.shops import Silent, stored

_DRAWS = 2_000
_STRENGTHS = (0.3, 1.0, 3.0, 10.0)


def run() -> Table:
    """Learn on four fifths of the products, and read the reviews of the rest."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = womens(Path(folder))
        config = ReviewSentimentConfig()
        holdout = ReviewSentiment.holdout(dataset, config)
    train, test = holdout.train, holdout.test
    table = Table(
        "reviews", f"Women's E-Commerce Clothing Reviews, {len(train):,} to learn from, {len(test):,} held out"
    )
    ours = ReviewSentiment(config)
    ours.fit(train, Silent())
    peers = {
        "ours": (ours.chances(test.text, test.vectors), ours.threshold),
        "TF-IDF + logistic": word_regression(train, test),
        "VADER": calibrated(train, test, vader),
        "TextBlob": calibrated(train, test, blob),
    }
    units = {name: addends(test.recommends, *told) for name, told in peers.items()}
    for name, (chance, _) in peers.items():
        area = measures.roc_auc(test.recommends, chance)
        balanced = measures.interval("balanced_accuracy", units[name])
        table.figures += [
            Figure(f"{name}: ROC-AUC", area.value, "", area.low, area.high, len(test)),
            Figure(f"{name}: balanced accuracy", balanced.value, "", balanced.low, balanced.high, len(test)),
            Figure(
                f"{name}: ECE",
                reliability(chance, test.recommends == 1).ece,
                "",
                bar="< 0.03" if name == "ours" else "",
            ),
        ]
    for name in list(peers)[1:]:
        table.figures += differences(
            name, test.recommends, peers["ours"][0], peers[name][0], units["ours"], units[name]
        )
    return table


def differences(
    name: str,
    actual: NDArray[Any],
    ours: NDArray[Any],
    theirs: NDArray[Any],
    our_units: NDArray[Any],
    their_units: NDArray[Any],
) -> list[Figure]:
    """Ours less a peer's, on the same resamples of reviews."""
    area = paired_areas(actual, ours, theirs)
    balanced = measures.gains("balanced_accuracy", our_units, their_units, resamples=_DRAWS)
    return [
        Figure(f"ours - {name}: {what}", float(np.mean(values)), "", *map(float, np.quantile(values, [0.025, 0.975])),
               len(actual), "interval above 0")
        for what, values in (("ROC-AUC", area), ("balanced accuracy", balanced))
    ]  # fmt: skip


def paired_areas(actual: NDArray[Any], ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.float64]:
    """Difference of the areas in each resample."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(500):
        rows = random.integers(0, len(actual), len(actual))
        found.append(area(actual[rows], ours[rows]) - area(actual[rows], theirs[rows]))
    return np.array(found)


def area(actual: NDArray[Any], chance: NDArray[Any]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(actual, chance))


def word_regression(train: Reviews, test: Reviews) -> tuple[NDArray[np.float64], float]:
    """Words and pairs of words; penalty by cross-validation, threshold by rows it had not seen."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict, cross_val_score

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    rows = words.fit_transform(train.text)
    models = [LogisticRegression(C=strength, max_iter=500) for strength in _STRENGTHS]
    areas = [cross_val_score(model, rows, train.recommends, scoring="roc_auc", cv=3).mean() for model in models]
    best = models[int(np.argmax(areas))]
    unseen = cross_val_predict(best, rows, train.recommends, cv=3, method="predict_proba")[:, 1]
    best.fit(rows, train.recommends)
    return best.predict_proba(words.transform(test.text))[:, 1], best_threshold(unseen, train.recommends)


def calibrated(train: Reviews, test: Reviews, score: Any) -> tuple[NDArray[np.float64], float]:
    """A lexicon's score as a probability (Platt), with its best threshold."""
    from sklearn.linear_model import LogisticRegression

    ours, theirs = (np.array([[score(text)] for text in side.text]) for side in (train, test))
    model = LogisticRegression(C=1e6).fit(ours, train.recommends)
    return model.predict_proba(theirs)[:, 1], best_threshold(model.predict_proba(ours)[:, 1], train.recommends)


def vader(text: str) -> float:
    from engine.estimators.review_sentiment.reading import lexicon

    return float(lexicon(np.array([text], dtype=object))[0])


def blob(text: str) -> float:
    from textblob import TextBlob

    return float(TextBlob(text).sentiment.polarity)


def best_threshold(chance: NDArray[Any], actual: NDArray[Any]) -> float:
    from sklearn.metrics import roc_curve

    false, true, at = roc_curve(actual, chance)
    return float(at[int((true - false).argmax())])


def addends(actual: NDArray[Any], chance: NDArray[Any], threshold: float) -> NDArray[np.float64]:
    return measures.balanced_accuracy_addends(actual, (chance >= threshold).astype(np.int64), 2)


def womens(folder: Path) -> Dataset:
    """The reviews as a shop's tables: a review names its product, and a shopper of the age that is told."""
    rows = pd.read_parquet(SHARED / "womens_reviews" / "reviews.parquet")
    item, shopper = rows["Clothing ID"].astype(str), [f"p_{place:020x}" for place in range(len(rows))]
    first = ~item.duplicated()
    return stored(
        folder,
        {
            Rows.ITEMS: filled(Rows.ITEMS, item_id=item[first], category=rows["Department Name"][first]),
            Rows.SHOPPERS: filled(Rows.SHOPPERS, shopper=shopper, age=rows["Age"].astype(float)),
            Rows.REVIEWS: filled(
                Rows.REVIEWS,
                item_id=item,
                shopper=shopper,
                rating=rows["Rating"].astype(float),
                title=rows["Title"],
                text=rows["Review Text"],
                recommended=rows["Recommended IND"] == 1,
            ),
        },
    )


def filled(table: Rows, **columns: Any) -> pa.Table:
    """Columns as the canonical table, the others empty."""
    schema = TABLES[table].arrow_schema()
    rows = len(next(iter(columns.values())))
    return pa.table(
        {
            field.name: pa.array(list(columns[field.name]), from_pandas=True).cast(field.type)
            if field.name in columns
            else pa.nulls(rows, field.type)
            for field in schema
        },
        schema=schema,
    )
