"""Small event logs for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.recommenders.events import Codes, EventLog


def log_of(
    shopper: Sequence[int],
    item: Sequence[int],
    *,
    day: Sequence[float] | None = None,
    weight: Sequence[float] | None = None,
    facets: dict[str, Codes] | None = None,
) -> EventLog:
    return EventLog(
        shopper=np.array(shopper, dtype=np.int32),
        item=np.array(item, dtype=np.int32),
        weight=np.array(weight if weight is not None else np.ones(len(item)), dtype=np.float32),
        day=None if day is None else np.array(day, dtype=np.float64),
        strong=np.ones(len(item), dtype=bool),
        n_shoppers=max(shopper, default=-1) + 1,
        n_items=max(item, default=-1) + 1,
        facets=facets or {},
    )
