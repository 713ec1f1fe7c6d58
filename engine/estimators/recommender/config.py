"""The settings of a recommender."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from engine.estimators.base import EstimatorConfig
from engine.recommenders.sequence.config import SequenceConfig

Weight = Annotated[float, Field(ge=0, le=5)]


class SignalWeights(BaseModel):
    """How much each signal counts in the blend; 0 leaves it out.

    The defaults are starting points: with `learn_weights` they are only where learning starts from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trending: Weight = Field(default=0.4, description="Popularity of the last weeks.")
    popular: Weight = Field(default=0.4, description="Popularity of the last months.")
    novelty: Weight = Field(default=0.4, description="How lately the product came.")
    seasonal: Weight = Field(default=0.2, description="Popularity in the same weeks a year ago.")
    together: Weight = Field(default=0.2, description="Chosen by the same shoppers (random walk).")
    linear: Weight = Field(default=0.2, description="Chosen by the same shoppers (EASE).")
    cosine: Weight = Field(default=0.0, description="Chosen by the same shoppers (shrunk cosine).")
    factors: Weight = Field(default=0.0, description="Chosen by shoppers of the same taste (ALS).")
    sequence: Weight = Field(default=0.3, description="Follows the last products; only where an order is learned.")
    similar: Weight = Field(default=0.5, description="Shares attributes and words.")
    meaning: Weight = Field(default=0.0, description="Placed by words among what shoppers choose.")
    goes_with: Weight = Field(default=1.0, description="Bought with the product of the page or the basket.")
    category: Weight = 0.5
    brand: Weight = 0.3
    colour: Weight = 0.3
    price: Weight = 0.3
    occasion: Weight = 1.0
    size: Weight = 1.0
    age: Weight = 0.5
    segment: Weight = 0.5


class RankerConfig(BaseModel):
    """A second stage of boosted trees (LambdaMART) that re-ranks the blend's best."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: int = Field(default=150, ge=10, le=2_000, description="Of the blend's best, re-ranked.")
    windows: int = Field(default=5, ge=1, le=6, description="Past windows that the trees are grown on.")
    most_shoppers: int = Field(default=4_000, ge=100, le=100_000, description="By window.")
    leaves: int = Field(default=7, ge=2, le=255)
    rounds: int = Field(default=40, ge=1, le=5_000)
    learning_rate: float = Field(default=0.03, gt=0, le=1)


class RecommenderConfig(EstimatorConfig):
    """Everything that decides what a recommender learns."""

    half_life_days: float = Field(default=14.0, gt=0, le=3650, description="Of the trending signal.")
    long_half_life_days: float = Field(default=120.0, gt=0, le=3650, description="Of the popular signal.")
    history_half_life_days: float = Field(default=400.0, gt=0, le=3650, description="Of a shopper's own history.")
    alpha: float = Field(default=0.8, gt=0, le=2, description="Exponent of the walk's step probabilities.")
    beta: float = Field(default=0.2, ge=0, le=1, description="How much the walk holds popular items down.")
    neighbours: int = Field(default=100, ge=1, le=1000, description="Kept by item.")
    linear_regularisation: float = Field(default=300.0, gt=0, le=1e6, description="Ridge penalty of EASE.")
    linear_items: int = Field(default=3_000, ge=0, le=12_000, description="Most chosen items that EASE relates.")
    shrink: float = Field(default=50.0, ge=0, le=1e6, description="Of the cosine.")
    dimensions: int = Field(default=32, ge=2, le=512, description="Of the factors.")
    factor_regularisation: float = Field(default=10.0, gt=0, le=1e6, description="Ridge penalty of the factors.")
    factor_alpha: float = Field(default=10.0, gt=0, le=1e4, description="Confidence that one event adds.")
    factor_iterations: int = Field(default=6, ge=1, le=100, description="Times that both sides are solved.")
    facet_smoothing: float = Field(default=1.0, gt=0, le=1000, description="Prior events of a shopper's taste.")
    event_weights: dict[str, float] = Field(
        default={"view": 1.0, "favourite": 2.0, "cart": 3.0, "rating": 3.0, "rental": 5.0, "purchase": 5.0},
        description="Strength by kind of event; 0 leaves a kind out.",
    )
    weights: SignalWeights = SignalWeights()
    learn_weights: bool = Field(default=True, description="Fit the weights on a window before the held-out one.")
    popularity_share: float = Field(
        default=0.7, gt=0, le=1, description="Of what was learned for popularity; less shows more of the catalogue."
    )
    learn_newcomers: bool = Field(
        default=True, description="Fit them separately for shoppers without a history, where there are enough."
    )
    sequence: SequenceConfig | None = Field(
        default=None, description="Learns the order of choices (SASRec); none unless it is asked for."
    )
    ranker: RankerConfig | None = Field(default=None, description="A second stage; none unless it is asked for.")

    @property
    def learns_order(self) -> bool:
        """Whether the order of choices is a signal."""
        return self.sequence is not None and self.weights.sequence > 0

    @property
    def wants_vectors(self) -> bool:
        """Whether products are placed by their meaning."""
        return self.weights.meaning > 0
