"""Questions about a week and a price, and what the model says to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.price_optimizer.features import HORIZON, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer.demand import Demand
    from engine.estimators.price_optimizer.elasticity import Elasticities
    from engine.estimators.price_optimizer.shop import Shop

_WIDEST_RATIO = math.log(10)
_Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Question:
    """One item in one week; `item` is -1 where it is not known."""

    item: int
    category: int
    ahead: int
    price: float
    reference: float
    current: float | None
    campaign: int
    notes: tuple[str, ...]


def read(shop: Shop, entry: Mapping[str, Any]) -> Question:
    """An input in the terms of the model.

    Raises
    ------
    InvalidInput
        A value has the wrong type or cannot be right.
    """
    item = shop.places.get(_text(entry, "item_id"), -1)
    notes = []
    if item >= 0 and not np.isfinite(shop.reference[item]):
        notes.append("This product was never on sale; its category speaks for it.")
        item_category, item = int(shop.category[item]), -1
    else:
        item_category = int(shop.category[item]) if item >= 0 else _category(shop, entry, notes)
    current = float(shop.price[item]) if item >= 0 else None
    given = _number(entry, "price")
    if item >= 0:
        reference = float(shop.reference[item])
    else:
        reference = _number(entry, "reference") or given or float(shop.usual_price[item_category])
    price = given if given is not None else current if current is not None else reference
    if abs(math.log(price / reference)) > math.log(2):
        notes.append("This price is far from any that was tried; read the figures with care.")
    campaign = _campaign(shop, entry, item, notes)
    return Question(item, item_category, _ahead(shop, entry), price, reference, current, campaign, tuple(notes))


def query(shop: Shop, questions: Sequence[Question]) -> Query:
    """All questions as rows for the model."""
    item = np.array([question.item for question in questions], dtype=np.int64)
    ahead = np.array([question.ahead for question in questions], dtype=np.int64)
    ratio = np.log([question.price / question.reference for question in questions])
    campaign = np.array([question.campaign for question in questions], dtype=np.int64)
    age = np.where(item >= 0, shop.age[np.maximum(item, 0)], 0.0)
    return Query(
        item=item,
        category=np.array([question.category for question in questions], dtype=np.int64),
        ahead=ahead,
        ratio=np.clip(ratio, -_WIDEST_RATIO, _WIDEST_RATIO),
        promoted=(campaign > 0).astype(np.float64),
        whole=np.ones(len(questions)),
        age=np.maximum(age + ahead - 0.5, 0.0),
        campaign=campaign,
    )


def answer(
    shop: Shop, demand: Demand, elasticities: Elasticities | None, questions: Sequence[Question]
) -> list[dict[str, Any]]:
    """What is expected of each question's week."""
    if not questions:
        return []
    units = demand.units(query(shop, questions))
    low, high = demand.intervals.around(units)
    return [
        {
            **_figures(shop, question, float(units[row]), float(low[row]), float(high[row])),
            **_elasticity(elasticities, question),
            "current_price": question.current,
            "week": shop.week(question.ahead).isoformat(),
            "note": " ".join(question.notes) or None,
        }
        for row, question in enumerate(questions)
    ]


def _figures(shop: Shop, question: Question, units: float, low: float, high: float) -> dict[str, Any]:
    cost = float(shop.cost[question.item]) if question.item >= 0 else math.nan
    return {
        "units": units,
        "units_low": low,
        "units_high": high,
        "revenue": units * question.price,
        "margin": units * (question.price - cost) if math.isfinite(cost) else None,
    }


def _elasticity(found: Elasticities | None, question: Question) -> dict[str, float | None]:
    """The item's elasticity, or its category's, with its 90% interval."""
    if found is None:
        return {"elasticity": None, "elasticity_low": None, "elasticity_high": None}
    side: tuple[NDArray[np.float64], NDArray[np.float64], int] = (
        (found.item_mean, found.item_sd, question.item)
        if question.item >= 0
        else (found.mean, found.sd, question.category)
    )
    mean, spread = float(side[0][side[2]]), float(side[1][side[2]])
    return {
        "elasticity": mean,
        "elasticity_low": max(mean - _Z90 * spread, 0.0),
        "elasticity_high": mean + _Z90 * spread,
    }


def _category(shop: Shop, entry: Mapping[str, Any], notes: list[str]) -> int:
    """The category that an unknown item is of."""
    name = _text(entry, "category")
    if name in shop.categories:
        notes.append(f"This product is not known; the category {name!r} speaks for it.")
        return shop.categories.index(name)
    notes.append("Neither this product nor its category is known; the largest category speaks for it.")
    return int(np.bincount(shop.category).argmax())


def _campaign(shop: Shop, entry: Mapping[str, Any], item: int, notes: list[str]) -> int:
    wanted = entry.get("promotion")
    if wanted is None:
        return int(shop.campaign[item]) if item >= 0 and entry.get("price") is None else 0
    if isinstance(wanted, str):
        if wanted and wanted not in shop.campaigns:
            raise InvalidInput(
                f"There was no promotion {wanted[:60]!r}.",
                f"Promotions are {', '.join(shop.campaigns[1:6]) or 'none'}; or say true or false.",
            )
        return shop.campaigns.index(wanted) if wanted else 0
    if not isinstance(wanted, bool):
        raise InvalidInput(f"The promotion is {str(wanted)[:60]!r}.", "It is true, false or a promotion's name.")
    if wanted and not shop.usual_campaign:
        notes.append("No promotion was ever named here, so its effect beside the price is not known.")
    return shop.usual_campaign if wanted else 0


def _ahead(shop: Shop, entry: Mapping[str, Any]) -> int:
    """Weeks ahead, from a number or from a day in the week."""
    week, ahead = entry.get("week"), entry.get("weeks_ahead")
    if isinstance(week, str):
        try:
            ahead = (date.fromisoformat(week[:10]) - shop.begin).days // 7 + 1
        except ValueError as error:
            raise InvalidInput(f"The week is {week[:40]!r}.", "It is a day as YYYY-MM-DD, or weeks ahead.") from error
    elif week is not None:
        ahead = week
    if ahead is None:
        return 1
    if isinstance(ahead, bool) or not isinstance(ahead, int) or not 1 <= ahead <= HORIZON:
        raise InvalidInput(
            f"{str(ahead)[:40]} weeks ahead cannot be foretold.",
            f"1 to {HORIZON} weeks can, from {shop.begin} on.",
            "Train on newer data to look further.",
        )
    return ahead


def _number(entry: Mapping[str, Any], name: str) -> float | None:
    value = entry.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise InvalidInput(f"The {name} is {str(value)[:40]!r}.", "It is a number above 0, in shop currency.")
    return float(value)


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"The {name} is {str(value)[:40]!r}.", "It is text.")
    return value or ""
