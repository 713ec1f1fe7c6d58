"""What the price optimizer says about itself: outlook, signature, model card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.catalog.schema import Table
from engine.estimators.base import Outlook
from engine.estimators.price_optimizer.conformal import COVERAGE
from engine.estimators.price_optimizer.demand import held_weeks
from engine.estimators.price_optimizer.features import HORIZON

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.price_optimizer.config import PriceConfig
    from engine.estimators.price_optimizer.data import Sales
    from engine.estimators.price_optimizer.demand import Demand
    from engine.estimators.price_optimizer.elasticity import Elasticities
    from engine.estimators.price_optimizer.shop import Shop

_METHODS = {
    "structured": "LightGBM on counts, on top of a log-linear elasticity model, never rising with the price.",
    "xgboost": "XGBoost on counts, on top of a log-linear elasticity model, never rising with the price.",
    "elasticity": "Log-linear: level of the product, elasticity, lift of the promotion, season.",
    "plain": "LightGBM on counts, without structure.",
    "baseline": "Last year's week by how the level has moved, else the mean of the last weeks.",
}
_NUMBER: dict[str, Any] = {"type": "number"}
_MAYBE: dict[str, Any] = {"type": ["number", "null"]}


def outlook(dataset: Dataset, sales: Sales) -> Outlook:
    """Counts, columns and notes, before a training starts."""
    told = {
        "order_lines.quantity": dataset.has(Table.ORDER_LINES, "quantity"),
        "order_lines.unit_price": dataset.has(Table.ORDER_LINES, "unit_price"),
        "prices.price": dataset.has(Table.PRICES, "price"),
        "prices.promotion": dataset.has(Table.PRICES, "promotion"),
        "items.category": dataset.has(Table.ITEMS, "category"),
        "items.cost": dataset.has(Table.ITEMS, "cost"),
        "items.created_at": dataset.has(Table.ITEMS, "created_at"),
        "stock_levels.on_hand": dataset.has(Table.STOCK_LEVELS, "on_hand"),
        "interactions.event": sales.panel.views is not None,
    }
    weeks = held_weeks(sales.periods)
    notes = [f"{sales.periods} weeks from {sales.panel.start}; the last {weeks} are held out."]
    if not told["items.cost"]:
        notes.append("Without costs, prices are judged by revenue, not by margin.")
    if sales.periods <= 60:
        notes.append("There is no whole year before the last weeks, so seasons cannot be learned.")
    return Outlook(
        rows=len(sales.panel),
        unit="product-weeks",
        target="pieces sold in a week",
        columns=[name for name, there in told.items() if there],
        left_out={name: "The shop does not tell it." for name, there in told.items() if not there},
        notes=notes,
    )


def signature() -> dict[str, Any]:
    """JSON schemas of one input and one answer."""
    numbers = ("units", "units_low", "units_high", "revenue")
    maybe = ("margin", "elasticity", "elasticity_low", "elasticity_high", "current_price")
    return {
        "inputs": {
            "type": "object",
            "properties": {
                "item_id": {"type": "string", "description": "Product; unknown ones are answered from the category."},
                "price": {"type": "number", "exclusiveMinimum": 0, "description": "Absent: the price now."},
                "promotion": {"type": ["boolean", "string"], "description": "Under a promotion, or which one."},
                "week": {"type": ["string", "integer"], "description": "A day of the week, or weeks ahead."},
                "weeks_ahead": {"type": "integer", "minimum": 1, "maximum": HORIZON, "default": 1},
                "category": {"type": "string", "description": "Of an unknown product."},
                "reference": {"type": "number", "exclusiveMinimum": 0, "description": "List price of an unknown one."},
            },
        },
        "outputs": {
            "type": "object",
            "properties": {
                **dict.fromkeys(numbers, _NUMBER),
                **dict.fromkeys(maybe, _MAYBE),
                "week": {"type": "string"},
                "note": {"type": ["string", "null"]},
            },
            "required": list(numbers),
        },
    }


def card(config: PriceConfig, shop: Shop, demand: Demand, found: Elasticities | None) -> dict[str, Any]:
    """Purpose, method, data and limits; elasticities by category with their 90% intervals."""
    lifts = np.exp(demand.response.lift)
    return {
        "purpose": "Foretells what products sell in the next weeks at a price, and what a change of price does.",
        "method": _METHODS[config.model],
        "trees": None if demand.trees is None else demand.trees.rounds,
        "data": {
            "product_weeks": shop.rows,
            "pieces": shop.units,
            "products": len(shop.item_ids),
            "from": shop.first_day.isoformat(),
            "until": shop.begin.isoformat(),
        },
        "elasticities": {} if found is None else _by_category(found),
        "promotion_lifts": {name: float(lifts[place]) for place, name in enumerate(shop.campaigns) if place},
        "intervals": f"Split conformal, {COVERAGE:.0%} of weeks, by expected level.",
        "limits": [
            "Elasticities rest on past price changes; where prices followed demand they may be off.",
            "Products are foretold one by one: what a price does to sales of other products is not counted.",
            "Prices far from those tried before are answered by the shape of the model, not by data.",
            f"Forecasts reach {HORIZON} weeks ahead and do not know how much stock there will be.",
        ],
    }


def _by_category(found: Elasticities) -> dict[str, dict[str, float]]:
    return {
        name: {
            "elasticity": float(found.mean[place]),
            "low": float(found.low[place]),
            "high": float(found.high[place]),
            "pieces": float(found.by_category[place]),
        }
        for place, name in enumerate(found.categories)
        if np.isfinite(found.mean[place])
    }
