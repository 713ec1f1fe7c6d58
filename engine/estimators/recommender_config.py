"""The settings of a recommender."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from engine.estimators.base import EstimatorConfig

Weight = Annotated[float, Field(ge=0, le=5)]


class SignalWeights(BaseModel):
    """How much each signal counts in the blend; 0 leaves it out.

    The defaults are starting points: with `learn_weights` they are only where learning starts from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trending: Weight = Field(default=0.7, description="Popularity of the last weeks.")
    popular: Weight = Field(default=0.3, description="Popularity of the last months.")
    together: Weight = Field(default=0.4, description="Chosen by the same shoppers (random walk).")
    similar: Weight = Field(default=0.5, description="Shares attributes and words.")
    category: Weight = 0.5
    brand: Weight = 0.3
    colour: Weight = 0.3
    price: Weight = 0.3
    occasion: Weight = 1.0
    size: Weight = 1.0
    age: Weight = 0.5
    segment: Weight = 0.5


class RecommenderConfig(EstimatorConfig):
    """Everything that decides what a recommender learns."""

    half_life_days: float = Field(default=14.0, gt=0, le=3650, description="Of the trending signal.")
    long_half_life_days: float = Field(default=120.0, gt=0, le=3650, description="Of the popular signal.")
    history_half_life_days: float = Field(default=180.0, gt=0, le=3650, description="Of a shopper's own history.")
    alpha: float = Field(default=0.8, gt=0, le=2, description="Exponent of the walk's step probabilities.")
    beta: float = Field(default=0.2, ge=0, le=1, description="How much the walk holds popular items down.")
    neighbours: int = Field(default=100, ge=1, le=1000, description="Kept by item.")
    facet_smoothing: float = Field(default=1.0, gt=0, le=1000, description="Prior events of a shopper's taste.")
    event_weights: dict[str, float] = Field(
        default={"view": 1.0, "favourite": 2.0, "cart": 3.0, "rating": 3.0, "rental": 5.0, "purchase": 5.0},
        description="Strength by kind of event; 0 leaves a kind out.",
    )
    weights: SignalWeights = SignalWeights()
    learn_weights: bool = Field(default=True, description="Fit the weights on a window before the held-out one.")
