"""The `recommender` kind: a log-linear blend whose contributions sum to the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.base import Choices, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.recommender import data as shop_data
from engine.estimators.recommender import evaluation
from engine.estimators.recommender import files as stored
from engine.estimators.recommender import weights as learning
from engine.estimators.recommender.config import RankerConfig, RecommenderConfig, SignalWeights
from engine.estimators.recommender.model import Model, build
from engine.estimators.recommender.ranker import learn_ranker
from engine.estimators.recommender.sequence import next_items
from engine.estimators.recommender.signals import content_neighbours
from engine.estimators.recommender.split import split
from engine.estimators.stored_config import config_file, stored_config
from engine.recommenders.blend import SEQUENCE
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.recommender.data import ShopData
    from engine.estimators.recommender.weights import Learned
    from engine.recommenders.sequence import SequenceModel
    from engine.recommenders.sequence.fit import Epoch, Progress

_FEWEST_EVENTS = 100


class RecommenderEstimator:
    """Ranks a shop's items for a shopper from popularity, neighbours, content and lifts.

    Parameters
    ----------
    config : RecommenderConfig
        What to learn and how.
    """

    kind: ClassVar[str] = "recommender"
    framework: ClassVar[str] = "numpy"
    title: ClassVar[str] = "Recommender"
    unit_name: ClassVar[str] = "shoppers"
    primary_metric: ClassVar[str] = "ndcg_at_10"
    higher_is_better: ClassVar[bool] = True
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("coverage_at_10", True, 0.3, "Fewer products of the catalogue would be shown to anybody."),
        Guardrail("cold/ndcg_at_10", True, 0.1, "New shoppers would be served worse."),
        Guardrail("diversity_at_10", True, 0.25, "The lists would become more of the same."),
    )
    config_type: ClassVar[type[RecommenderConfig]] = RecommenderConfig
    baseline_name: ClassVar[str] = "recent popularity"
    about: ClassVar[str] = "Decides which products each shopper is shown, and in which order."
    data_fields: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"learn_newcomers": False, "linear_items": 1_500},
        "balanced": {},
        "best": {"linear_items": 6_000, "neighbours": 200, "ranker": {}, "sequence": {}},
    }

    def __init__(self, config: RecommenderConfig) -> None:
        self.config = config
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The fitted arrays."""
        if self._model is None:
            raise RuntimeError("fit or load comes first")
        return self._model

    @property
    def memory_bytes(self) -> int:
        """About what the fitted arrays take."""
        return self.model.memory_bytes

    @classmethod
    def missing(cls, dataset: Dataset, config: RecommenderConfig) -> list[str]:
        needs = []
        if dataset.rows(Table.ITEMS) == 0:
            needs.append("Items: the shop has none.")
        lines = dataset.rows(Table.ORDER_LINES) if dataset.has(Table.ORDERS, "shopper") else 0
        events = dataset.rows(Table.INTERACTIONS) + lines
        if events < _FEWEST_EVENTS:
            needs.append(
                f"Events: interactions or order lines of shoppers, at least {_FEWEST_EVENTS}; there are {events}."
            )
        return needs

    @classmethod
    def holdout(cls, dataset: Dataset, config: RecommenderConfig) -> Holdout:
        return split(cls.everything(dataset, config))

    @classmethod
    def inner(cls, training: ShopData, config: RecommenderConfig) -> Holdout:
        return split(training)

    @classmethod
    def choose(cls, choices: Choices, config: RecommenderConfig) -> RecommenderConfig:
        """Memories, penalties and how far the blend leans on popularity."""
        return config.model_copy(
            update={
                "half_life_days": choices.suggest_float("half_life_days", 3, 60, log=True),
                "long_half_life_days": choices.suggest_float("long_half_life_days", 60, 720, log=True),
                "beta": choices.suggest_float("beta", 0.0, 0.6),
                "linear_regularisation": choices.suggest_float("linear_regularisation", 30, 3_000, log=True),
                "facet_smoothing": choices.suggest_float("facet_smoothing", 0.3, 10, log=True),
                "popularity_share": choices.suggest_float("popularity_share", 0.4, 1.0),
            }
        )

    @classmethod
    def outlook(cls, dataset: Dataset, config: RecommenderConfig) -> Outlook:
        lines = dataset.rows(Table.ORDER_LINES) if dataset.has(Table.ORDERS, "shopper") else 0
        told = {
            "interactions.time": dataset.has(Table.INTERACTIONS, "time") or dataset.has(Table.ORDERS, "time"),
            "interactions.context": dataset.has(Table.INTERACTIONS, "context"),
            "prices.price": dataset.has(Table.PRICES, "price"),
            "shoppers.age": dataset.has(Table.SHOPPERS, "age"),
            **{
                f"items.{name}": dataset.has(Table.ITEMS, name)
                for name in ("title", "description", "category", "brand", "colour", "created_at", "attributes")
            },
        }
        return Outlook(
            rows=dataset.rows(Table.INTERACTIONS) + lines,
            unit="events",
            target="the products that shoppers choose next",
            columns=[name for name, there in told.items() if there],
            left_out={name: "The shop does not tell it." for name, there in told.items() if not there},
        )

    @classmethod
    def everything(cls, dataset: Dataset, config: RecommenderConfig) -> ShopData:
        return shop_data.read(dataset, config.event_weights)

    @classmethod
    def baseline(cls) -> Self:
        nothing = dict.fromkeys(SignalWeights.model_fields, 0.0)
        weights = SignalWeights(**{**nothing, "trending": 1.0})
        return cls(RecommenderConfig(weights=weights, learn_weights=False))

    def fit(self, training: ShopData, report: Report) -> None:
        """Count, and learn the weights on the last window of the training rows."""
        with threadpool_limits(limits=1):
            report.stage("Comparing products", 0.05)
            similar = content_neighbours(training, self.config)
            learned = None
            if self.config.learn_weights:
                report.stage("Learning the weights of the signals", 0.3)
                learned = self._learn(training, similar, report)
            sequence = self._next(training, learned, report)
            report.stage("Counting what shoppers did", 0.7)
            self._model = build(training, self.config, similar=similar, sequence=sequence)
        if learned is not None:
            self._model = self._model.with_weights(learned.weights, learned.newcomer)
        if self.config.ranker is not None:
            self._model = self._ranked(self._model, training, self.config.ranker, report)
        report.stage("Fitted", 1.0)

    def _ranked(self, model: Model, training: ShopData, config: RankerConfig, report: Report) -> Model:
        report.stage("Growing the second stage", 0.85)
        with threadpool_limits(limits=1):
            # The trees weigh what their own windows can tell; the order of choices is added to what they say.
            found = learn_ranker(
                training, self.config, config, replace(model, blend=replace(model.blend, sequence=None))
            )
        if found is None:
            report.log("Too few choices among the blend's best to grow a second stage from; there is none.")
            return model
        return model.with_ranker(found)

    def _learn(self, training: ShopData, similar: Any, report: Report) -> Learned | None:
        order = self.config.sequence
        told = None if order is None else _passes(report, order.epochs, 0.3, 0.55, curves=True)
        learned = learning.learn(training, self.config, similar, told)
        if learned.choices == 0:
            report.log("Too few choices in the last window to learn weights from; the configured ones are kept.")
            return None
        for name, value in learned.weights.items():
            report.metric(f"weight_{name}", 0, value)
        report.metric("choice_log_likelihood_gain", 0, learned.gain)
        weights = ", ".join(f"{name} {value:.2f}" for name, value in learned.weights.items())
        report.log(f"Weights learned from {learned.choices:,} choices: {weights}.")
        return learned

    def _next(self, training: ShopData, learned: Learned | None, report: Report) -> SequenceModel | None:
        """The order of choices of all rows, for as many passes as were best before the last window."""
        config = self.config.sequence
        if config is None or not self.config.learns_order:
            return None
        if learned is not None and learned.weights.get(SEQUENCE, 0.0) <= learning.LEAST:
            report.log("The order of choices foretold nothing in the last window; it is left out.")
            return None
        passes = None if learned is None else learned.passes
        told = _passes(report, passes or config.epochs, 0.55, 0.7, curves=learned is None)
        found = next_items(training, config, passes=passes, progress=told)
        if found is None:
            report.log("Too few shoppers with times chose one product after another; no order is learned.")
        return found

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        with threadpool_limits(limits=1):
            scores = evaluation.evaluate(self.model, holdout, report)
        for name, value in scores.evaluation.headline.items():
            report.metric(name, 0, value)
        return scores

    def save(self) -> dict[str, bytes]:
        return {**config_file(self.config), **stored.to_files(self.model)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        found = cls(stored_config(files, RecommenderConfig, cls.title))
        found._model = stored.from_files(files)
        return found

    def sample(self) -> dict[str, Any]:
        known = self.model.shopper_ids
        return {"shopper": known[0] if known else "", "limit": 10}

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Best unseen items for each `{"shopper": ..., "limit": ...}`; an unknown shopper is a newcomer."""
        return [self._predict_one(entry) for entry in inputs]

    def _predict_one(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        limit = entry.get("limit", 10)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInput(f"The limit {str(limit)[:40]!r} is not possible.", "It is a whole number from 1.")
        rows = np.array([self.model.row(str(entry.get("shopper", "")))])
        scores = self.model.blend.scores(self.model.taste(rows))[0]
        if rows[0] >= 0:
            scores[self.model.memory.history[rows].indices] = -np.inf
        best = top_k(scores[None, :], limit)[0]
        items = [{"item_id": self.model.item_ids[item], "score": float(scores[item])} for item in best if item >= 0]
        return {"items": items, "cold_start": bool(rows[0] < 0)}

    def signature(self) -> dict[str, Any]:
        item = {
            "type": "object",
            "properties": {"item_id": {"type": "string"}, "score": {"type": "number"}},
            "required": ["item_id", "score"],
        }
        return {
            "inputs": {
                "type": "object",
                "properties": {
                    "shopper": {"type": "string", "description": "Pseudonym; unknown or absent means a newcomer."},
                    "limit": {"type": "integer", "minimum": 1, "default": 10},
                },
            },
            "outputs": {
                "type": "object",
                "properties": {"items": {"type": "array", "items": item}, "cold_start": {"type": "boolean"}},
                "required": ["items", "cold_start"],
            },
        }

    def card(self) -> dict[str, Any]:
        model = self.model
        return {
            "purpose": "Ranks products for a shopper or an anonymous basket.",
            "method": "Weighted sum of signals; each product's contributions add up to its score.",
            "signals": {
                name: model.blend.weights[name] for name in model.blend.signals if model.blend.weights.get(name)
            },
            "items": len(model.item_ids),
            "shoppers": len(model.shopper_ids),
            "limits": [
                "It learns from what shoppers were able to see and choose, so it favours what was already shown.",
                "Products without any event are reached through their attributes and words only.",
                "Offline figures tell how well past choices are foretold, not how much a shop would sell.",
            ],
        }


def _passes(report: Report, most: int, start: float, end: float, *, curves: bool) -> Progress:
    """Tells of each pass over the order of choices, with curves or the stage only."""

    def tell(epoch: Epoch) -> None:
        share = start + (end - start) * epoch.number / most
        report.stage(f"Learning the order of choices, pass {epoch.number} of up to {most}", share)
        if curves:
            report.metric("sequence_loss", epoch.number, epoch.loss)
            if epoch.ndcg is not None:
                report.metric("sequence_ndcg_at_10", epoch.number, epoch.ndcg)

    return tell
