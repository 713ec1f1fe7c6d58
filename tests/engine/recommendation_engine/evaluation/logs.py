"""Small interaction logs for tests."""

from __future__ import annotations

import numpy as np

from engine.recommendation_engine.evaluation import Interactions


def shop_of(
    shoppers: int = 160, items: int = 60, *, seed: int = 3, days: int | None = 120, tastes: int = 4
) -> Interactions:
    """Shoppers who stay within one of some tastes, so that item-to-item models have something to find."""
    random = np.random.default_rng(seed)
    count = random.integers(3, 14, size=shoppers)
    shopper = np.repeat(np.arange(shoppers), count)
    taste = random.integers(tastes, size=shoppers)[shopper]
    item = random.integers(items // tastes, size=len(shopper)) * tastes + taste
    day = None if days is None else random.uniform(0, days, size=len(shopper))
    return Interactions.ordered("small", shopper, item, day, n_shoppers=shoppers, n_items=items)
