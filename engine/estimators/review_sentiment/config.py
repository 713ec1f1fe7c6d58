"""The settings of a review model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.estimators.base import EstimatorConfig


class ReviewSentimentConfig(EstimatorConfig):
    """Everything that decides what is learned from reviews."""

    model: Literal["blend", "meaning", "words", "lexicon"] = Field(
        default="blend",
        description="What reads the reviews: words and meaning together, the meaning of the text (MiniLM), its words "
        "(TF-IDF), or a fixed lexicon (VADER).",
    )
    positive_from: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Rating from which a review counts as recommending, where the shop does not tell; four fifths of "
        "the highest rating when empty.",
    )
    max_rows: int = Field(
        default=30_000, ge=200, le=1_000_000, description="Reviews that are read, the newest ones where times are told."
    )
    strength: float = Field(
        default=2.0, gt=0, le=1_000, description="How freely the weights of words may grow (C of the regression)."
    )
    letters: bool = Field(default=True, description="Also read parts of words, which forgives misspelling.")
