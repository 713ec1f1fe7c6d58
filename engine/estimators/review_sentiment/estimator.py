"""The `review_sentiment` kind: a calibrated verdict on a review, and sentiment by aspect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import parse_json, parse_safetensors
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators import encoders, measures
from engine.estimators.base import Choices, Guardrail, Holdout, Interval, Outlook, Report, Scores
from engine.estimators.calibration import reliability
from engine.estimators.review_sentiment import aspects, data, reading
from engine.estimators.review_sentiment.config import ReviewSentimentConfig
from engine.estimators.review_sentiment.data import FEWEST, Reviews
from engine.estimators.stored_config import config_file, stored_config
from engine.files import canonical_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

_AGES = ((0, 30), (30, 40), (40, 50), (50, 60), (60, 200))
_SHORT_WORDS = 20
_FEWEST_OF_EITHER = 10
_LONGEST_TEXT = 20_000


class ReviewSentiment:
    """Tells whether a review recommends the product, and how it speaks of fit, fabric, quality, look and price.

    Parameters
    ----------
    config : ReviewSentimentConfig
        What to read by.
    """

    kind: ClassVar[str] = "review_sentiment"
    framework: ClassVar[str] = "scikit-learn"
    title: ClassVar[str] = "Review sentiment"
    about: ClassVar[str] = "Reads reviews: who recommends a product, and what they praise or blame."
    unit_name: ClassVar[str] = "reviews"
    primary_metric: ClassVar[str] = "balanced_accuracy"
    higher_is_better: ClassVar[bool] = True
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("ece", False, 0.25, "Its probabilities would mean less.", slack=0.01),
        Guardrail("roc_auc", True, 0.02, "It would rank reviews worse."),
    )
    config_type: ClassVar[type[ReviewSentimentConfig]] = ReviewSentimentConfig
    baseline_name: ClassVar[str] = "the VADER lexicon"
    data_fields: ClassVar[tuple[str, ...]] = ("positive_from",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"max_rows": 3_000, "letters": False},
        "balanced": {},
        "best": {"max_rows": 200_000},
    }

    def __init__(self, config: ReviewSentimentConfig) -> None:
        self.config = config
        self._reader: reading.Reader | None = None
        self._threshold = 0.5
        self._prior = 0.0
        self._about: dict[str, Any] = {}

    @property
    def reader(self) -> reading.Reader:
        """The fitted parts."""
        if self._reader is None:
            raise RuntimeError("fit or load comes first")
        return self._reader

    @classmethod
    def missing(cls, dataset: Dataset, config: ReviewSentimentConfig) -> list[str]:
        good, bad = data.counts(dataset, config)
        if good + bad < FEWEST:
            return [f"Reviews: words with a rating or a recommendation, at least {FEWEST}; there are {good + bad:,}."]
        if min(good, bad) < _FEWEST_OF_EITHER:
            side = "recommend" if good < bad else "do not recommend"
            return [f"Reviews that {side}: at least {_FEWEST_OF_EITHER}; there are {min(good, bad)}."]
        return []

    @classmethod
    def outlook(cls, dataset: Dataset, config: ReviewSentimentConfig) -> Outlook:
        good, bad = data.counts(dataset, config)
        told = dataset.has(Table.REVIEWS, "recommended")
        notes = [f"{good / (good + bad):.0%} of the reviews recommend the product."]
        if good + bad > config.max_rows:
            notes.append(f"{config.max_rows:,} of {good + bad:,} reviews are read.")
        return Outlook(
            rows=min(good + bad, config.max_rows),
            unit="reviews",
            target="reviews.recommended" if told else "reviews.rating",
            columns=["reviews.title", "reviews.text"],
            left_out={"reviews.rating": "It would give the answer away."},
            notes=notes,
        )

    @classmethod
    def holdout(cls, dataset: Dataset, config: ReviewSentimentConfig) -> Holdout:
        return data.hold_out(cls.everything(dataset, config))

    @classmethod
    def everything(cls, dataset: Dataset, config: ReviewSentimentConfig) -> Reviews:
        return data.read(dataset, config)

    @classmethod
    def inner(cls, training: Reviews, config: ReviewSentimentConfig) -> Holdout:
        return data.hold_out(training)

    @classmethod
    def choose(cls, choices: Choices, config: ReviewSentimentConfig) -> ReviewSentimentConfig:
        """How freely weights may grow, and whether letters help."""
        return config.model_copy(
            update={
                "strength": choices.suggest_float("strength", 0.1, 30.0, log=True),
                "letters": choices.suggest_categorical("letters", [True, False]),
            }
        )

    @classmethod
    def baseline(cls) -> Self:
        return cls(ReviewSentimentConfig(model="lexicon"))

    def fit(self, training: Reviews, report: Report) -> None:
        """Learn the parts, put them together, and choose the threshold, on rows each has not seen.

        Raises
        ------
        InvalidInput
            All reviews say the same.
        """
        if len(np.unique(training.recommends)) < 2:
            raise InvalidInput(
                "All reviews that are left to learn from say the same.", "Some recommend and some do not."
            )
        self._reader, odds = reading.learn(training, self.config, report.stage)
        self._threshold = _best_threshold(_chance(odds), training.recommends)
        share = float(training.recommends.mean())
        self._prior = float(np.log(share / (1 - share)))
        self._about = _described(training)
        report.log(f"Learned from {len(training):,} reviews, {share:.1%} of which recommend.")
        weights = ", ".join(
            f"{part} {weight:.2f}" for part, weight in zip(self.reader.parts, self.reader.mix[:-1], strict=True)
        )
        report.log(f"Weights of the parts: {weights}; it recommends from a probability of {self._threshold:.2f}.")
        report.stage("Fitted", 1.0)

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        test: Reviews = holdout.test
        chance = self.chances(test.text, lambda: test.vectors(lambda share: report.stage("Reading", share)))
        actual = test.recommends.astype(np.int64)
        guess = (chance >= self._threshold).astype(np.int64)
        curve = reliability(chance, actual == 1)
        extra = {"ece": Interval(value=curve.ece)}
        if len(np.unique(actual)) == 2:
            extra["roc_auc"] = measures.roc_auc(actual, chance)
        report.stage("Measured", 1.0)
        return measures.scores(
            holdout.about,
            {
                "balanced_accuracy": measures.balanced_accuracy_addends(actual, guess, 2),
                "macro_f1": measures.macro_f1_addends(actual, guess, 2),
                "log_loss": measures.log_losses(actual, np.column_stack([1 - chance, chance])),
                "brier": (chance - actual) ** 2,
            },
            _members(test),
            calibration=curve,
            extra=extra,
        )

    def chances(self, texts: NDArray[Any], vectors: Callable[[], NDArray[np.float32]]) -> NDArray[np.float64]:
        """Probability that each text recommends, shape (n,); `vectors` are asked for only where they are read."""
        return _chance(self.reader.log_odds(texts, vectors))

    @property
    def threshold(self) -> float:
        """The probability from which a review counts as recommending."""
        return self._threshold

    def sentiment(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """How texts speak, -1 to 1: the verdict as if as many reviews praised as blamed, and the lexicon's, by half.

        A clause is shorter than what the verdict was learned from, so the lexicon steadies it.
        """
        told = np.array(list(texts), dtype=object)
        odds = self.reader.log_odds(told, lambda: encoders.encode(list(texts))) - self._prior
        found: NDArray[np.float64] = (2 * _chance(odds) - 1 + reading.lexicon(told)) / 2
        return found

    def aspects(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """What reviews say about what, aspects in order of how often they are named.

        Returns
        -------
        list of dict
            `aspect`, `mentions`, mean `sentiment` (-1 to 1) with its standard `error`, the share that is
            `negative`, and the `best` and `worst` clause.
        """
        found = aspects.mentions(texts)
        return aspects.by_aspect(found, aspects.judged(found, self.sentiment))

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The verdict on each `{"title": ..., "text": ...}`, and what it says about what."""
        texts = [_read(entry) for entry in inputs]
        told = np.array(texts, dtype=object)
        odds = self.reader.log_odds(told, lambda: encoders.encode(texts)) if texts else np.zeros(0)
        found = aspects.mentions(texts)
        said = aspects.judged(found, self.sentiment)
        return [
            {
                "recommended": bool(chance >= self._threshold),
                "probability": float(chance),
                "sentiment": round(float(tone), 4),
                "aspects": [
                    {"aspect": each.aspect, "sentiment": round(float(value), 4), "quote": each.quote}
                    for each, value in zip(found, said, strict=True)
                    if each.review == number
                ],
            }
            for number, (chance, tone) in enumerate(
                zip(_chance(odds), 2 * _chance(odds - self._prior) - 1, strict=True)
            )
        ]

    def sample(self) -> dict[str, Any]:
        return {
            "title": "Lovely colour, runs small",
            "text": "The fabric is soft and the colour is beautiful, but it is too tight around the waist.",
        }

    def save(self) -> dict[str, bytes]:
        told = {
            **self.reader.told(),
            "threshold": self._threshold,
            "prior": self._prior,
            "about": self._about,
        }
        arrays = {name: np.ascontiguousarray(value) for name, value in self.reader.arrays().items()}
        return {
            **config_file(self.config),
            "reader.json": canonical_json(told).encode(),
            "reader.safetensors": save_arrays(arrays),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        found = cls(stored_config(files, ReviewSentimentConfig, cls.title))
        try:
            told = parse_json(files["reader.json"], "reader.json")
            arrays = parse_safetensors(files["reader.safetensors"], "reader.safetensors")
            found._reader = reading.Reader.of(told, arrays)
            found._threshold, found._prior = float(told["threshold"]), float(told["prior"])
            found._about = dict(told["about"])
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptArtifact(
                f"The files of the review model do not fit together: {type(error).__name__}.",
                "They are config.json, reader.json and reader.safetensors, written in one go.",
                "Train again, or load another version.",
            ) from error
        return found

    def signature(self) -> dict[str, Any]:
        aspect = {
            "type": "object",
            "properties": {
                "aspect": {"type": "string", "enum": list(aspects.ASPECTS)},
                "sentiment": {"type": "number", "minimum": -1, "maximum": 1},
                "quote": {"type": "string"},
            },
        }
        return {
            "inputs": {
                "type": "object",
                "properties": {
                    "title": {"type": "string", "description": "Headline of the review."},
                    "text": {"type": "string", "description": "The review."},
                },
            },
            "outputs": {
                "type": "object",
                "properties": {
                    "recommended": {"type": "boolean"},
                    "probability": {"type": "number", "minimum": 0, "maximum": 1},
                    "sentiment": {"type": "number", "minimum": -1, "maximum": 1},
                    "aspects": {"type": "array", "items": aspect},
                },
                "required": ["recommended", "probability", "aspects"],
            },
        }

    def card(self) -> dict[str, Any]:
        return {
            "purpose": "Tells whether a review recommends the product, and what it says about fit, fabric, quality, "
            "look, comfort and price.",
            "method": "Log odds of its parts, put together by a regression on reviews that they had not seen.",
            "parts": dict(zip(self.reader.parts, map(float, self.reader.mix[:-1]), strict=True)),
            "threshold": self._threshold,
            "data": self._about,
            "limits": [
                "It was learned from the language and the tone of this shop's reviews; other languages are guessed.",
                "Aspects are found by a fixed list of English words, and how a clause speaks of them is not measured: "
                "no shop labels clauses.",
                "People who write reviews are not all who buy.",
            ],
        }


def _chance(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return found


def _best_threshold(chance: NDArray[np.float64], actual: NDArray[Any]) -> float:
    """Where recall of both sides is best on average."""
    order = np.argsort(chance, kind="stable")
    right = actual[order] == 1
    below_bad = np.concatenate([[0], np.cumsum(~right)]) / max((~right).sum(), 1)
    above_good = 1 - np.concatenate([[0], np.cumsum(right)]) / max(right.sum(), 1)
    place = int((below_bad + above_good).argmax())
    edges = np.concatenate([[0.0], chance[order], [1.0]])
    return float((edges[place] + edges[place + 1]) / 2)


def _members(reviews: Reviews) -> dict[str, NDArray[np.bool_]]:
    """Categories, ages of those who wrote, and short reviews."""
    names, counts = np.unique(reviews.category.astype(str), return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")][:8]
    found = {f"category: {name}": reviews.category == name for name in largest if len(names) > 1}
    for low, high in _AGES:
        label = f"age: under {high}" if low == 0 else f"age: {low}+" if high >= 200 else f"age: {low}-{high - 1}"
        found[label] = (reviews.age >= low) & (reviews.age < high)
    found[f"under {_SHORT_WORDS} words"] = np.array([len(text.split()) < _SHORT_WORDS for text in reviews.text])
    return found


def _described(reviews: Reviews) -> dict[str, Any]:
    told = reviews.time[~np.isnat(reviews.time)]
    return {
        "reviews": len(reviews),
        "recommend": round(float(reviews.recommends.mean()), 4),
        "products": len(np.unique(reviews.item.astype(str))),
        **({"from": str(told.min())[:10], "to": str(told.max())[:10]} if len(told) else {}),
    }


def _read(entry: Mapping[str, Any]) -> str:
    """The words of an input.

    Raises
    ------
    InvalidInput
        There are none, or they are no text.
    """
    parts = [entry.get("title"), entry.get("text")]
    if not all(part is None or isinstance(part, str) for part in parts):
        raise InvalidInput(
            "A review has a title or a text that is not text.", "Both are strings, and either may be absent."
        )
    text = "\n".join(part.strip() for part in parts if part and part.strip())
    if not text:
        raise InvalidInput("A review has no words.", "It has a title or a text.", "Leave empty reviews out.")
    return text[:_LONGEST_TEXT]
