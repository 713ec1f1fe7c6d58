"""The `interactions` table: views, favourites, carts and purchases with their context."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import moments
from engine.catalog.demo_shop._choice import Decisions, Views
from engine.catalog.demo_shop._range import OCCASIONS
from engine.catalog.demo_shop._sessions import DEVICES, Sessions
from engine.catalog.schema import TABLES, EventKind, Table

PACE = 40
"""Seconds between two garments of a session."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Seconds of the day: of each view, and of each session's checkout."""

    view: NDArray[np.int64]
    checkout: NDArray[np.int64]


def timeline(sessions: Sessions, views: Views) -> Timeline:
    """When things happen within the sessions; `views` are sorted by session."""
    count = np.bincount(views.session, minlength=len(sessions.shopper))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    place = np.arange(len(views.session)) - first[views.session]
    begin = np.minimum(sessions.second, 86_000 - (count + 3) * PACE)
    return Timeline(begin[views.session] + place * PACE, begin + (count + 1) * PACE)


def table(
    sessions: Sessions,
    views: Views,
    decisions: Decisions,
    times: Timeline,
    ids: list[str],
    people: list[str],
    labels: list[str],
) -> pa.Table:
    """Parameters
    ----------
    labels : list of str
        Size labels of the views; shown from the cart on.
    """
    kinds = (
        (EventKind.VIEW, np.ones(len(views.item), dtype=bool), times.view),
        (EventKind.FAVOURITE, decisions.favourite, times.view + 9),
        (EventKind.CART, decisions.cart, times.view + 21),
        (EventKind.PURCHASE, decisions.purchase, times.checkout[views.session]),
    )
    row = np.concatenate([np.flatnonzero(where) for _, where, _ in kinds])
    kind = np.repeat(np.arange(len(kinds)), [int(where.sum()) for _, where, _ in kinds])
    second = np.concatenate([when[where] for _, where, when in kinds])
    session = views.session[row]
    time = moments(sessions.day[session], second)
    order = np.lexsort((row, kind, time))
    row, kind, session = row[order], kind[order], session[order]
    columns = {
        "shopper": np.array(people, dtype=object)[sessions.shopper[session]],
        "item_id": np.array(ids, dtype=object)[views.item[row]],
        "event": np.array([str(name) for name, _, _ in kinds], dtype=object)[kind],
        "value": pa.nulls(len(row), pa.float64()),
        "time": time[order],
        "context": _contexts(sessions, session, np.where(kind >= 2, np.arange(len(row)) * 0 + row, -1), labels),
    }
    return pa.table(columns).cast(TABLES[Table.INTERACTIONS].arrow_schema())


def _contexts(
    sessions: Sessions, session: NDArray[np.int64], sized: NDArray[np.int64], labels: list[str]
) -> NDArray[np.object_]:
    """JSON by row; the few texts that differ are made once."""
    names, code = np.unique(labels, return_inverse=True)
    sizes = ["", *map(str, names)]
    size = np.where(sized >= 0, code[np.maximum(sized, 0)] + 1, 0)
    texts = np.array(
        [
            json.dumps({"device": device, "occasion": occasion, **({"size": label} if label else {})})
            for device in DEVICES
            for occasion in OCCASIONS
            for label in sizes
        ],
        dtype=object,
    )
    place = (sessions.device[session] * len(OCCASIONS) + sessions.occasion[session]) * len(sizes) + size
    return texts[place]  # type: ignore[no-any-return]
