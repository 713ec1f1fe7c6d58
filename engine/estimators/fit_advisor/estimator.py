"""The `fit_advisor` kind: small, fit or large for a shopper and a size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.base import Choices, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.fit_advisor import advice, data, describing, files, measuring
from engine.estimators.fit_advisor.config import FitAdvisorConfig
from engine.estimators.fit_advisor.data import FEWEST
from engine.estimators.fit_advisor.inputs import rows_of
from engine.estimators.fit_advisor.model import Model, learn
from engine.estimators.fit_advisor.rows import FITS, FitRows, Shop

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset

_FEWEST_OF_A_FIT = 10
_FEWEST_PEOPLE = 20


class FitAdvisor:
    """Tells how a size will fit, and which one to take.

    Parameters
    ----------
    config : FitAdvisorConfig
        What to learn by.
    """

    kind: ClassVar[str] = "fit_advisor"
    framework: ClassVar[str] = "lightgbm"
    title: ClassVar[str] = "Fit advisor"
    about: ClassVar[str] = "Tells shoppers whether a size will be small, fit or be large, and which one to take."
    unit_name: ClassVar[str] = "shoppers"
    primary_metric: ClassVar[str] = "log_loss"
    higher_is_better: ClassVar[bool] = False
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("ece", False, 0.25, "Its probabilities would mean less.", slack=0.01),
        Guardrail("cold_log_loss", False, 0.01, "Shoppers whom the shop does not know yet would be told worse."),
    )
    config_type: ClassVar[type[FitAdvisorConfig]] = FitAdvisorConfig
    baseline_name: ClassVar[str] = "how often each category's pieces fitted"
    data_fields: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"rounds": 120, "learning_rate": 0.08, "patience": 20, "max_rows": 40_000},
        "balanced": {},
        "best": {"rounds": 1_500, "learning_rate": 0.02, "patience": 100, "max_rows": 2_000_000},
    }

    def __init__(self, config: FitAdvisorConfig) -> None:
        self.config = config
        self._model: Model | None = None
        self._shop = Shop()
        self._ladders: dict[str, list[str]] = {}
        self._about: dict[str, Any] = {}
        self._sample: dict[str, Any] = {"size": "38"}

    @property
    def model(self) -> Model:
        """The fitted parts."""
        if self._model is None:
            raise RuntimeError("fit or load comes first")
        return self._model

    @classmethod
    def missing(cls, dataset: Dataset, config: FitAdvisorConfig) -> list[str]:
        told = data.told(dataset)
        if len(told) < FEWEST:
            return [f"Reviews with a size and how it fitted: at least {FEWEST}; there are {len(told):,}."]
        counts = {name: int((told["fit"] == name).sum()) for name in FITS}
        people = told["shopper"].nunique() + int(told["shopper"].isna().sum())
        if people < _FEWEST_PEOPLE:
            return [f"Shoppers who tell how pieces fitted: at least {_FEWEST_PEOPLE}; there are {people}."]
        return [
            f"Reviews that say '{name}': at least {_FEWEST_OF_A_FIT}; there are {count}."
            for name, count in counts.items()
            if count < _FEWEST_OF_A_FIT
        ]

    @classmethod
    def outlook(cls, dataset: Dataset, config: FitAdvisorConfig) -> Outlook:
        told = data.told(dataset)
        known = {
            "shoppers.age": (Table.SHOPPERS, "age"),
            "shoppers.attributes": (Table.SHOPPERS, "attributes"),
            "shoppers.sizes": (Table.SHOPPERS, "sizes"),
            "items.category": (Table.ITEMS, "category"),
        }
        left = {name: "It is empty." for name, place in known.items() if not dataset.has(*place)}
        if "shoppers.sizes" not in left and data.copied(dataset):
            left["shoppers.sizes"] = "It repeats the sizes that were bought last, so it would tell of what came later."
        left["reviews.text"] = "It is written after the piece was worn."
        share = told["fit"].value_counts(normalize=True)
        return Outlook(
            rows=min(len(told), config.max_rows),
            unit="reviews",
            target="reviews.fit",
            columns=["reviews.size", *(name for name in known if name not in left)],
            left_out=left,
            notes=[", ".join(f"{share.get(name, 0):.0%} {name}" for name in FITS) + "."],
        )

    @classmethod
    def holdout(cls, dataset: Dataset, config: FitAdvisorConfig) -> Holdout:
        return data.hold_out(cls.everything(dataset, config))

    @classmethod
    def everything(cls, dataset: Dataset, config: FitAdvisorConfig) -> FitRows:
        return dataset.once("fit rows", lambda: data.read(dataset))

    @classmethod
    def inner(cls, training: FitRows, config: FitAdvisorConfig) -> Holdout:
        return data.hold_out(training)

    @classmethod
    def choose(cls, choices: Choices, config: FitAdvisorConfig) -> FitAdvisorConfig:
        """How much history counts, and how fine the trees are."""
        return config.model_copy(
            update={
                "item_shrinkage": choices.suggest_float("item_shrinkage", 2.0, 60.0, log=True),
                "shopper_shrinkage": choices.suggest_float("shopper_shrinkage", 1.0, 30.0, log=True),
                "leaves": choices.suggest_int("leaves", 4, 48),
                "leaf_rows": choices.suggest_int("leaf_rows", 20, 400, log=True),
                "learning_rate": choices.suggest_float("learning_rate", 0.02, 0.15, log=True),
                "l2": choices.suggest_float("l2", 0.5, 50.0, log=True),
            }
        )

    @classmethod
    def baseline(cls) -> Self:
        return cls(FitAdvisorConfig(model="baseline"))

    def fit(self, training: FitRows, report: Report) -> None:
        """Learn, and calibrate on the newest of the rows.

        Raises
        ------
        InvalidInput
            All rows fitted in the same way.
        """
        training = data.newest(training, self.config.max_rows)
        if len(np.unique(training.fit)) < 2:
            raise InvalidInput(
                "All reviews that are left to learn from fitted in the same way.", "At least two of small, fit, large."
            )
        self._model = learn(training, self.config, report)
        self._shop = _of_training(training)
        self._ladders = advice.category_ladders(training)
        self._about = describing.described(training)
        self._sample = _sample(training)
        decider = self.model.decider
        report.log(f"Learned from {len(training):,} reviews; log odds are scaled by {decider.slope:.2f}.")
        report.log(f"The verdict weighs small by {decider.weights[0]:.2f} and large by {decider.weights[2]:.2f}.")
        report.stage("Fitted", 1.0)

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        found = measuring.measured(holdout, self.model.chances(holdout.test), self.model.decider)
        report.stage("Measured", 1.0)
        return found

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """How each `{"shopper", "item_id", "size", ...}` will fit, and which size to take."""
        if not inputs:
            return []
        return advice.answers(self.model, rows_of(inputs, self._shop), self._ladders)

    def sample(self) -> dict[str, Any]:
        return dict(self._sample)

    def save(self) -> dict[str, bytes]:
        more = {"ladders": self._ladders, "about": self._about, "sample": self._sample}
        return files.write(self.model, self._shop, more)

    @classmethod
    def load(cls, stored: Mapping[str, bytes]) -> Self:
        model, shop, more = files.read(stored)
        found = cls(model.config)
        found._model, found._shop = model, shop
        found._ladders, found._about, found._sample = files.checked(more)
        return found

    def signature(self) -> dict[str, Any]:
        return describing.signature()

    def card(self) -> dict[str, Any]:
        return describing.card(self.model, self._about)


def _of_training(rows: FitRows) -> Shop:
    """What predictions look up, of the people who are learned from and of all products."""
    names = dict.fromkeys(name for name in rows.shopper if name in rows.shop.people)
    people = {name: rows.shop.people[name] for name in names}
    return Shop(people, rows.shop.categories, rows.shop.ladders, rows.shop.usual_key)


def _sample(rows: FitRows) -> dict[str, Any]:
    """The last row that names a shopper and a piece, or its size alone."""
    named = np.flatnonzero((rows.shopper != "") & (rows.item != ""))
    if not len(named):
        return {"size": str(rows.size[-1])}
    at = named[-1]
    return {"shopper": str(rows.shopper[at]), "item_id": str(rows.item[at]), "size": str(rows.size[at])}
