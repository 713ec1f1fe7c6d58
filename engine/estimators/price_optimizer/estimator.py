"""The `price_optimizer` kind: weekly demand by price, and what it says about prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.base import Choices, Guardrail, Holdout, Outlook, Report, Scores
from engine.estimators.price_optimizer import answers, cards, data, demand, elasticity, evaluation, shop, split
from engine.estimators.price_optimizer import files as stored
from engine.estimators.price_optimizer.config import PriceConfig
from engine.estimators.price_optimizer.pricing import Pricing
from engine.estimators.stored_config import config_file, stored_config

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.price_optimizer.data import Sales
    from engine.estimators.price_optimizer.decisions import Bounds, MarkdownPlan, Objective, Recommendation, WhatIf
    from engine.estimators.price_optimizer.demand import Demand, Slopes
    from engine.estimators.price_optimizer.elasticity import Elasticities
    from engine.estimators.price_optimizer.shop import Shop

_FEWEST_LINES = 100


class PriceOptimizer:
    """Foretells weekly sales of every item at a price, and finds prices.

    Parameters
    ----------
    config : PriceConfig
        What to learn and how.
    """

    kind: ClassVar[str] = "price_optimizer"
    framework: ClassVar[str] = "lightgbm"
    title: ClassVar[str] = "Price optimizer"
    about: ClassVar[str] = "Tells what a product will sell in the next weeks at a price, and which price pays best."
    unit_name: ClassVar[str] = "products"
    primary_metric: ClassVar[str] = "wmape"
    higher_is_better: ClassVar[bool] = False
    guardrails: ClassVar[tuple[Guardrail, ...]] = (
        Guardrail("coverage_error", False, 0.25, "Intervals would hold less often what they say.", slack=0.03),
        Guardrail("absolute_bias", False, 0.25, "All sales together would be foretold further off.", slack=0.05),
    )
    config_type: ClassVar[type[PriceConfig]] = PriceConfig
    baseline_name: ClassVar[str] = "last year's week, or the last weeks' mean"
    data_fields: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"horizons": 1, "rounds": 200, "leaves": 31, "learning_rate": 0.08},
        "balanced": {},
        "best": {"horizons": 4, "rounds": 1_500, "learning_rate": 0.025},
    }

    def __init__(self, config: PriceConfig) -> None:
        self.config = config
        self._shop: Shop | None = None
        self._demand: Demand | None = None
        self._elasticities: Elasticities | None = None

    @property
    def shop(self) -> Shop:
        """The items as they were learned from."""
        if self._shop is None:
            raise RuntimeError("fit or load comes first")
        return self._shop

    @property
    def demand(self) -> Demand:
        """The fitted model of weekly demand."""
        if self._demand is None:
            raise RuntimeError("fit or load comes first")
        return self._demand

    @property
    def elasticities(self) -> Elasticities:
        """How demand answers to price.

        Raises
        ------
        InvalidInput
            The data could not tell.
        """
        if self._elasticities is None:
            raise InvalidInput(
                "This model has no elasticities.",
                "They are learned by the structured, xgboost and elasticity models where prices have changed.",
                "Train one of these on data with price changes.",
            )
        return self._elasticities

    @classmethod
    def missing(cls, dataset: Dataset, config: PriceConfig) -> list[str]:
        needs = []
        dated = dataset.has(Table.ORDER_LINES, "item_id") and dataset.has(Table.ORDERS, "time")
        bought = dataset.has(Table.INTERACTIONS, "event", "time")
        if not dated and not bought:
            needs.append("Sales: order lines with the time of their orders, or dated purchases; there are none.")
        elif dated and dataset.rows(Table.ORDER_LINES) < _FEWEST_LINES:
            count = dataset.rows(Table.ORDER_LINES)
            needs.append(f"Sales: at least {_FEWEST_LINES} order lines; there are {count}.")
        if not dataset.has(Table.PRICES, "price") and not dataset.has(Table.ORDER_LINES, "unit_price"):
            needs.append("Prices: a price list, or the unit price of order lines; there are none.")
        return needs or cls._too_short(dataset)

    @classmethod
    def _too_short(cls, dataset: Dataset) -> list[str]:
        """What reading the sales finds, where there are some."""
        try:
            split.split(data.read(dataset))
        except InvalidInput as error:
            return [str(error)]
        return []

    @classmethod
    def outlook(cls, dataset: Dataset, config: PriceConfig) -> Outlook:
        return cards.outlook(dataset, data.read(dataset))

    @classmethod
    def holdout(cls, dataset: Dataset, config: PriceConfig) -> Holdout:
        return split.split(data.read(dataset))

    @classmethod
    def inner(cls, training: Sales, config: PriceConfig) -> Holdout:
        return split.split(training)

    @classmethod
    def everything(cls, dataset: Dataset, config: PriceConfig) -> Sales:
        return data.read(dataset)

    @classmethod
    def choose(cls, choices: Choices, config: PriceConfig) -> PriceConfig:
        """Memory, bursts, and the size of the trees."""
        return config.model_copy(
            update={
                "half_life_weeks": choices.suggest_float("half_life_weeks", 3, 26, log=True),
                "power": choices.suggest_float("power", 1.05, 1.7),
                "leaves": choices.suggest_int("leaves", 7, 127, log=True),
                "learning_rate": choices.suggest_float("learning_rate", 0.02, 0.15, log=True),
                "leaf_rows": choices.suggest_int("leaf_rows", 20, 500, log=True),
                "slope_share": choices.suggest_float("slope_share", 0.0, 1.0),
                "column_share": choices.suggest_float("column_share", 0.4, 1.0),
            }
        )

    @classmethod
    def baseline(cls) -> Self:
        return cls(PriceConfig(model="baseline"))

    def fit(self, training: Sales, report: Report) -> None:
        """Elasticities first, then demand on top of them."""
        slopes = None
        self._elasticities = None
        if self.config.model not in ("baseline", "plain"):
            report.stage("Learning how demand answers to price", 0.02)
            slopes = self._slopes(training, report)
        self._demand = demand.fit(training, slopes, self.config, report)
        self._shop = shop.remember(training)
        report.stage("Fitted", 1.0)

    def _slopes(self, training: Sales, report: Report) -> Slopes | None:
        """The elasticities as slopes; demand estimates its own where they cannot be told."""
        try:
            found = elasticity.fit(training.panel, seed=self.config.seed)
        except InvalidInput as error:
            report.log(f"No elasticities: {error}")
            return None
        self._elasticities = found
        report.log(f"Elasticity of the shop: {found.shop_mean:.2f}; promotions sell {found.promotion_mean:.2f} times.")
        return -np.maximum(found.item_mean, 0.0), -np.maximum(found.mean, 0.0)

    def evaluate(self, holdout: Holdout, report: Report) -> Scores:
        report.stage("Forecasting the held-out weeks", 0.2)
        scores = evaluation.evaluate(self.demand, holdout)
        for name, value in scores.evaluation.headline.items():
            report.metric(name, 0, value)
        return scores

    def save(self) -> dict[str, bytes]:
        return {**config_file(self.config), **stored.to_files(self.shop, self.demand, self._elasticities)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        found = cls(stored_config(files, PriceConfig, cls.title))
        found._shop, found._demand, found._elasticities = stored.from_files(files)
        return found

    def sample(self) -> dict[str, Any]:
        """The item that sells best, at the price now."""
        level = np.where(np.isfinite(self.shop.price), self.demand.snapshot.level, -1.0)
        best = int(np.argmax(level))
        return {"item_id": self.shop.item_ids[best], "price": round(float(self.shop.price[best]), 2), "weeks_ahead": 1}

    def predict(self, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Expected sales of a week for each `{"item_id", "price"?, "promotion"?, "week"? or "weeks_ahead"?}`.

        An unknown item with `{"category", "price"?, "reference"?}` is answered from its category.

        Raises
        ------
        InvalidInput
            A value has the wrong type or cannot be right.
        """
        questions = [answers.read(self.shop, entry) for entry in inputs]
        return answers.answer(self.shop, self.demand, self._elasticities, questions)

    @property
    def pricing(self) -> Pricing:
        """Decisions on prices from this model."""
        return Pricing(self.shop, self.demand, self.elasticities, self.config.seed)

    def what_if(self, item_ids: Sequence[str], prices: Sequence[float], *, weeks: int = 4) -> list[WhatIf]:
        """Each item at a new price, over the next weeks."""
        return self.pricing.what_if(item_ids, prices, weeks=weeks)

    def recommend(
        self,
        item_ids: Sequence[str],
        bounds: Bounds | None = None,
        *,
        objective: Objective | None = None,
        weeks: int = 4,
    ) -> list[Recommendation]:
        """The best price of each item within bounds."""
        return self.pricing.recommend(item_ids, bounds=bounds, objective=objective, weeks=weeks)

    def markdown_plan(
        self, item_ids: Sequence[str], stock: Mapping[str, int], *, weeks: int = 6, **options: Any
    ) -> list[MarkdownPlan]:
        """Prices until the end of a season; options as `Pricing.markdown_plan` takes them."""
        return self.pricing.markdown_plan(item_ids, stock, weeks=weeks, **options)

    def signature(self) -> dict[str, Any]:
        return cards.signature()

    def card(self) -> dict[str, Any]:
        return cards.card(self.config, self.shop, self.demand, self._elasticities)
