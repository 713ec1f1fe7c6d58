"""The settings of a price optimizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.estimators.base import EstimatorConfig

Model = Literal["structured", "elasticity", "xgboost", "plain", "baseline"]


class PriceConfig(EstimatorConfig):
    """Everything that decides how demand is foretold."""

    model: Model = Field(
        default="structured",
        title="Model",
        description=(
            "structured: boosted trees (LightGBM) on top of the elasticity model, never rising with the price; "
            "xgboost: the same with XGBoost; elasticity: the log-linear model alone, the one to read; "
            "plain: LightGBM without that structure; baseline: last year's week or the last weeks' mean."
        ),
    )
    objective: Literal["tweedie", "poisson"] = Field(
        default="tweedie", title="Objective", description="What the trees minimise; tweedie allows for bursts."
    )
    power: float = Field(
        default=1.3, gt=1.0, lt=2.0, title="Tweedie power", description="Near 1: counts; near 2: wide bursts."
    )
    half_life_weeks: float = Field(
        default=8.0, ge=1, le=104, title="Memory", description="Weeks after which a sale counts half in the level."
    )
    leaves: int = Field(default=63, ge=2, le=512, title="Leaves", description="By tree.")
    learning_rate: float = Field(default=0.05, gt=0, le=1, title="Learning rate", description="Weight of a tree.")
    rounds: int = Field(
        default=400, ge=1, le=5_000, title="Trees", description="At most; fewer where the validation weeks say so."
    )
    leaf_rows: int = Field(default=60, ge=1, le=10_000, title="Rows by leaf", description="At least.")
    column_share: float = Field(default=0.7, gt=0, le=1, title="Share of columns", description="Drawn for each tree.")
    horizons: int = Field(
        default=2, ge=1, le=8, title="Distances by week", description="How many weeks ahead each past week is foretold."
    )

    slope_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Share of the elasticity",
        description=(
            "Part of the elasticity that trees start from. They may only make demand fall faster with the price, so"
            " what is left lets them find products that answer less."
        ),
    )

    @property
    def grows(self) -> bool:
        """Whether trees are grown."""
        return self.model in ("structured", "xgboost", "plain")
