"""The true parameters of the shop, as JSON: what the engine's findings are checked against."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.catalog.demo_shop import _choice, _fit
from engine.catalog.demo_shop._calendar import CAMPAIGNS, END, START
from engine.catalog.demo_shop._garments import FOREVER, Garments
from engine.catalog.demo_shop._palette import FAMILIES
from engine.catalog.demo_shop._range import BRANDS, CATEGORIES, NAMES, PLUS_FROM, STYLES
from engine.catalog.demo_shop._shoppers import Shoppers


def tell(seed: int, scale: float, garments: Garments, people: Shoppers, ids: list[str]) -> dict[str, Any]:
    """Everything that the tables follow from but do not say."""
    return {
        "synthetic": True,
        "seed": seed,
        "scale": scale,
        "window": [START.isoformat(), END.isoformat()],
        "elasticity": {c.name: c.elasticity for c in CATEGORIES},
        "demand": {
            "formula": "purchase chance of a view = conversion * (price / launch price) ** -elasticity"
            " * promotion_lift (while promoted) * exp(quality_effect * quality + match_effect * match)",
            "conversion": _choice.CONVERSION,
            "promotion_lift": _choice.PROMOTION_LIFT,
            "quality_effect": _choice.QUALITY_EFFECT,
            "match_effect": _choice.MATCH_EFFECT,
        },
        "seasonality": {c.name: c.summer for c in CATEGORIES},
        "campaigns": [c.name for c in CAMPAIGNS],
        "bias": _bias(people),
        "brand_cut": {b.name: b.cut for b in BRANDS},
        "taste_weights": {
            "style": _choice.STYLE,
            "colour": _choice.COLOUR,
            "brand": _choice.BRAND,
            "price": _choice.PRICE,
            "occasion": _choice.OCCASION,
        },
        "items": _items(garments, ids),
        "shoppers": _shoppers(people),
    }


def _bias(people: Shoppers) -> dict[str, Any]:
    return {
        "exposure": {
            "about": f"Shoppers of clothing size {PLUS_FROM} and up are shown garments newer than"
            f" {_choice.NEW_DAYS} days with {_choice.NEW_ARRIVAL_EXPOSURE} times the weight of other garments,"
            " whatever their taste; among their views this comes out at about 0.4 times the odds of others.",
            "weight": _choice.NEW_ARRIVAL_EXPOSURE,
            "new_days": _choice.NEW_DAYS,
            "from_size": PLUS_FROM,
        },
        "grading": {
            "about": f"Clothing of size {PLUS_FROM} and up is cut {_fit.GRADING} sizes smaller than its label.",
            "sizes": _fit.GRADING,
            "from_size": PLUS_FROM,
        },
        "share_of_shoppers": round(float(people.plus.mean()), 4),
    }


def _items(garments: Garments, ids: list[str]) -> dict[str, Any]:
    return {
        "item_id": ids,
        "style_names": list(STYLES),
        "style": np.round(garments.style, 4).tolist(),
        "quality": np.round(garments.quality, 4).tolist(),
        "appeal": np.round(garments.appeal, 4).tolist(),
        "cut": np.round(garments.cut, 4).tolist(),
        "arrives_day": garments.arrives.tolist(),
        "leaves_day": [None if day == FOREVER else int(day) for day in garments.leaves],
    }


def _shoppers(people: Shoppers) -> dict[str, Any]:
    return {
        "shopper": people.ids,
        "style": np.round(people.style, 3).tolist(),
        "body_size": np.round(people.body, 2).tolist(),
        "budget": np.round(people.budget, 3).tolist(),
        "favourite_colour": [FAMILIES[i] for i in people.colour.argmax(axis=1)],
        "favourite_category": [NAMES[i] for i in people.category.argmax(axis=1)],
        "favourite_brand": [BRANDS[i].name for i in people.brand.argmax(axis=1)],
    }
