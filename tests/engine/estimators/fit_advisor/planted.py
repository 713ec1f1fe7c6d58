"""A shop with a cut to find: everybody knows their size, and the items that end in 0 run one size small."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.catalog.schema import Table

SIZES = ("34", "36", "38", "40", "42", "44")
START = datetime(2026, 1, 1, tzinfo=UTC)


def planted(*, rows: int = 1_500, seed: int = 3) -> dict[Table, list[dict[str, Any]]]:
    """30 dresses; a third of them runs a size small, a third a size large."""
    random = np.random.default_rng(seed)
    items = [{"item_id": f"i{number:02d}", "category": "dresses"} for number in range(30)]
    people, reviews = [], []
    for number in range(rows // 3):
        usual = int(random.integers(len(SIZES)))
        people.append(
            {
                "shopper": f"p_{number:04d}",
                "age": float(20 + number % 50),
                "attributes": json.dumps(
                    {
                        "height_in": 60 + usual + float(random.normal(0, 1)),
                        "weight_lbs": 110 + 12 * usual + float(random.normal(0, 2)),
                        "body_type": ("hourglass", "athletic")[number % 2],
                        "bust_size": f"{32 + usual}{'abcd'[number % 4]}",
                    }
                ),
            }
        )
        for _ in range(3):
            item = int(random.integers(30))
            size = int(np.clip(usual + random.choice([-1, 0, 0, 0, 1]), 0, len(SIZES) - 1))
            off = size - usual - cut(item) + random.normal(0, 0.25)
            reviews.append(
                {
                    "item_id": f"i{item:02d}",
                    "shopper": f"p_{number:04d}",
                    "time": START + timedelta(days=float(random.uniform(0, 300))),
                    "size": SIZES[size],
                    "fit": "small" if off < -0.5 else "large" if off > 0.5 else "fit",
                }
            )
    return {Table.ITEMS: items, Table.SHOPPERS: people, Table.REVIEWS: reviews, Table.VARIANTS: variants()}


def cut(item: int) -> int:
    """Sizes by which an item runs small."""
    return (1, 0, -1)[item % 3]


def variants() -> list[dict[str, Any]]:
    return [
        {"variant_id": f"i{item:02d}-{size}", "item_id": f"i{item:02d}", "size": size}
        for item in range(30)
        for size in SIZES
    ]
