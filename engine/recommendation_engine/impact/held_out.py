"""Sessions of a shop after a cut in time: who came, what was known of them, what they bought that was new to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from engine.catalog.schema import EventKind, Table
from engine.recommendation_engine.schema import Act, SessionEvent

if TYPE_CHECKING:
    import pandas as pd

    from engine.catalog.dataset import Dataset
    from engine.estimators.recommender.data import ShopData
    from engine.estimators.recommender.split import Targets

_SUCCESSES = (EventKind.PURCHASE, EventKind.RENTAL)
_MOST_EARLIER = 50
_MONEY = ["quantity", "revenue", "margin"]
_COLUMNS = ["shopper", "item_id", "event", "time", "market", *_MONEY]


@dataclass(frozen=True)
class Bought:
    """A product that a session bought; money counts what was not sent back, and is None where the shop tells none.

    Parameters
    ----------
    pieces : float
        That were kept.
    """

    item_id: str
    pieces: float
    revenue: float | None
    margin: float | None


@dataclass(frozen=True)
class HeldOutSession:
    """One shopper's day with a purchase.

    Parameters
    ----------
    start : datetime or None
        Of the day's first act; None where the shop tells no times.
    earlier : tuple of SessionEvent
        What the shopper did between the cut and `start`, the latest 50.
    bought : tuple of Bought
        Products that the shopper had not met before the session.
    """

    shopper: str
    start: datetime | None
    market: str | None
    earlier: tuple[SessionEvent, ...]
    bought: tuple[Bought, ...]


def after(dataset: Dataset, cut: datetime, train: ShopData) -> list[HeldOutSession]:
    """Every session from the cut on in which something new to the shopper was bought, in order of time.

    Parameters
    ----------
    train : ShopData
        What was kept for training, which tells what shoppers had met.
    """
    acts = _acts(dataset)
    acts = acts[acts["time"].notna() & (acts["time"] >= cut)]
    success = acts["event"].isin(_SUCCESSES)
    acts["success"] = success if success.any() else True
    acts = acts[acts["shopper"].isin(acts.loc[acts["success"], "shopper"])]
    met = _met(train, set(acts["shopper"]))
    by_shopper: dict[str, list[_Act]] = {}
    for act in _told(acts.sort_values("time", kind="stable")):
        by_shopper.setdefault(act.shopper, []).append(act)
    found = [
        (start, session)
        for shopper, own in by_shopper.items()
        for start, session in _sessions(own, met.get(shopper, set()))
    ]
    return [session for _, session in sorted(found, key=lambda pair: (pair[0], pair[1].shopper))]


def without_times(dataset: Dataset, train: ShopData, targets: Targets) -> list[HeldOutSession]:
    """One session a shopper: the products that a random split kept back."""
    acts = _acts(dataset)
    rows = dict(zip(zip(acts["shopper"], acts["item_id"], strict=True), acts[_MONEY].to_numpy(np.float64), strict=True))
    found = []
    for unit in range(len(targets)):
        shopper = train.shopper_ids[targets.shopper[unit]]
        wanted = [train.item_ids[row] for row in targets.item[targets.starts[unit] : targets.starts[unit + 1]]]
        bought = tuple(_bought(item, [rows[(shopper, item)]]) for item in wanted if (shopper, item) in rows)
        found.append(HeldOutSession(shopper, None, None, (), bought))
    return found


def sample(sessions: list[HeldOutSession], most: int, seed: int = 0) -> list[HeldOutSession]:
    """At most so many sessions, drawn evenly; the same draw every time."""
    if len(sessions) <= most:
        return sessions
    chosen = np.random.default_rng(seed).choice(len(sessions), most, replace=False)
    return [sessions[place] for place in np.sort(chosen)]


@dataclass(frozen=True)
class _Act:
    """One row of what a shopper did."""

    shopper: str
    item_id: str
    event: str
    time: datetime
    success: bool
    market: str | None
    money: tuple[float, float, float]


def _told(acts: pd.DataFrame) -> Iterator[_Act]:
    """Rows as plain values, in their order; NaN where money is unknown."""
    money = acts[_MONEY].to_numpy(np.float64)
    markets = acts["market"].astype(object).where(acts["market"].notna(), None)
    shoppers, items, events = (acts[name].tolist() for name in ("shopper", "item_id", "event"))
    times = acts["time"].dt.to_pydatetime()
    rows = zip(shoppers, items, events, times, acts["success"], markets, money, strict=True)
    for shopper, item, event, time, success, market, (pieces, revenue, margin) in rows:
        yield _Act(shopper, item, event, time, bool(success), market, (pieces, revenue, margin))


def _sessions(acts: list[_Act], met: set[str]) -> Iterator[tuple[datetime, HeldOutSession]]:
    """A shopper's days in order; what is met on one day is known on the next."""
    known, past = set(met), list[_Act]()
    for _, day in groupby(acts, key=lambda act: act.time.date()):
        today = list(day)
        start = today[0].time
        new = [act for act in today if act.success and act.item_id not in known]
        if new:
            market = next((act.market for act in new if act.market is not None), None)
            earlier = tuple(_event(act, start) for act in past[-_MOST_EARLIER:])
            yield start, HeldOutSession(new[0].shopper, start, market, earlier, _by_item(new))
        known |= {act.item_id for act in today}
        past += today


