"""The `tabular` kind: one column of any table, foretold from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.base import Choices, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.stored_config import config_file, stored_config
from engine.estimators.tabular import fitting, measuring, stored
from engine.estimators.tabular.checks import screen
from engine.estimators.tabular.config import TabularConfig
from engine.estimators.tabular.data import TabularData, read, split
from engine.estimators.tabular.describing import card, schema, told_classes, told_values
from engine.estimators.tabular.inputs import columns_of
from engine.estimators.tabular.searching import choose

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.tabular.fitting import Fitted

MOST_HELD = 20_000


class Tabular:
    """Foretells a class or a number of a table's rows.

    Parameters
    ----------
    config : TabularConfig
        What to foretell, and how.
    """

    kind: ClassVar[str] = "tabular"
    framework: ClassVar[str] = "lightgbm"
    title: ClassVar[str] = "Any table"
    about: ClassVar[str] = "Foretells one column of any table from the others, such as which orders come back."
    unit_name: ClassVar[str] = "rows"
    primary_metric: ClassVar[str] = "deviance_explained"
    higher_is_better: ClassVar[bool] = True
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("ece", False, 0.25, "Probabilities would say less what they mean.", slack=0.01),
    )
    config_type: ClassVar[type[TabularConfig]] = TabularConfig
    baseline_name: ClassVar[str] = "plain logistic or ridge regression"
    data_fields: ClassVar[tuple[str, ...]] = ("table", "sheet", "target", "task")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"rounds": 200, "learning_rate": 0.1, "max_rows": 60_000, "epochs": 8},
        "balanced": {},
        "best": {"rounds": 2_000, "learning_rate": 0.02, "max_rows": 1_000_000, "epochs": 60, "patience": 8},
    }

    def __init__(self, config: TabularConfig) -> None:
        self.config = config
        self._model: Fitted | None = None

    @property
    def model(self) -> Fitted:
        """The fitted model."""
        if self._model is None:
            raise RuntimeError("fit or load comes first")
        return self._model

    @classmethod
    def missing(cls, dataset: Dataset, config: TabularConfig) -> list[str]:
        try:
            read(dataset, config)
        except InvalidInput as error:
            return [str(error)]
        return []

    @classmethod
    def outlook(cls, dataset: Dataset, config: TabularConfig) -> Outlook:
        data = read(dataset, config)
        found = screen(data, config)
        return Outlook(
            rows=len(data),
            unit="rows",
            target=f"{config.target} of {config.table} ({data.task})",
            columns=list(found.roles),
            left_out=found.left_out,
            notes=[*found.notes, split(data).about],
        )

    @classmethod
    def holdout(cls, dataset: Dataset, config: TabularConfig) -> Holdout:
        return _kept_back(read(dataset, config))

    @classmethod
    def inner(cls, training: TabularData, config: TabularConfig) -> Holdout:
        return _kept_back(training)

    @classmethod
    def choose(cls, choices: Choices, config: TabularConfig) -> TabularConfig:
        """The settings of the config's own model."""
        return choose(choices, config)

    @classmethod
    def everything(cls, dataset: Dataset, config: TabularConfig) -> TabularData:
        return read(dataset, config)

    @classmethod
    def baseline(cls) -> Self:
        return cls(TabularConfig(model="baseline"))

    def fit(self, training: TabularData, report: Report) -> None:
        """Screen the columns, stop by rows held back, learn from all."""
        self._model = fitting.fit(training, self.config, report)

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        found = measuring.evaluate(self.model, holdout)
        for name, value in found.evaluation.headline.items():
            report.metric(name, 0, value)
        return found

    def save(self) -> dict[str, bytes]:
        return {**config_file(self.config), **stored.to_files(self.model)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        found = cls(stored_config(files, TabularConfig, cls.title))
        found._model = stored.from_files(files, found.config)
        return found

    def sample(self) -> dict[str, Any]:
        return dict(self.model.example)

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """A label with probabilities, or a value with its 90% interval, for each row of columns.

        Raises
        ------
        InvalidInput
            A value has the wrong type.
        """
        if not inputs:
            return []
        model = self.model
        rows = model.encoder.encode(columns_of(inputs, model.encoder))
        return told_classes(model, rows) if model.target.classes else told_values(model, rows)

    def signature(self) -> dict[str, Any]:
        return schema(self.model)

    def card(self) -> dict[str, Any]:
        return card(self.model, self.config)


def _kept_back(data: TabularData) -> Holdout:
    """The split as training and held-out rows; a figure of many rows is no better told by more of them."""
    found = split(data)
    held, about = np.flatnonzero(found.test), found.about
    if len(held) > MOST_HELD:
        held = np.sort(np.random.default_rng(0).permutation(held)[:MOST_HELD])
        about = f"{about}; {MOST_HELD:,} of them, drawn at random, are measured"
    return Holdout(data.take(found.train), data.take(held), about, found.cut)
