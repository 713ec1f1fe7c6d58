"""What every trainable kind of model is: one protocol, from a typed config to a safe file.

The worker, the gate and the registry know nothing else about a kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset


class EstimatorConfig(BaseModel):
    """Base of all configs: typed, closed, round-trips to JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0

    @property
    def wants_vectors(self) -> bool:
        """Whether a training needs embeddings of the products' words and pictures in `Dataset.vectors`."""
        return False


class Choices(Protocol):
    """What a search for better settings asks for values; an optuna trial is one."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


class Report(Protocol):
    """Where a training tells how far it is."""

    def stage(self, name: str, share: float) -> None:
        """Enter a stage; `share` is the part of the whole work that is done, 0 to 1."""

    def metric(self, name: str, step: int, value: float) -> None:
        """One point of a curve."""

    def log(self, line: str) -> None:
        """One line for the log."""


@dataclass(frozen=True)
class Holdout:
    """A split that keeps rows back.

    Parameters
    ----------
    train, test
        What `fit` and `evaluate` of the kind take.
    about : str
        The protocol in words, such as "temporal: the last 28 days are held out".
    cut : datetime or None
        Training rows are before it, test rows at or after it; None when the split is not temporal.
    """

    train: Any
    test: Any
    about: str
    cut: datetime | None = None


class Interval(BaseModel):
    """A figure with the bounds of its 95% interval; they are None where none could be estimated."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float | None = None
    high: float | None = None


class Calibration(BaseModel):
    """How often what was foretold came true: means of bins, and the expected calibration error."""

    model_config = ConfigDict(frozen=True)

    foretold: list[float]
    observed: list[float]
    counts: list[int]
    ece: float


class Cost(BaseModel):
    """What a model takes: its files in MB, and milliseconds for one input alone and for each of a batch."""

    model_config = ConfigDict(frozen=True)

    size_mb: float
    one_ms: float | None = None
    each_ms: float | None = None


class Outlook(BaseModel):
    """What a training would work on, before it starts."""

    model_config = ConfigDict(frozen=True)

    rows: int
    unit: str
    target: str | None = None
    columns: list[str] = []
    left_out: dict[str, str] = {}
    notes: list[str] = []


class Evaluation(BaseModel):
    """What was measured on held-out rows."""

    model_config = ConfigDict(frozen=True)

    protocol: str
    units: int
    metrics: dict[str, Interval]
    slices: dict[str, dict[str, Interval]] = {}
    calibration: Calibration | None = None
    cost: Cost | None = None

    @property
    def headline(self) -> dict[str, float]:
        """Metrics without intervals."""
        return {name: figure.value for name, figure in self.metrics.items()}


@dataclass(frozen=True)
class Scores:
    """An evaluation with the figures of every unit, so that two models can be paired.

    Parameters
    ----------
    per_unit : mapping of str to ndarray
        Metric to values, shape (n_units,), or to addends, shape (n_units, n_columns), as
        `engine.estimators.measures` adds them up; in the order of the holdout's units.
    members : mapping of str to ndarray of bool, shape (n_units,)
        Slice to its units.
    """

    evaluation: Evaluation
    per_unit: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    members: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True)
class Guardrail:
    """A metric that a challenger may not make worse by more than `tolerance` (a share of the rival's value) and
    `slack` (in units of the metric) together."""

    metric: str
    higher_is_better: bool
    tolerance: float
    about: str
    slack: float = 0.0


class Estimator(Protocol):
    """A trainable kind of model."""

    kind: ClassVar[str]
    framework: ClassVar[str]
    title: ClassVar[str]
    primary_metric: ClassVar[str]
    higher_is_better: ClassVar[bool]
    guardrails: ClassVar[tuple[Guardrail, ...]]
    config_type: ClassVar[type[EstimatorConfig]]
    baseline_name: ClassVar[str]
    unit_name: ClassVar[str]
    about: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]]
    data_fields: ClassVar[tuple[str, ...]]

    config: Any

    def __init__(self, config: Any) -> None: ...

    @classmethod
    def missing(cls, dataset: Dataset, config: Any) -> list[str]:
        """What the data lacks to train this kind, in words; empty when it can be trained."""

    @classmethod
    def outlook(cls, dataset: Dataset, config: Any) -> Outlook:
        """What a training would work on; quick, and only where nothing is missing."""

    @classmethod
    def holdout(cls, dataset: Dataset, config: Any) -> Holdout:
        """Keep rows back, the same ones for every config of the kind on this data."""

    @classmethod
    def inner(cls, training: Any, config: Any) -> Holdout:
        """Keep a part of the training rows back, for choosing settings without a look at the held-out ones."""

    @classmethod
    def choose(cls, choices: Choices, config: Any) -> Any:
        """The config with the values that a search suggests; what it does not search stays."""

    @classmethod
    def everything(cls, dataset: Dataset, config: Any) -> Any:
        """All rows, in the form that `fit` takes."""

    @classmethod
    def baseline(cls) -> Self:
        """The simple model that a first champion must beat, unfitted."""

    def fit(self, training: Any, report: Report) -> None: ...

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        """Score the held-out rows; history up to the cut may be used, nothing after it."""

    def save(self) -> dict[str, bytes]:
        """Files in the formats that `engine.artifacts` allows, `config.json` with the config among them."""

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self: ...

    def sample(self) -> dict[str, Any]:
        """One input that `predict` takes, from the training rows or of their kind."""

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each input, as `signature` describes both."""

    def signature(self) -> dict[str, Any]:
        """JSON schemas of one input and one answer: `{"inputs": ..., "outputs": ...}`."""

    def card(self) -> dict[str, Any]:
        """Purpose, data and limits in words, for the registry."""
