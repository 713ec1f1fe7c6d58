"""What was shown while something was explored, with the probability of each place, and what was clicked.

The lines have the columns of the catalogue's table `impressions`, so that they can be imported there;
off-policy estimates need them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.recommendation_engine.spool import ByShop, Spool

if TYPE_CHECKING:
    from engine.core import Engine
    from engine.recommendation_engine.plan import Surface
    from engine.recommendation_engine.schema import Recommendation

WHAT = "impressions"
EXPLORE, RANK, PIN = "explore", "rank", "pin"
HORIZON_DAYS = 180
_MOST_REQUESTS = 20_000


class ImpressionLog:
    """Impressions by shop: appended to a spool, counted in memory.

    Parameters
    ----------
    engine : Engine
        Its settings say where the spool lies.
    """

    def __init__(self, engine: Engine) -> None:
        self._shops = ByShop(engine.settings.home, WHAT, days=HORIZON_DAYS, make=_Shop)

    def shown(
        self,
        shop: str,
        request_id: str,
        shopper: str | None,
        surface: Surface,
        items: Sequence[Recommendation],
        now: datetime,
    ) -> None:
        """Record a list, each place with its propensity."""
        lines = [
            {
                "request_id": request_id,
                "shopper": shopper,
                "item_id": item.item_id,
                "position": item.position - 1,
                "surface": surface.value,
                "arm": EXPLORE if item.explored else PIN if item.pinned_by else RANK,
                "propensity": item.propensity,
                "time": now.isoformat(),
            }
            for item in items
        ]
        self._shop(shop, now).add(lines, now)

    def clicked(self, shop: str, request_id: str, shopper: str | None, item_id: str, now: datetime) -> bool:
        """Record that a shown product was clicked; False where that list is not known."""
        line = {
            "request_id": request_id,
            "shopper": shopper,
            "item_id": item_id,
            "clicked": True,
            "time": now.isoformat(),
        }
        return self._shop(shop, now).click(line, now)

    def tried(self, shop: str, now: datetime) -> dict[str, tuple[int, int]]:
        """How often each product was shown by chance, and clicked then."""
        return self._shop(shop, now).tried()

    def rows(self, shop: str, now: datetime) -> list[dict[str, Any]]:
        """All impressions in the columns of the catalogue's table, clicks folded in, oldest first."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for line in self._shops.spool(shop).lines(now):
            key = (str(line.get("request_id")), str(line.get("item_id")))
            if "position" in line:
                found[key] = {**line, "clicked": False}
            elif key in found:
                found[key]["clicked"] = True
        return list(found.values())

    def close(self) -> None:
        """Nothing waits to be written."""
        self._shops.clear()

    def _shop(self, shop: str, now: datetime) -> _Shop:
        held = self._shops.of(shop)
        held.read(now)
        return held


class _Shop:
    """Counts of one shop, and its latest lists."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._guard = threading.Lock()
        self._lists: OrderedDict[str, dict[str, bool]] = OrderedDict()
        self._tried: dict[str, list[int]] = {}
        self._was_read = False

    def read(self, now: datetime) -> None:
        """Count what the spool holds, the first time."""
        with self._guard:
            if self._was_read:
                return
            for line in self._spool.lines(now):
                if "position" in line:
                    self._count(line)
                else:
                    self._count_click(line)
            self._was_read = True

    def add(self, lines: Sequence[dict[str, Any]], now: datetime) -> None:
        with self._guard:
            self._spool.append(now, *lines)
            for line in lines:
                self._count(line)

    def click(self, line: dict[str, Any], now: datetime) -> bool:
        with self._guard:
            if line["item_id"] not in self._lists.get(line["request_id"], ()):
                return False
            self._spool.append(now, line)
            self._count_click(line)
            return True

    def tried(self) -> dict[str, tuple[int, int]]:
        with self._guard:
            return {item: (shown, clicked) for item, (shown, clicked) in self._tried.items()}

    def _count(self, line: dict[str, Any]) -> None:
        explored = line.get("arm") == EXPLORE
        self._lists.setdefault(str(line["request_id"]), {})[str(line["item_id"])] = explored
        if explored:
            self._tried.setdefault(str(line["item_id"]), [0, 0])[0] += 1
        while len(self._lists) > _MOST_REQUESTS:
            self._lists.popitem(last=False)

    def _count_click(self, line: dict[str, Any]) -> None:
        """A second click on one product of one list counts once."""
        shown = self._lists.get(str(line.get("request_id")), {})
        item = str(line.get("item_id"))
        if shown.get(item):
            self._tried[item][1] += 1
            shown[item] = False
