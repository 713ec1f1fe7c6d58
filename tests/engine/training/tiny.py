"""A tiny kind for tests: it foretells every price by one level, and can be told to misbehave."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from engine.artifacts import parse_json
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.estimators import Choices, EstimatorConfig, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.measures import scores
from engine.files import canonical_json

HELD_BACK_MB = 400
ADDRESS = "tests.engine.training.tiny:Tiny"


class TinyConfig(EstimatorConfig):
    """One level, and how a fit goes."""

    level: float = Field(default=30.0, ge=0, le=200, description="What every price is foretold to be.")
    table: str = Field(default="prices", description="Chooses the data.")
    behave: Literal["well", "fails", "runs out", "takes", "forks"] = Field(default="well", description="How it goes.")


class Tiny:
    """Foretells prices."""

    kind: ClassVar[str] = "tiny"
    framework: ClassVar[str] = "numpy"
    title: ClassVar[str] = "Tiny"
    about: ClassVar[str] = "Foretells prices by one level."
    primary_metric: ClassVar[str] = "absolute_error"
    higher_is_better: ClassVar[bool] = False
    guardrails: ClassVar[tuple[Guardrail, ...]] = ()
    config_type: ClassVar[type[TinyConfig]] = TinyConfig
    baseline_name: ClassVar[str] = "the level 0"
    unit_name: ClassVar[str] = "prices"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"level": 20.0},
        "balanced": {},
        "best": {"level": 39.5},
    }
    data_fields: ClassVar[tuple[str, ...]] = ("table",)

    def __init__(self, config: TinyConfig) -> None:
        self.config = config

    @classmethod
    def missing(cls, dataset: Dataset, config: TinyConfig) -> list[str]:
        return [] if dataset.has(Table.PRICES, "price") else ["Prices: the shop has none."]

    @classmethod
    def outlook(cls, dataset: Dataset, config: TinyConfig) -> Outlook:
        return Outlook(rows=dataset.rows(Table.PRICES), unit="prices", target="prices.price", columns=["prices.price"])

    @classmethod
    def everything(cls, dataset: Dataset, config: TinyConfig) -> Any:
        return dataset.frame(Table.PRICES, ["price"])["price"].to_numpy(dtype=np.float64)

    @classmethod
    def holdout(cls, dataset: Dataset, config: TinyConfig) -> Holdout:
        return cls.inner(cls.everything(dataset, config), config)

    @classmethod
    def inner(cls, training: Any, config: TinyConfig) -> Holdout:
        return Holdout(training[::2], training[1::2], "every second price")

    @classmethod
    def choose(cls, choices: Choices, config: TinyConfig) -> TinyConfig:
        return config.model_copy(update={"level": choices.suggest_float("level", 0.0, 200.0)})

    @classmethod
    def baseline(cls) -> Self:
        return cls(TinyConfig(level=0.0))

    def fit(self, training: Any, report: Report) -> None:
        report.stage("Looking", 0.5)
        _misbehave(self.config.behave, report)
        for step in range(6):
            report.metric("validation_loss", step, float(np.abs(training - self.config.level).mean()) + 1 / (step + 1))

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        return scores(holdout.about, {self.primary_metric: np.abs(holdout.test - self.config.level)})

    def save(self) -> dict[str, bytes]:
        return {"config.json": canonical_json(self.config.model_dump(mode="json")).encode()}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        return cls(TinyConfig.model_validate(parse_json(files["config.json"], "config.json")))

    def sample(self) -> dict[str, Any]:
        return {"item_id": "i00"}

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{"price": self.config.level} for _ in inputs]

    def signature(self) -> dict[str, Any]:
        return {"inputs": {"type": "object"}, "outputs": {"type": "object"}}

    def card(self) -> dict[str, Any]:
        return {"purpose": self.about}


def _misbehave(how: str, report: Report) -> None:
    if how == "fails":
        raise ZeroDivisionError("the prices add up to nothing")
    if how == "runs out":
        np.zeros(1 << 50, dtype=np.int8)
    if how == "takes":
        report.log(f"{len(bytearray(b'x' * HELD_BACK_MB * 1024 * 1024)):,}")
        kept = np.ones(HELD_BACK_MB * 1024 * 128)
        threading.Event().wait(60)
        report.log(str(kept.sum()))
    if how == "forks":
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, 1); signal.pause()"])
        report.log(f"child {child.pid}")
        child.wait()
