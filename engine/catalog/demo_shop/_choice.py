"""What shoppers look at and buy: utility of every living garment, category by category, week by week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import WEEKS, warmth
from engine.catalog.demo_shop._garments import Garments, Generator
from engine.catalog.demo_shop._palette import FAMILIES
from engine.catalog.demo_shop._prices import PriceHistory
from engine.catalog.demo_shop._range import BRANDS, CATEGORIES
from engine.catalog.demo_shop._sessions import Sessions, Visits
from engine.catalog.demo_shop._shoppers import Shoppers

STYLE, COLOUR, BRAND, PRICE, OCCASION = 7.5, 1.3, 1.2, 3.0, 0.8
"""Weights of taste in the utility of a view, against Gumbel noise of scale 1."""

NEW_DAYS = 28
NEW_ARRIVAL_EXPOSURE = 0.2
"""The known bias: weight in their choice at which plus sizes are shown what is newer than `NEW_DAYS`.

Taste makes up for some of it: their odds of viewing a new arrival come out at about 0.4 of others'."""

PROMOTION_LIFT = 1.2
"""Factor on units at the same price when a promotion is named."""

CONVERSION, QUALITY_EFFECT, MATCH_EFFECT, HIGHEST = 0.105, 0.20, 0.45, 0.85


@dataclass(frozen=True, eq=False)
class Views:
    """One row a garment looked at. `match` is how well it meets the shopper's taste, about -2 to 2."""

    session: NDArray[np.int64]
    item: NDArray[np.int64]
    match: NDArray[np.float64]


def look(rng: Generator, garments: Garments, shoppers: Shoppers, sessions: Sessions, visits: Visits) -> Views:
    """Choose the garments of every visit, without repeats within it."""
    person, thing = _person_features(shoppers), _garment_features(garments)
    weekly = _popularity(garments)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for week, category, members in _groups(sessions, visits):
        living = _living(garments, week, category)
        if not len(living):
            continue
        session = visits.session[members]
        taste = person[sessions.shopper[session]] @ thing[living].T
        suits = sessions.occasion[session][:, None] == garments.occasion[living][None, :]
        shown = _exposure(garments, living, week, shoppers.plus[sessions.shopper[session]])
        utility = taste + OCCASION * suits + weekly[living, week] + shown + rng.gumbel(size=taste.shape)
        views = np.minimum(visits.views[members], len(living))
        most = int(views.max())
        best = np.argpartition(-utility, min(most, len(living) - 1), axis=1)[:, :most]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(utility, best, axis=1), axis=1), axis=1)
        row, place = np.nonzero(np.arange(most) < views[:, None])
        column = best[row, place]
        found.append((session[row], living[column], taste[row, column]))
    session, item, taste = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(session, kind="stable")
    match = np.clip((taste - taste.mean()) / taste.std(), -2, 2)
    return Views(session[order], item[order], match[order])


def _groups(sessions: Sessions, visits: Visits) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Visits of the same week to the same category."""
    key = (sessions.day[visits.session] // 7) * len(CATEGORIES) + visits.category
    order = np.argsort(key, kind="stable")
    values, begins = np.unique(key[order], return_index=True)
    for value, members in zip(values, np.split(order, begins[1:]), strict=True):
        yield int(value) // len(CATEGORIES), int(value) % len(CATEGORIES), members


def _living(garments: Garments, week: int, category: int) -> NDArray[np.int64]:
    """Garments of a category that stand in the shop through the whole week."""
    first, last = week * 7, week * 7 + 6
    return np.flatnonzero((garments.category == category) & (garments.arrives <= first) & (garments.leaves > last))


def _person_features(shoppers: Shoppers) -> NDArray[np.float64]:
    budget = shoppers.budget[:, None]
    ones = np.ones_like(budget)
    return np.hstack(
        [STYLE * shoppers.style, COLOUR * shoppers.colour, BRAND * shoppers.brand, 2 * PRICE * budget, -PRICE * ones]
    )


def _garment_features(garments: Garments) -> NDArray[np.float64]:
    """Such that the product with a shopper's features is style + colour + brand - (price level - budget)^2."""
    rows = np.arange(len(garments))
    colour = np.zeros((len(garments), len(FAMILIES)))
    colour[rows, garments.family] = 1.0
    brand = np.zeros((len(garments), len(BRANDS)))
    brand[rows, garments.brand] = 1.0
    level = np.log(garments.price / np.array([CATEGORIES[c].price for c in garments.category]))[:, None]
    return np.hstack([garments.style, colour, brand, level, level**2])


def _popularity(garments: Garments) -> NDArray[np.float64]:
    """Log popularity by garment and week: own appeal, life cycle, season; shape (n, WEEKS)."""
    middle = np.arange(WEEKS) * 7 + 3
    age = middle - garments.arrives[:, None]
    left = garments.leaves[:, None] - middle
    rise = -1.3 * np.exp(-np.clip(age, 0, None) / 9)
    fade = np.where(np.array(garments.season)[:, None] == "Core", 0.0, -0.008 * np.clip(age - 40, 0, None))
    summer = np.array([{"S": 1.0, "A": -1.0}.get(season[0], 0.0) for season in garments.season])
    season = 0.7 * summer[:, None] * warmth()[np.clip(middle, 0, len(warmth()) - 1)]
    last_pieces = np.where(left < 14, -0.4, 0.0)
    return garments.appeal[:, None] + rise + fade + season + last_pieces  # type: ignore[no-any-return]


def _exposure(garments: Garments, living: NDArray[np.int64], week: int, plus: NDArray[np.bool_]) -> NDArray[np.float64]:
    new = week * 7 - garments.arrives[living] < NEW_DAYS
    return np.log(NEW_ARRIVAL_EXPOSURE) * (plus[:, None] & new[None, :])  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Decisions:
    """What followed each view."""

    favourite: NDArray[np.bool_]
    cart: NDArray[np.bool_]
    purchase: NDArray[np.bool_]


def decide(rng: Generator, garments: Garments, sessions: Sessions, views: Views, history: PriceHistory) -> Decisions:
    """Units follow `(price / launch price) ** -elasticity` at the same views, times the lift of a promotion."""
    item, day = views.item, sessions.day[views.session]
    promoted = history.promotion[item, day] > 0
    chance = buying_chance(garments, item, views.match, history.price[item, day], promoted)
    purchase = rng.random(len(item)) < chance
    return Decisions(
        favourite=rng.random(len(item)) < 0.055 * np.exp(0.7 * views.match),
        cart=purchase | (rng.random(len(item)) < 0.6 * chance),
        purchase=purchase,
    )


def buying_chance(
    garments: Garments,
    item: NDArray[np.int64],
    match: NDArray[np.float64],
    price: NDArray[np.float32],
    promoted: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Chance of a purchase at each view, if there is a piece."""
    ratio = price / garments.price[item]
    elasticity = np.array([c.elasticity for c in CATEGORIES])[garments.category[item]]
    lift = np.where(promoted, PROMOTION_LIFT, 1.0)
    pull = np.exp(QUALITY_EFFECT * garments.quality[item] + MATCH_EFFECT * match)
    return np.minimum(CONVERSION * ratio**-elasticity * lift * pull, HIGHEST)  # type: ignore[no-any-return]
