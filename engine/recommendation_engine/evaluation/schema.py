"""What an evaluation is asked and what it answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.estimators.base import Interval

DEFAULT_WINDOWS = 3

METRICS = {
    "ndcg_at_10": "NDCG@10",
    "hit_rate_at_10": "Hit rate@10",
    "recall_at_10": "Recall@10",
    "recall_at_20": "Recall@20",
    "map_at_12": "MAP@12",
    "mrr_at_20": "MRR@20",
    "coverage_at_10": "Coverage@10",
    "novelty_at_10": "Novelty@10 (bits)",
}
"""Every metric, with the name that people read."""

PAIRED = ("ndcg_at_10", "hit_rate_at_10", "recall_at_20")
"""Metrics in which any two models are compared."""


class Protocol(StrEnum):
    """What is held out."""

    TEMPORAL = "temporal"
    LEAVE_LAST_OUT = "leave-last-out"


class Format(StrEnum):
    """How a file tells what shoppers did."""

    SEQUENCES = "sequences"
    INTERACTIONS = "interactions"


class EvaluationPlan(BaseModel):
    """What to measure.

    Parameters
    ----------
    windows : int
        Test windows of the temporal protocol, the latest ones, side by side in time.
    days : int or None
        Length of a window; None takes 28 days, or less where the data covers little time.
    models : tuple of str
        Names of `models.RIVALS`, `blend`, or of a shop's `recommender`; empty takes all that fit the data.
    refit : bool
        Of leave-last-out: fit the chosen models again with the validation item, as one would to serve. False keeps
        those that never saw it, as papers do; it is only a part of the history that they are asked with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Protocol = Protocol.TEMPORAL
    windows: int = Field(default=DEFAULT_WINDOWS, ge=1, le=12)
    days: int | None = Field(default=None, ge=1, le=366)
    models: tuple[str, ...] = ()
    refit: bool = True
    seed: int = Field(default=0, ge=0, le=2**31)


class DataSummary(BaseModel):
    """What was read."""

    model_config = ConfigDict(frozen=True)

    name: str
    shoppers: int
    items: int
    events: int
    first: datetime | None = None
    last: datetime | None = None
    notes: tuple[str, ...] = ()


class ModelResult(BaseModel):
    """One model over all windows.

    Parameters
    ----------
    settings : dict
        What was chosen on the validation window, among how many trials.
    weights : dict
        Weights of a blend's signals, as learned for the last window.
    fit_seconds : float
        Of one fit with the chosen settings.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    metrics: dict[str, Interval]
    settings: dict[str, Any] = {}
    weights: dict[str, float] = {}
    fit_seconds: float = 0.0


class GroupResult(BaseModel):
    """Some of the tested shoppers: a window, or a slice across windows."""

    model_config = ConfigDict(frozen=True)

    name: str
    about: str
    units: int
    models: dict[str, dict[str, Interval]]


class Paired(BaseModel):
    """`first` minus `second` on the same shoppers, with the interval of the paired bootstrap."""

    model_config = ConfigDict(frozen=True)

    first: str
    second: str
    metric: str
    difference: Interval

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out zero."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)


class EvaluationReport(BaseModel):
    """Models measured on the same held-out choices, every item ranked and none sampled.

    Parameters
    ----------
    units : int
        Tested shoppers, counted once for each window.
    """

    model_config = ConfigDict(frozen=True)

    plan: EvaluationPlan
    about: str
    data: DataSummary
    units: int
    models: list[ModelResult]
    slices: list[GroupResult]
    windows: list[GroupResult]
    pairs: list[Paired]
    seconds: float

    def model(self, name: str) -> ModelResult:
        """One model's figures."""
        return next(model for model in self.models if model.name == name)

    def pair(self, first: str, second: str, metric: str = "ndcg_at_10") -> Paired:
        """`first` minus `second`, whichever way round it was computed."""
        for pair in self.pairs:
            if pair.metric == metric and {pair.first, pair.second} == {first, second}:
                return pair if pair.first == first else _turned(pair)
        raise KeyError((first, second, metric))


def _turned(pair: Paired) -> Paired:
    found = pair.difference
    low = None if found.high is None else -found.high
    high = None if found.low is None else -found.low
    return Paired(
        first=pair.second,
        second=pair.first,
        metric=pair.metric,
        difference=Interval(value=-found.value, low=low, high=high),
    )
