"""Who comes when, looking for what: sessions and their visits to categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import traffic, warmth
from engine.catalog.demo_shop._garments import Generator, pick
from engine.catalog.demo_shop._range import CATEGORIES, NAMES, OCCASION_STYLE, OCCASIONS
from engine.catalog.demo_shop._shoppers import Shoppers

DEVICES = ("phone", "desktop", "tablet")
VIEWS_A_VISIT = 2.75
LONGEST_VISIT = 12
_HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 4, 5, 6, 7, 7, 8, 7, 6, 6, 7, 8, 10, 12, 14, 14, 9, 5], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Sessions:
    """One row a session, in order of day."""

    shopper: NDArray[np.int64]
    day: NDArray[np.int64]
    second: NDArray[np.int64]
    device: NDArray[np.int64]
    occasion: NDArray[np.int64]
    focus: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Visits:
    """One row a category looked through in a session; `views` garments are looked at."""

    session: NDArray[np.int64]
    category: NDArray[np.int64]
    views: NDArray[np.int64]


def draw(rng: Generator, shoppers: Shoppers, count: int) -> tuple[Sessions, Visits]:
    """`count` sessions and their visits."""
    shopper, day = _arrivals(rng, shoppers, count)
    focus = _focus(rng, shoppers, shopper, day)
    occasions = np.array([[1.0 if o in c.occasions else 0.02 for o in OCCASIONS] for c in CATEGORIES])
    suits = shoppers.style @ np.array([OCCASION_STYLE[o] for o in OCCASIONS]).T
    sessions = Sessions(
        shopper=shopper,
        day=day,
        second=rng.choice(24, size=count, p=_HOURS / _HOURS.sum()) * 3600 + rng.integers(0, 3600, count),
        device=rng.choice(3, size=count, p=(0.68, 0.26, 0.06)),
        occasion=pick(rng, occasions[focus] * (0.1 + suits[shopper])),
        focus=focus,
    )
    return sessions, _visits(rng, shoppers, sessions)


def _arrivals(rng: Generator, shoppers: Shoppers, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shopper and day of every session: traffic by day, within the time a shopper knows the shop."""
    known = np.concatenate([[0.0], np.cumsum(traffic())])
    begin, end = known[shoppers.joined], known[np.maximum(shoppers.lost, shoppers.joined + 3).clip(max=len(known) - 1)]
    weight = shoppers.activity * (end - begin)
    firsts = np.flatnonzero(weight > 0)[: count // 2]
    rest = rng.choice(len(shoppers), size=count - len(firsts), p=weight / weight.sum())
    shopper = np.concatenate([firsts, rest])
    at = begin[shopper] + rng.random(count) * (end - begin)[shopper]
    day = np.clip(np.searchsorted(known, at, side="right") - 1, 0, len(known) - 2)
    order = np.lexsort((shopper, day))
    return shopper[order], day[order]


def _focus(rng: Generator, shoppers: Shoppers, shopper: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """The category that a session is about: appeal, season and the shopper's liking."""
    appeal = np.log([c.appeal for c in CATEGORIES])
    lean = np.array([c.summer for c in CATEGORIES])
    score = appeal + 1.0 * warmth()[day][:, None] * lean + shoppers.category[shopper]
    return (score + rng.gumbel(size=score.shape)).argmax(axis=1)  # type: ignore[no-any-return]


def _visits(rng: Generator, shoppers: Shoppers, sessions: Sessions) -> Visits:
    """The focus and, in half of the sessions, one or two categories that go with it."""
    count = len(sessions.shopper)
    partners = np.zeros((len(CATEGORIES), len(CATEGORIES)))
    for category in CATEGORIES:
        partners[NAMES.index(category.name), [NAMES.index(other) for other in category.goes_with]] = 1.0
    lean = np.array([c.summer for c in CATEGORIES])
    liking = np.exp(0.6 * shoppers.category[sessions.shopper] + 0.8 * warmth()[sessions.day][:, None] * lean)
    session, looked = [np.arange(count)], [sessions.focus]
    for share in (0.42, 0.16):
        more = np.flatnonzero(rng.random(count) < share)
        session.append(more)
        looked.append(pick(rng, partners[sessions.focus[more]] * liking[more]))
    found = np.concatenate(session)
    views = np.minimum(rng.geometric(1 / VIEWS_A_VISIT, len(found)), LONGEST_VISIT)
    return Visits(found, np.concatenate(looked), views)
