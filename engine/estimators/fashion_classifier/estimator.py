"""The `fashion_classifier` kind: category or an attribute of a product, from its words, photo and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from engine.artifacts.formats import parse_json
from engine.catalog.schema import Table
from engine.errors import CorruptArtifact
from engine.estimators.base import Choices, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.fashion_classifier import data, describing, files, measuring
from engine.estimators.fashion_classifier.config import FashionClassifierConfig
from engine.estimators.fashion_classifier.inputs import rows_of
from engine.estimators.fashion_classifier.mislabelled import Doubt, mislabelled
from engine.estimators.fashion_classifier.model import Model, build
from engine.estimators.splits import stratified
from engine.estimators.stored_config import config_file, stored_config
from engine.files import canonical_json

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.fashion_classifier.data import Rows

_ALTERNATIVES = 3
_FEWEST_GROUPS = 4


class FashionClassifier:
    """Tells what a product is, how sure that is, and keeps silent where it is not sure enough.

    Parameters
    ----------
    config : FashionClassifierConfig
        What to tell and from what.
    """

    kind: ClassVar[str] = "fashion_classifier"
    framework: ClassVar[str] = "scikit-learn"
    title: ClassVar[str] = "Fashion classifier"
    about: ClassVar[str] = "Fills in the category or an attribute of products, and finds those that are filed wrongly."
    unit_name: ClassVar[str] = "garments"
    primary_metric: ClassVar[str] = "macro_f1"
    higher_is_better: ClassVar[bool] = True
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("ece", False, 0.25, "Its probabilities would say less.", slack=0.01),
        Guardrail("balanced_accuracy", True, 0.02, "Rare labels would be found less often.", slack=0.005),
    )
    config_type: ClassVar[type[FashionClassifierConfig]] = FashionClassifierConfig
    baseline_name: ClassVar[str] = "single words (TF-IDF and logistic regression)"
    data_fields: ClassVar[tuple[str, ...]] = ("target", "fewest_rows")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"photo": False},
        "balanced": {},
        "best": {"letters": True, "head": "lora"},
    }

    def __init__(self, config: FashionClassifierConfig) -> None:
        self.config = config
        self._model: Model | None = None
        self._example: dict[str, Any] = {}

    @property
    def model(self) -> Model:
        """What was fitted or loaded."""
        if self._model is None:
            raise RuntimeError("fit or load comes first")
        return self._model

    @classmethod
    def missing(cls, dataset: Dataset, config: FashionClassifierConfig) -> list[str]:
        if dataset.rows(Table.ITEMS) == 0:
            return ["Items: the shop has none."]
        needs = []
        given, _ = data.labels(dataset, config.target)
        kept = data.common(given, config.fewest_rows)
        if len(kept) < 2:
            told = sum(value is not None for value in given)
            needs.append(
                f"Labels: at least two values of {config.target!r} with {config.fewest_rows} products each; "
                f"{told:,} products have a value, and values that are frequent enough: {len(kept)}."
            )
        elif _too_few_groups(data.read(dataset, config)):
            needs.append(f"Different products: each label needs {_FEWEST_GROUPS} garments that are not variants.")
        if not dataset.has(Table.ITEMS, "title") and not dataset.has(Table.ITEMS, "description"):
            needs.append("Words: titles or descriptions of products.")
        if not (config.words or config.photo or config.columns):
            needs.append("Something to read: words, photo or columns must be on.")
        alone = config.photo and not config.words and not config.columns and config.head != "baseline"
        if alone and (data.read(dataset, config).photo is None and not dataset.has(Table.ITEMS, "image")):
            needs.append("Photos: the shop has none, and nothing else is to be read.")
        return needs

    @classmethod
    def outlook(cls, dataset: Dataset, config: FashionClassifierConfig) -> Outlook:
        return describing.outlook(dataset, config)

    @classmethod
    def everything(cls, dataset: Dataset, config: FashionClassifierConfig) -> Rows:
        rows = data.read(dataset, config)
        return rows.take(rows.label >= 0)

    @classmethod
    def holdout(cls, dataset: Dataset, config: FashionClassifierConfig) -> Holdout:
        return cls.inner(cls.everything(dataset, config), config)

    @classmethod
    def inner(cls, training: Rows, config: FashionClassifierConfig) -> Holdout:
        split = stratified(training.label, training.group, what="garment")
        return Holdout(training.take(split.train), training.take(split.test), split.about)

    @classmethod
    def choose(cls, choices: Choices, config: FashionClassifierConfig) -> FashionClassifierConfig:
        return config.model_copy(
            update={
                "word_strength": choices.suggest_float("word_strength", 0.5, 100, log=True),
                "meaning_strength": choices.suggest_float("meaning_strength", 0.5, 100, log=True),
                "balance": choices.suggest_float("balance", 0.0, 1.0),
                "letters": choices.suggest_categorical("letters", [False, True]),
            }
        )

    @classmethod
    def baseline(cls) -> Self:
        return cls(FashionClassifierConfig(head="baseline", photo=False, columns=False))

    def fit(self, training: Rows, report: Report) -> None:
        """Learn each voice and how far it counts."""
        for line in describing.told(training):
            report.log(line)
        with threadpool_limits(limits=1):
            self._model = build(training, self.config, report)
        self._example = {"title": str(training.titles[0]), "description": str(training.texts[0])}
        report.stage("Fitted", 1.0)

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        scores = measuring.evaluate(self.model, holdout)
        for name, value in scores.evaluation.headline.items():
            report.metric(name, 0, value)
        return scores

    def mislabelled(self, dataset: Dataset, limit: int = 50) -> list[Doubt]:
        """Products whose given label is improbable to models that did not learn from them."""
        return mislabelled(dataset, self.config, limit)

    def save(self) -> dict[str, bytes]:
        example = canonical_json(self._example).encode()
        return {**config_file(self.config), "example.json": example, **files.to_files(self.model)}

    @classmethod
    def load(cls, files_: Mapping[str, bytes]) -> Self:
        config = stored_config(files_, FashionClassifierConfig, cls.title)
        if "example.json" not in files_:
            raise CorruptArtifact("The classifier has no example.json.", hint="Load another version.")
        found = cls(config)
        found._model = files.from_files(files_, config)
        example = parse_json(files_["example.json"], "example.json")
        found._example = example if isinstance(example, dict) else {}
        return found

    def sample(self) -> dict[str, Any]:
        return dict(self._example)

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each product; a field that is absent counts as unknown.

        Raises
        ------
        InvalidInput
            A field has the wrong type.
        """
        if not inputs:
            return []
        rows = rows_of(inputs, describing.columns(self.model), self.model.classes)
        return self.answers(rows)

    def answers(self, rows: Rows) -> list[dict[str, Any]]:
        """Answers for rows that were read from a snapshot already."""
        chance = self.model.probabilities(rows)
        return [self._answer(chance[place], str(rows.texts[place])) for place in range(len(rows))]

    def _answer(self, chance: Any, text: str) -> dict[str, Any]:
        order = np.argsort(-chance, kind="stable")[: _ALTERNATIVES + 1]
        best, names = int(order[0]), self.model.classes
        return {
            "label": names[best],
            "probability": float(chance[best]),
            "abstained": bool(chance[best] < self.model.silent_below),
            "alternatives": [{"label": names[k], "probability": float(chance[k])} for k in order[1:]],
            "because": self.model.reasons(text, best),
        }

    def signature(self) -> dict[str, Any]:
        return describing.signature(self.model)

    def card(self) -> dict[str, Any]:
        return describing.card(self.model, self.config)


def _too_few_groups(rows: Rows) -> bool:
    labelled = rows.take(rows.label >= 0)
    pairs = np.unique(np.column_stack([labelled.label, labelled.group]), axis=0)
    return bool((np.bincount(pairs[:, 0], minlength=len(rows.classes)) < _FEWEST_GROUPS).any())