def _by_item(acts: list[_Act]) -> tuple[Bought, ...]:
    """One purchase a product: pieces and money added up, unknown only where no row tells any."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for act in acts:
        rows.setdefault(act.item_id, []).append(act.money)
    return tuple(_bought(item, rows[item]) for item in sorted(rows))


def _bought(item: str, rows: Sequence[Iterable[float]]) -> Bought:
    pieces, revenue, margin = (
        sum(known) if (known := [value for value in column if value == value]) else None
        for column in zip(*rows, strict=True)
    )
    return Bought(item, pieces or 0.0, revenue, margin)


def _event(act: _Act, start: datetime) -> SessionEvent:
    hours = max((start - act.time) / timedelta(hours=1), 0.0)
    return SessionEvent(item_id=act.item_id, event=Act(act.event), hours_ago=hours)


def _met(train: ShopData, shoppers: set[str]) -> dict[str, set[str]]:
    """Products that each of some shoppers had met in the training rows."""
    log = train.log
    rows = np.flatnonzero(np.isin(log.shopper, [row for row, name in enumerate(train.shopper_ids) if name in shoppers]))
    found: dict[str, set[str]] = {}
    for shopper, item in zip(log.shopper[rows].tolist(), log.item[rows].tolist(), strict=True):
        found.setdefault(train.shopper_ids[shopper], set()).add(train.item_ids[item])
    return found


def _acts(dataset: Dataset) -> pd.DataFrame:
    """Interactions and order lines in one frame; order lines replace purchase events where both exist."""
    import pandas as pd

    acts = dataset.frame(Table.INTERACTIONS, ["shopper", "item_id", "event", "time"])
    acts["quantity"] = 1.0
    if dataset.rows(Table.ORDERS) and dataset.rows(Table.ORDER_LINES):
        acts = pd.concat([acts[acts["event"] != EventKind.PURCHASE], _lines(dataset)], ignore_index=True)
    return acts.reindex(columns=_COLUMNS)[lambda frame: frame["shopper"].notna()]


def _lines(dataset: Dataset) -> pd.DataFrame:
    """Order lines with what was kept of them, in money."""
    lines = dataset.frame(Table.ORDER_LINES, ["order_id", "item_id", "quantity", "unit_price", "returned"])
    orders = dataset.frame(Table.ORDERS, ["order_id", "shopper", "time", "market"]).drop_duplicates("order_id")
    found = lines.merge(orders, on="order_id")
    kept = 1.0 - found["returned"].astype("boolean").fillna(False).astype(float)
    found["quantity"] = found["quantity"].fillna(1).astype(float) * kept
    found["revenue"] = found["unit_price"] * found["quantity"]
    costs = dataset.frame(Table.ITEMS, ["item_id", "cost"]).drop_duplicates("item_id").set_index("item_id")["cost"]
    found["margin"] = found["revenue"] - found["item_id"].map(costs) * found["quantity"]
    return found.assign(event=str(EventKind.PURCHASE))
