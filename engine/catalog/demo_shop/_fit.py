"""Sizes bought and how they fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.demo_shop._garments import Garments, Generator
from engine.catalog.demo_shop._range import CATEGORIES, PLUS_FROM, SIZES
from engine.catalog.demo_shop._shoppers import Shoppers

GRADING = 0.45
"""The second known bias: clothing sizes by which plus sizes are cut smaller than their label says."""

TOLERANCE = 0.55
"""Sizes of misfit up to which a garment counts as fitting."""

SYSTEMS = tuple(SIZES)
FIT = ("small", "fit", "large")
_CLOTHING, _SHOES = SYSTEMS.index("clothing"), SYSTEMS.index("shoes")


def systems(garments: Garments) -> NDArray[np.int64]:
    """Size system of every garment, an index into `SYSTEMS`."""
    return np.array([SYSTEMS.index(c.size) for c in CATEGORIES])[garments.category]


@dataclass(frozen=True, eq=False)
class Fits:
    """One row a piece bought: size (index into its system) and misfit in sizes (> 0 is too small)."""

    size: NDArray[np.int64]
    misfit: NDArray[np.float64]

    @property
    def verdict(self) -> NDArray[np.int64]:
        """Index into `FIT`."""
        return np.where(self.misfit > TOLERANCE, 0, np.where(self.misfit < -TOLERANCE, 2, 1))


def choose(
    rng: Generator, garments: Garments, shoppers: Shoppers, shopper: NDArray[np.int64], item: NDArray[np.int64]
) -> Fits:
    """Sizes that shoppers order: their usual one, now and then a neighbour, and how that turns out."""
    system = systems(garments)[item]
    usual = np.where(system == _CLOTHING, shoppers.clothing[shopper], shoppers.shoe[shopper])
    hunch = 0.35 * garments.cut[item] + rng.normal(0, 0.28, len(item))
    last = np.array([len(SIZES[name]) - 1 for name in SYSTEMS])[system]
    size = np.clip(usual + np.round(hunch).astype(np.int64), 0, last)
    plus = np.array([int(label) >= PLUS_FROM for label in SIZES["clothing"]])[np.clip(size, 0, 7)]
    body = (shoppers.body[shopper] - 34) / 2
    clothing = body - size + garments.cut[item] + GRADING * plus + rng.normal(0, 0.25, len(item))
    shoes = usual - size + 0.6 * garments.cut[item] + rng.normal(0, 0.4, len(item))
    misfit = np.where(system == _CLOTHING, clothing, np.where(system == _SHOES, shoes, 0.0))
    return Fits(np.where(system == SYSTEMS.index("one"), 0, size), misfit)
