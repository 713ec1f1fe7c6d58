"""Draws the shoppers: who they are, what they wear and what they truly like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import DAYS
from engine.catalog.demo_shop._garments import Generator
from engine.catalog.demo_shop._palette import COLOURS, FAMILIES
from engine.catalog.demo_shop._range import BRANDS, CATEGORIES, PLUS_FROM, SIZES, STYLES


@dataclass(frozen=True, eq=False)
class Shoppers:
    """One row a shopper.

    Attributes
    ----------
    body : ndarray
        True clothing size, continuous.
    clothing, shoe : ndarray of int
        Usual size, as an index into `SIZES`.
    style, colour, brand, category : ndarray
        True tastes: a style mix (rows sum to 1), and log affinities.
    budget : ndarray
        Log of the liked price level against the category's median.
    joined, lost : ndarray of int
        Days between which they may come.
    activity : ndarray
        Relative number of sessions.
    """

    age: NDArray[np.float64]
    body: NDArray[np.float64]
    clothing: NDArray[np.int64]
    shoe: NDArray[np.int64]
    style: NDArray[np.float64]
    colour: NDArray[np.float64]
    brand: NDArray[np.float64]
    category: NDArray[np.float64]
    budget: NDArray[np.float64]
    joined: NDArray[np.int64]
    lost: NDArray[np.int64]
    activity: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.age)

    @property
    def plus(self) -> NDArray[np.bool_]:
        """Who wears a plus size."""
        return np.array([int(size) >= PLUS_FROM for size in SIZES["clothing"]])[self.clothing]

    @property
    def ids(self) -> list[str]:
        return [f"s{i:05d}" for i in range(1, len(self) + 1)]


def draw(rng: Generator, count: int) -> Shoppers:
    """`count` shoppers. Age moves taste (older: more classic, fewer urban) and body size a little."""
    age = np.clip(np.round(18 + rng.gamma(3.2, 7.2, count)), 18, 82)
    years = (age - 40) / 20
    body = np.clip(39.6 + 1.1 * years + rng.normal(0, 3.2, count), 33, 50)
    style = _styles(rng, years)
    return Shoppers(
        age=age,
        body=body,
        clothing=np.clip(np.round((body - 34) / 2), 0, 7).astype(np.int64),
        shoe=np.clip(np.round(rng.normal(2.6, 1.35, count)), 0, 6).astype(np.int64),
        style=style,
        colour=0.9 * rng.normal(size=(count, len(FAMILIES))) + _family_lean(style),
        brand=0.7 * rng.normal(size=(count, len(BRANDS))),
        category=1.45 * rng.normal(size=(count, len(CATEGORIES))),
        budget=rng.normal(-0.05 + 0.12 * years, 0.38),
        joined=np.where(rng.random(count) < 0.62, 0, rng.integers(0, DAYS - 5, count)),
        lost=np.where(rng.random(count) < 0.2, rng.integers(60, DAYS, count), DAYS),
        activity=rng.lognormal(0, 0.95, count),
    )


def _styles(rng: Generator, years: NDArray[np.float64]) -> NDArray[np.float64]:
    lean = np.array([0.5, 0.1, 0.0, 0.05, -0.55, -0.25])
    mass = rng.gamma(0.32 * np.exp(years[:, None] * lean))
    return (mass + 1e-6) / (mass + 1e-6).sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _family_lean(style: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours follow style in people as they do in garments."""
    table = np.zeros((len(STYLES), len(FAMILIES)))
    for colour in COLOURS:
        table[:, FAMILIES.index(colour.family)] += colour.share * np.array(colour.style)
    return 0.5 * (style @ (table - table.mean(axis=1, keepdims=True)))  # type: ignore[no-any-return]
