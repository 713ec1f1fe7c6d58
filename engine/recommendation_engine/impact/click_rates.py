"""The click rate of a plan's lists, from lists that were shown with chance in them and logged with propensities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.catalog.schema import Table
from engine.recommendation_engine.impact.off_policy import ChoiceLog, estimate
from engine.recommendation_engine.plan import Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.recommendation_engine.impact.schema import OffPolicy

FEWEST = 100
"""Logged lists below which no estimate is made."""

_HOME = (Surface.HOME.value, "", None)


@dataclass(frozen=True)
class Place:
    """One place of a list: the product, the probability of showing it there given the places above, the click."""

    item_id: str
    propensity: float
    clicked: bool


@dataclass(frozen=True)
class LoggedList:
    """A list that was shown on the home surface, from the first place on without a gap."""

    shopper: str | None
    time: datetime | None
    places: tuple[Place, ...]


def logged(dataset: Dataset, live: Iterable[Mapping[str, Any]], since: datetime | None) -> list[LoggedList]:
    """Lists with propensities, from the shop's table of impressions and from what serves.

    Parameters
    ----------
    live : iterable of mapping
        Rows in the columns of the table.
    since : datetime or None
        Earlier lists are left out: the model has learned from what followed them.
    """
    stored = dataset.frame(Table.IMPRESSIONS).to_dict("records") if dataset.rows(Table.IMPRESSIONS) else []
    requests: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in [*stored, *live]:
        if row.get("surface") in _HOME and _usable(row):
            requests.setdefault(str(row["request_id"]), {})[int(row["position"])] = row
    found = [_list(by_position) for by_position in requests.values()]
    return [shown for shown in found if shown.places and (since is None or (shown.time or since) > since)]


def click_rate(
    lists: Sequence[LoggedList],
    order: Callable[[LoggedList], NDArray[np.int64]],
    place: Mapping[str, int],
) -> OffPolicy | None:
    """Clicks by place if other lists had been shown; None where the log is too small.

    Parameters
    ----------
    order : callable
        Rows of the list that would be shown instead, at least as long.
    place : mapping of str to int
        Row by product id; a list is read up to the first product that is not in it.
    """
    if len(lists) < FEWEST:
        return None
    rows = [row for unit, shown in enumerate(lists) for row in _rows(unit, shown, order(shown), place)]
    if not rows:
        return None
    position, own, wanted, clicked, propensity, before, unit = (np.array(column) for column in zip(*rows, strict=True))
    there = np.flatnonzero(wanted >= 0)
    log = ChoiceLog(position, own, clicked.astype(float), propensity, unit=unit, before=before)
    from scipy.sparse import csr_matrix

    policy = csr_matrix((np.ones(len(there)), (there, wanted[there])), shape=(len(rows), len(place)))
    return estimate(log, policy)


_Row = tuple[int, int, int, bool, float, float, int]


def _rows(unit: int, shown: LoggedList, instead: NDArray[np.int64], place: Mapping[str, int]) -> list[_Row]:
    """One row a place; what stands above weighs in, as a list is drawn from the top down."""
    found: list[_Row] = []
    before = 1.0
    for position, entry in enumerate(shown.places):
        if entry.item_id not in place:
            break
        own = place[entry.item_id]
        wanted = int(instead[position]) if position < len(instead) else -1
        found.append((position, own, wanted, entry.clicked, entry.propensity, before, unit))
        before *= (own == wanted) / entry.propensity
    return found


def _list(by_position: Mapping[int, Mapping[str, Any]]) -> LoggedList:
    whole: list[Mapping[str, Any]] = []
    while len(whole) in by_position:
        whole.append(by_position[len(whole)])
    first = next(iter(by_position.values()))
    time = first.get("time")
    return LoggedList(
        shopper=first["shopper"] if isinstance(first.get("shopper"), str) else None,
        time=datetime.fromisoformat(time) if isinstance(time, str) else time,
        places=tuple(
            Place(str(row["item_id"]), float(row["propensity"]), row.get("clicked") in (True, 1)) for row in whole
        ),
    )


def _usable(row: Mapping[str, Any]) -> bool:
    propensity, position = row.get("propensity"), row.get("position")
    return isinstance(propensity, float) and 0 < propensity <= 1 and position is not None and position == position
