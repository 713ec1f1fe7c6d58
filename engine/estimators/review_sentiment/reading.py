"""What reads a review: parts that each give log odds, and how they are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import CorruptArtifact
from engine.estimators.logistic import Logistic, fitted
from engine.estimators.words import Terms
from engine.text import DIMENSIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.review_sentiment.config import ReviewSentimentConfig
    from engine.estimators.review_sentiment.data import Reviews

Arrays = dict[str, "NDArray[Any]"]
PARTS = {
    "blend": ("words", "meaning", "lexicon"),
    "words": ("words",),
    "meaning": ("meaning",),
    "lexicon": ("lexicon",),
}
"""What each model reads by."""

_FOLDS = 3
_FAR = 12.0  # log odds beyond which a part tells nothing more


@dataclass(frozen=True, eq=False)
class Reader:
    """Log odds that a review recommends, from parts.

    Parameters
    ----------
    words : tuple of Terms
    word_head, meaning_head : Logistic or None
    mix : ndarray of float64, shape (n_parts + 1,)
        Weight of each part's log odds, and the offset.
    """

    parts: tuple[str, ...]
    words: tuple[Terms, ...]
    word_head: Logistic | None
    meaning_head: Logistic | None
    mix: NDArray[np.float64]

    def log_odds(self, texts: NDArray[Any], vectors: Callable[[], NDArray[np.float32]]) -> NDArray[np.float64]:
        """Shape (n,); vectors are asked for only where they are read."""
        columns = [self._part(part, texts, vectors) for part in self.parts]
        found: NDArray[np.float64] = np.column_stack(columns) @ self.mix[:-1] + self.mix[-1]
        return found

    def _part(self, part: str, texts: NDArray[Any], vectors: Callable[[], NDArray[np.float32]]) -> NDArray[np.float64]:
        if part == "lexicon":
            return lexicon(texts)
        head = self.word_head if part == "words" else self.meaning_head
        assert head is not None
        rows = word_rows(self.words, texts) if part == "words" else vectors()
        return _odds(head, rows)

    def arrays(self) -> Arrays:
        """What `of` needs beside `told`."""
        found: Arrays = {"mix": self.mix}
        found |= {f"words.{place}": each.weight for place, each in enumerate(self.words)}
        for name, head in (("word_head", self.word_head), ("meaning_head", self.meaning_head)):
            if head is not None:
                found |= head.arrays(f"{name}.")
        return found

    def told(self) -> dict[str, Any]:
        return {"parts": list(self.parts), "words": [each.told() for each in self.words]}

    @classmethod
    def of(cls, told: Mapping[str, Any], arrays: Arrays) -> Reader:
        """The reader that was kept.

        Raises
        ------
        CorruptArtifact
        """
        parts = tuple(told["parts"])
        if parts not in PARTS.values() or arrays["mix"].shape != (len(parts) + 1,):
            raise CorruptArtifact("The parts of the review model do not fit each other.", hint="Train again.")
        words = tuple(Terms.of(each, arrays[f"words.{place}"]) for place, each in enumerate(told["words"]))
        width = sum(len(each.names) for each in words)
        return cls(
            parts,
            words,
            Logistic.of(arrays, classes=2, columns=width, before="word_head.") if "words" in parts else None,
            Logistic.of(arrays, classes=2, columns=DIMENSIONS, before="meaning_head.") if "meaning" in parts else None,
            arrays["mix"].astype(np.float64),
        )


def learn(
    reviews: Reviews, config: ReviewSentimentConfig, told: Callable[[str, float], None]
) -> tuple[Reader, NDArray[np.float64]]:
    """A reader, and the log odds of its training rows as if each had not been learned from.

    The parts are put together by a logistic regression on what they said of rows they had not seen
    (stacking; Wolpert 1992), which also calibrates them.
    """
    parts, actual = PARTS[config.model], reviews.recommends.astype(np.int64)
    if "meaning" in parts:
        reviews.vectors(lambda share: told("Reading the meaning of the reviews", 0.6 * share))
    fold = np.random.default_rng(config.seed).permutation(len(reviews)) % _FOLDS
    seen = np.zeros((len(reviews), len(parts)))
    for number in range(_FOLDS):
        told(f"Learning, part {number + 1} of {_FOLDS + 1}", 0.6 + 0.1 * number)
        inside, outside = reviews.at(fold != number), reviews.at(fold == number)
        reader = _fit(inside, parts, config)
        seen[fold == number] = np.column_stack([reader._part(part, outside.text, outside.vectors) for part in parts])
    mix = _mixed(seen, actual)
    told(f"Learning, part {_FOLDS + 1} of {_FOLDS + 1}", 0.9)
    whole = _fit(reviews, parts, config)
    reader = Reader(parts, whole.words, whole.word_head, whole.meaning_head, mix)
    return reader, seen @ mix[:-1] + mix[-1]


def word_rows(words: tuple[Terms, ...], texts: NDArray[Any]) -> Any:
    """Texts as rows of all their terms."""
    from scipy.sparse import hstack

    return hstack([each.matrix(list(texts)) for each in words]).tocsr()


def lexicon(texts: NDArray[Any]) -> NDArray[np.float64]:
    """VADER's compound score of each text, -1 to 1 (Hutto & Gilbert 2014)."""
    judge = _vader()
    return np.array([judge.polarity_scores(text)["compound"] for text in texts], dtype=np.float64)


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def _fit(reviews: Reviews, parts: tuple[str, ...], config: ReviewSentimentConfig) -> Reader:
    actual, words, word_head, meaning_head = reviews.recommends.astype(np.int64), (), None, None
    texts = list(reviews.text)
    if "words" in parts:
        words = (Terms.learn(texts), *((Terms.learn(texts, analyzer="char_wb", fewest=3),) if config.letters else ()))
        rows = word_rows(words, reviews.text)
        word_head = fitted(rows, actual, 2, strength=config.strength)
    if "meaning" in parts:
        meaning_head = fitted(reviews.vectors(), actual, 2, strength=10 * config.strength)
    return Reader(parts, words, word_head, meaning_head, np.append(np.ones(len(parts)), 0.0))


def _mixed(seen: NDArray[np.float64], actual: NDArray[Any]) -> NDArray[np.float64]:
    """Weights of the parts by logistic regression."""
    head = fitted(seen, actual, 2, strength=1.0)
    return np.append(head.weights[1] - head.weights[0], head.intercepts[1] - head.intercepts[0])


def _odds(head: Logistic, rows: Any) -> NDArray[np.float64]:
    scores = head.scores(rows)
    found: NDArray[np.float64] = np.clip(scores[:, 1] - scores[:, 0], -_FAR, _FAR)
    return found
