"""A small store whose weekly demand is known: level, elasticity, a promotion's lift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.catalog.schema import Table

START = datetime(2025, 1, 6, tzinfo=UTC)
ELASTICITY = {"coats": 1.0, "dresses": 2.5}
LIFT = 1.5
SALE = "sale"


def store(
    *, items: int = 60, weeks: int = 40, level: float = 6.0, seed: int = 3, listed: bool = True
) -> dict[Table, list[dict[str, Any]]]:
    """Canonical rows; prices change by item at random, promotions too."""
    random = np.random.default_rng(seed)
    names = list(ELASTICITY)
    rows: dict[Table, list[dict[str, Any]]] = {
        Table.ITEMS: [],
        Table.PRICES: [],
        Table.ORDERS: [],
        Table.ORDER_LINES: [],
    }
    for week in range(weeks):
        for day in range(7):
            moment = START + timedelta(days=7 * week + day, hours=12)
            rows[Table.ORDERS].append({"order_id": f"o{week}-{day}", "time": moment})
    for number in range(items):
        category, name, full = names[number % 2], f"i{number:03d}", 40.0 + number
        rows[Table.ITEMS].append(
            {"item_id": name, "title": name, "category": category, "cost": 0.4 * full, "created_at": START}
        )
        own = level * random.lognormal(0.0, 0.6)
        for week in range(weeks):
            cut = 0.0 if week < 2 else float(random.choice([0.0, 0.1, 0.2, 0.3]))
            promoted = cut > 0 and random.random() < 0.5
            price = round(full * (1 - cut), 2)
            begin = START + timedelta(weeks=week)
            rows[Table.PRICES].append(
                {
                    "item_id": name,
                    "from": begin,
                    "to": begin + timedelta(weeks=1),
                    "price": price,
                    "promotion": SALE if promoted else None,
                }
            )
            mean = own * (1 - cut) ** -ELASTICITY[category] * (LIFT if promoted else 1.0)
            for day, count in enumerate(random.multinomial(random.poisson(mean), np.full(7, 1 / 7))):
                if count:
                    rows[Table.ORDER_LINES].append(
                        {
                            "order_id": f"o{week}-{day}",
                            "item_id": name,
                            "quantity": int(count),
                            "unit_price": price,
                            "discount": cut,
                        }
                    )
    if not listed:
        del rows[Table.PRICES]
    return rows
