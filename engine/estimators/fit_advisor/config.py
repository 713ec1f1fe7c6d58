"""The settings of a fit advisor."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.estimators.base import EstimatorConfig


class FitAdvisorConfig(EstimatorConfig):
    """Everything that decides what is learned from how pieces fitted."""

    model: Literal["lightgbm", "latent", "multinomial", "baseline"] = Field(
        default="lightgbm",
        description="Boosted trees on body, size and history; an ordinal regression on the same; a plain multinomial "
        "regression without history; or how often each category's pieces fitted.",
    )
    max_rows: int = Field(
        default=300_000,
        ge=200,
        le=2_000_000,
        description="Reviews that are learned from, the newest ones where times are told.",
    )
    rounds: int = Field(default=400, ge=10, le=3_000, description="Trees at most, for each side of the fit.")
    learning_rate: float = Field(default=0.08, gt=0, le=0.5, description="Weight of each tree.")
    leaves: int = Field(default=15, ge=2, le=127, description="Leaves of a tree.")
    leaf_rows: int = Field(default=60, ge=5, le=2_000, description="Rows that a leaf has at least.")
    patience: int = Field(default=25, ge=5, le=300, description="Trees without a gain after which learning stops.")
    l2: float = Field(default=3.0, ge=0, le=1_000, description="How strongly weights are held back.")
    item_shrinkage: float = Field(
        default=12.0, ge=0.5, le=500, description="Reviews of a piece at which half of what they say of its cut counts."
    )
    shopper_shrinkage: float = Field(
        default=4.0, ge=0.5, le=500, description="Reviews of a shopper at which half of what they say of them counts."
    )
