"""What was sold and seen, by item and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from engine.catalog.schema import EventKind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

_DAY_US = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Log:
    """One row an event, in order of item and day.

    Attributes
    ----------
    item : ndarray of int64
        Index into the items.
    day : ndarray of int64
        Days since 1970.
    count : ndarray of float64
        Pieces or looks.
    paid, discount : ndarray of float64
        Price of a piece and the share taken off its list price; NaN where unknown.
    variant : ndarray of object
        Variant id or None.
    """

    item: NDArray[np.int64]
    day: NDArray[np.int64]
    count: NDArray[np.float64]
    paid: NDArray[np.float64]
    discount: NDArray[np.float64]
    variant: NDArray[np.object_]

    def grid(self, low: int, high: int, begin: int, days: int) -> NDArray[np.float64]:
        """Sums by item and day, shape (high - low, days)."""
        begins, ends = np.searchsorted(self.item, (low, high))
        item, day = self.item[begins:ends] - low, self.day[begins:ends] - begin
        inside = (day >= 0) & (day < days)
        place = item[inside] * days + day[inside]
        found = np.bincount(place, weights=self.count[begins:ends][inside], minlength=(high - low) * days)
        return found.astype(np.float64).reshape(high - low, days)


def days(times: pd.Series[Any]) -> NDArray[np.float64]:
    """UTC times as whole days since 1970, NaN where there is none."""
    stamps = pd.to_datetime(times, utc=True).astype("datetime64[us, UTC]")
    whole: NDArray[np.float64] = np.floor_divide(stamps.astype("int64").to_numpy(), _DAY_US).astype(np.float64)
    whole[stamps.isna().to_numpy()] = np.nan
    return whole


def sold(dataset: Dataset, ids: pd.Index[Any]) -> Log:
    """Order lines, or purchases where the shop has no dated ones."""
    found = _log(_lines(dataset), ids)
    return found if len(found.item) else _log(_events(dataset, (EventKind.PURCHASE,)), ids)


def viewed(dataset: Dataset, ids: pd.Index[Any]) -> Log:
    """Looks at items; none where the shop does not tell them."""
    return _log(_events(dataset, (EventKind.VIEW,)), ids)


def _lines(dataset: Dataset) -> pd.DataFrame:
    wanted = ["order_id", "item_id", "variant_id", "quantity", "unit_price", "discount"]
    lines = dataset.frame(Table.ORDER_LINES, wanted)
    orders = dataset.frame(Table.ORDERS, ["order_id", "time"]).drop_duplicates("order_id", keep="last")
    found = lines.merge(orders, on="order_id", how="left")
    return pd.DataFrame(
        {
            "item_id": found["item_id"],
            "day": days(found["time"]),
            "count": found["quantity"].astype(np.float64).fillna(1.0),
            "paid": found["unit_price"],
            "discount": found["discount"],
            "variant": found["variant_id"],
        }
    )


def _events(dataset: Dataset, kinds: tuple[EventKind, ...]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.compute as pc

    events = dataset.arrow(Table.INTERACTIONS, ["item_id", "event", "time"])
    events = events.filter(pc.is_in(events["event"], value_set=pa.array([str(kind) for kind in kinds])))
    found = events.select(["item_id", "time"]).to_pandas()
    return pd.DataFrame(
        {
            "item_id": found["item_id"],
            "day": days(found["time"]),
            "count": 1.0,
            "paid": np.nan,
            "discount": np.nan,
            "variant": None,
        }
    )


def _log(frame: pd.DataFrame, ids: pd.Index[Any]) -> Log:
    item = ids.get_indexer(frame["item_id"])
    day, count = frame["day"].to_numpy(np.float64), frame["count"].to_numpy(np.float64)
    known = np.flatnonzero((item >= 0) & np.isfinite(day) & (count > 0))
    order = known[np.lexsort((day[known], item[known]))]
    return Log(
        item=item[order].astype(np.int64),
        day=day[order].astype(np.int64),
        count=count[order],
        paid=frame["paid"].to_numpy(np.float64)[order],
        discount=frame["discount"].to_numpy(np.float64)[order],
        variant=frame["variant"].to_numpy(object)[order],
    )
