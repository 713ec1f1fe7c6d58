"""What shoppers do between two trainings: held in memory, kept in a spool, folded into the next answer.

Every process holds what was told to it or lay in the spool when it started. Several processes behind
one address therefore need requests of one shopper to come to the same process.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.recommendation_engine.schema import Act
from engine.recommendation_engine.spool import ByShop, Spool

if TYPE_CHECKING:
    from engine.core import Engine

WHAT = "sessions"
HORIZON_DAYS = 30
MOST_SHOPPERS = 50_000
MOST_EVENTS = 100


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One act, at a time in UTC."""

    item_id: str
    act: Act
    time: datetime


class LiveSessions:
    """Recent acts by shop and shopper (or anonymous session), the latest `MOST_EVENTS` of each.

    The shopper who was seen longest ago leaves memory first, beyond `MOST_SHOPPERS` of a shop.

    Parameters
    ----------
    engine : Engine
        Its settings say where the spool lies.
    """

    def __init__(self, engine: Engine) -> None:
        self._shops = ByShop(engine.settings.home, WHAT, days=HORIZON_DAYS, make=_Shop)

    def observe(self, shop: str, name: str, item_id: str, act: Act, now: datetime) -> int:
        """Take an act in; the answer is how many are held of this shopper."""
        return self._shop(shop, now).observe(name, LiveEvent(item_id, act, now))

    def events(self, shop: str, names: Sequence[str], now: datetime) -> list[LiveEvent]:
        """Acts of a shopper under all names, oldest first; those beyond the horizon are left out."""
        held = self._shop(shop, now)
        since = now - timedelta(days=HORIZON_DAYS)
        return sorted((e for name in names for e in held.of(name) if e.time >= since), key=lambda event: event.time)

    def names(self, shop: str, now: datetime) -> list[str]:
        """Everybody of whom something is held."""
        return self._shop(shop, now).names()

    def forget(self, shop: str, names: Sequence[str], now: datetime) -> None:
        """Drop shoppers from memory and spool."""
        self._shop(shop, now).forget(names)

    def close(self) -> None:
        """Nothing waits to be written."""
        self._shops.clear()

    def _shop(self, shop: str, now: datetime) -> _Shop:
        held = self._shops.of(shop)
        held.refresh(now)
        return held


class _Shop:
    """The acts of one shop."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._guard = threading.Lock()
        self._held: OrderedDict[str, deque[LiveEvent]] = OrderedDict()
        self._generation = -1

    def refresh(self, now: datetime) -> None:
        """Read the spool at first, and again after somebody was taken out of it."""
        generation = self._spool.generation
        with self._guard:
            if generation == self._generation:
                return
            self._held.clear()
            for line in self._spool.lines(now):
                event = _event(line)
                if event is not None:
                    self._keep(str(line["shopper"]), event)
            self._generation = generation

    def observe(self, name: str, event: LiveEvent) -> int:
        line = {"shopper": name, "item_id": event.item_id, "event": event.act.value, "time": event.time.isoformat()}
        with self._guard:
            self._spool.append(event.time, line)
            return self._keep(name, event)

    def of(self, name: str) -> list[LiveEvent]:
        with self._guard:
            return list(self._held.get(name, ()))

    def names(self) -> list[str]:
        with self._guard:
            return list(self._held)

    def forget(self, names: Sequence[str]) -> None:
        with self._guard:
            self._spool.forget(names)
            for name in names:
                self._held.pop(name, None)
            self._generation = self._spool.generation

    def _keep(self, name: str, event: LiveEvent) -> int:
        held = self._held.setdefault(name, deque(maxlen=MOST_EVENTS))
        held.append(event)
        self._held.move_to_end(name)
        while len(self._held) > MOST_SHOPPERS:
            self._held.popitem(last=False)
        return len(held)


def session_name(shop: str, session_id: str) -> str:
    """The name under which the acts of an anonymous session are held; the id itself is not stored."""
    return "s_" + hashlib.sha256(f"{shop}\0{session_id}".encode()).hexdigest()[:32]


def _event(line: dict[str, object]) -> LiveEvent | None:
    """An act from its line; None for a line of another form."""
    try:
        return LiveEvent(str(line["item_id"]), Act(str(line["event"])), datetime.fromisoformat(str(line["time"])))
    except (KeyError, ValueError):
        return None
