"""The typed config of the `fashion_classifier` kind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.estimators.base import EstimatorConfig

Head = Literal["linear", "lightgbm", "lora", "baseline"]


class FashionClassifierConfig(EstimatorConfig):
    """What to tell of a product, and from what.

    Raises
    ------
    ValidationError
        A setting is unknown or outside its bounds.
    """

    target: str = Field(default="category", title="Tells", min_length=1, max_length=80, description="Category, colour, season, brand or any key of the products' attributes.")  # fmt: skip
    words: bool = Field(default=True, description="Read the title and the description.")
    photo: bool = Field(default=True, description="Look at the photo, where the shop has pictures.")
    columns: bool = Field(
        default=True, description="Use the other columns: brand, colour, price, season, sizes, attributes."
    )
    head: Head = Field(default="linear", description="What learns from the meaning of the words: a linear model, boosted trees, a fine-tuned language model, or nothing beside single words (baseline).")  # fmt: skip
    fewest_rows: int = Field(
        default=30, ge=4, le=10_000, description="Labels with fewer products are left out and told."
    )
    word_strength: float = Field(
        default=10.0, ge=0.01, le=1_000, description="How freely single words speak (inverse penalty)."
    )
    meaning_strength: float = Field(default=4.0, ge=0.01, le=1_000, description="How freely meanings and photos speak (inverse penalty).")  # fmt: skip
    letters: bool = Field(default=False, description="Read groups of 2 to 5 letters too, so that abbreviations and misspellings count.")  # fmt: skip
    balance: float = Field(default=0.5, ge=0, le=1, description="How far rare labels count more: 0 as they are, 1 all labels alike.")  # fmt: skip
    abstain_below: float = Field(default=0.0, ge=0, le=1, description="Answers less sure than this go to a person; 0 chooses it for the precision below.")  # fmt: skip
    target_precision: float = Field(
        default=0.95, ge=0.5, le=1, description="Share of the given answers that should be right."
    )
    rounds: int = Field(default=60, ge=5, le=1_000, description="Most rounds of boosted trees.")
    epochs: int = Field(default=3, ge=1, le=20, description="Most passes of the fine-tuning.")
    rank: int = Field(default=8, ge=1, le=64, description="Rank of the fine-tuned adapters.")

    @property
    def wants_vectors(self) -> bool:
        """Pictures come as vectors; words are read here, since the lent ones hold category and colour."""
        return self.photo and self.head != "baseline"
