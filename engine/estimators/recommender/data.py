"""From a snapshot's tables to the arrays that recommenders work on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from engine.catalog.schema import EventKind, Table
from engine.recommenders import content
from engine.recommenders.events import Codes, EventLog
from engine.recommenders.price_bands import bands

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.catalog.dataset import Dataset

AGE_BANDS = ("under 25", "25-34", "35-44", "45-54", "55-64", "65 and over")
_AGE_EDGES = (25, 35, 45, 55, 65)
_PLAUSIBLE_AGE = (14, 100)
_SUCCESSES = (EventKind.PURCHASE, EventKind.RENTAL)
EVENT_FACETS = ("occasion", "size")
_MOST_SEGMENTS = 30
_DAY = 86_400_000_000


@dataclass(frozen=True)
class ShopData:
    """A shop's items, shoppers and events under fixed row numbers.

    Parameters
    ----------
    item_facets, shopper_facets : dict of str to Codes
        Category, brand, ... by item; age band and segment by shopper.
    texts : tuple of str
        Title and description by item.
    candidate : ndarray of bool, shape (n_items,)
        Items that existed in the time that the events cover; only these may be recommended.
    price : ndarray of float64, shape (n_items,)
        In shop currency, NaN where unknown.
    now : float
        Day from which the past is seen.
    vectors : ndarray of float32, shape (n_items, n_dimensions), or None
        Embeddings of words, where they were made.
    """

    item_ids: tuple[str, ...]
    shopper_ids: tuple[str, ...]
    item_facets: dict[str, Codes]
    attribute_facets: dict[str, Codes]
    shopper_facets: dict[str, Codes]
    texts: tuple[str, ...]
    created: NDArray[np.float64]
    price: NDArray[np.float64]
    candidate: NDArray[np.bool_]
    log: EventLog
    now: float
    vectors: NDArray[np.float32] | None = None

    @cached_property
    def content(self) -> csr_matrix:
        """Sparse description of each item, rows of unit norm."""
        columns = [*self.item_facets.values(), *self.attribute_facets.values()]
        return content.features(columns, self.texts)

    def until(self, rows: NDArray[np.bool_], now: float, candidate: NDArray[np.bool_]) -> Self:
        """The same shop with some of its events, seen from another day."""
        return replace(self, log=self.log.take(rows), now=now, candidate=candidate)


def read(dataset: Dataset, event_weights: Mapping[str, float]) -> ShopData:
    """All of a snapshot, with items in the order of their table."""
    items = dataset.frame(Table.ITEMS).drop_duplicates("item_id", keep="last")
    events = _events(dataset)
    events = events[events["event"].map(lambda kind: event_weights.get(kind, 0.0) > 0)]
    item_ids, shopper_ids = pd.Index(items["item_id"]), _shopper_index(dataset, events)
    events = events[events["item_id"].isin(item_ids)]
    log = _log(events, item_ids, shopper_ids, event_weights)
    facets = {name: codes(items[name]) for name in ("category", "brand", "colour") if items[name].notna().any()}
    price = _prices(dataset).reindex(item_ids).to_numpy(np.float64)
    if np.isfinite(price).any():
        facets["price"] = bands(price, facets.get("category", Codes(np.full(len(items), -1, np.int32), ())))
    return ShopData(
        item_ids=tuple(item_ids),
        shopper_ids=tuple(shopper_ids),
        item_facets=facets,
        attribute_facets=_attributes(items),
        shopper_facets=_profiles(dataset, shopper_ids),
        texts=tuple((items["title"].fillna("") + " " + items["description"].fillna("")).str.strip()),
        created=days(items["created_at"]),
        price=price,
        candidate=np.ones(len(items), dtype=bool),
        log=log,
        now=float(log.day.max()) if log.day is not None and len(log) else 0.0,
        vectors=None if dataset.vectors is None else dataset.vectors[items.index.to_numpy()],
    )


def days(times: pd.Series[Any]) -> NDArray[np.float64]:
    """UTC times as days since 1970, NaN where there is none."""
    stamps = pd.to_datetime(times, utc=True).astype("datetime64[us, UTC]")
    found: NDArray[np.float64] = stamps.astype("int64").to_numpy().astype(np.float64) / _DAY
    found[stamps.isna().to_numpy()] = np.nan
    return found


def codes(values: pd.Series[Any]) -> Codes:
    """A text column as sorted labels and their codes."""
    found, labels = pd.factorize(values.astype("string").str.strip().replace("", pd.NA), sort=True)
    return Codes(found.astype(np.int32), tuple(str(label) for label in labels))


def age_bands(age: pd.Series[Any]) -> Codes:
    """Ages in bands; implausible ones count as unknown."""
    years = pd.to_numeric(age, errors="coerce").to_numpy(np.float64)
    known = (years >= _PLAUSIBLE_AGE[0]) & (years <= _PLAUSIBLE_AGE[1])
    found = np.where(known, np.searchsorted(_AGE_EDGES, np.where(known, years, 0.0), side="right"), -1)
    return Codes(found.astype(np.int32), AGE_BANDS)


def _events(dataset: Dataset) -> pd.DataFrame:
    """Interactions and order lines as one frame; order lines replace purchase events where both exist."""
    wanted = ["shopper", "item_id", "event", "time", "context"]
    frame = dataset.frame(Table.INTERACTIONS, wanted)
    for name, values in _context(frame.pop("context")).items():
        frame[name] = values
    orders = _orders(dataset)
    if len(orders):
        frame = pd.concat([frame[frame["event"] != EventKind.PURCHASE], orders], ignore_index=True)
    return frame[frame["shopper"].notna()]


def _context(raw: pd.Series[Any]) -> dict[str, NDArray[Any]]:
    """Occasion and size of each event; each distinct text is parsed once."""
    place, texts = pd.factorize(raw)
    parsed = [json.loads(text) for text in texts]
    answer = {}
    for name in EVENT_FACETS:
        values = np.array([_label(entry.get(name)) for entry in parsed] + [None], dtype=object)
        answer[name] = values[place]
    return answer


def _label(value: Any) -> str | None:
    if value is None or value != value or isinstance(value, (dict, list)) or str(value).strip() == "":
        return None
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _orders(dataset: Dataset) -> pd.DataFrame:
    if not (dataset.rows(Table.ORDERS) and dataset.rows(Table.ORDER_LINES)):
        return pd.DataFrame()
    lines = dataset.frame(Table.ORDER_LINES, ["order_id", "item_id", "variant_id"])
    orders = dataset.frame(Table.ORDERS, ["order_id", "shopper", "time"])
    found = lines.merge(orders.drop_duplicates("order_id"), on="order_id")
    found["size"] = None
    if dataset.has(Table.VARIANTS, "size"):
        sizes = dataset.frame(Table.VARIANTS, ["variant_id", "size"]).drop_duplicates("variant_id")
        found["size"] = found["variant_id"].map(sizes.set_index("variant_id")["size"])
    return found.assign(event=str(EventKind.PURCHASE), occasion=None)[
        ["shopper", "item_id", "event", "time", *EVENT_FACETS]
    ]


def _shopper_index(dataset: Dataset, events: pd.DataFrame) -> pd.Index[Any]:
    known = dataset.frame(Table.SHOPPERS, ["shopper"])["shopper"]
    return pd.Index(pd.concat([known, events["shopper"]]).dropna().drop_duplicates())


def _log(events: pd.DataFrame, items: pd.Index[Any], shoppers: pd.Index[Any], weights: Mapping[str, float]) -> EventLog:
    strong = events["event"].isin(_SUCCESSES).to_numpy()
    facets = {name: codes(events[name]) for name in EVENT_FACETS if events[name].notna().any()}
    return EventLog(
        shopper=shoppers.get_indexer(events["shopper"]).astype(np.int32),
        item=items.get_indexer(events["item_id"]).astype(np.int32),
        weight=events["event"].map(dict(weights)).to_numpy(np.float32),
        day=_known_days(events["time"]),
        strong=strong if strong.any() else np.ones(len(events), dtype=bool),
        n_shoppers=len(shoppers),
        n_items=len(items),
        facets=facets,
    )


def _known_days(times: pd.Series[Any]) -> NDArray[np.float64] | None:
    """Days of events, or None when the shop tells no times; a missing one counts as the oldest."""
    found = days(times)
    if not np.isfinite(found).any():
        return None
    return np.where(np.isfinite(found), found, np.nanmin(found))


def _prices(dataset: Dataset) -> pd.Series[Any]:
    """Median price by item, from the price list or else from what was paid."""
    if dataset.rows(Table.PRICES):
        return dataset.frame(Table.PRICES, ["item_id", "price"]).groupby("item_id")["price"].median()
    lines = dataset.frame(Table.ORDER_LINES, ["item_id", "unit_price"])
    return lines.groupby("item_id")["unit_price"].median()


def _attributes(items: pd.DataFrame) -> dict[str, Codes]:
    """Season and every plain attribute that at least two items share a value of."""
    rows = [json.loads(text) if isinstance(text, str) else {} for text in items["attributes"]]
    columns: dict[str, list[str | None]] = {"season": [_label(value) for value in items["season"]]}
    for name in sorted({key for row in rows for key in row}):
        columns[f"attribute:{name}"] = [_label(row.get(name)) for row in rows]
    found = {name: codes(pd.Series(values, dtype="object")) for name, values in columns.items()}
    return {name: column for name, column in found.items() if 0 < len(column.labels) < (column.codes >= 0).sum()}


def _profiles(dataset: Dataset, shoppers: pd.Index[Any]) -> dict[str, Codes]:
    """Age band and segment; where the shop has no segments, the text attribute known of most shoppers stands in."""
    wanted = ["shopper", "age", "segment", "attributes"]
    frame = dataset.frame(Table.SHOPPERS, wanted).drop_duplicates("shopper", keep="last")
    frame = frame.set_index("shopper").reindex(shoppers)
    segment = codes(frame["segment"]) if frame["segment"].notna().any() else _stand_in(frame["attributes"])
    found = {}
    if frame["age"].notna().any():
        found["age"] = age_bands(frame["age"])
    if segment is not None:
        found["segment"] = segment
    return found


def _stand_in(attributes: pd.Series[Any]) -> Codes | None:
    """The best known text attribute with few values."""
    place, texts = pd.factorize(attributes)
    parsed = [json.loads(text) for text in texts] + [{}]
    columns = []
    for name in sorted({key for row in parsed for key, value in row.items() if isinstance(value, str)}):
        values = np.array([_label(row.get(name)) for row in parsed], dtype=object)[place]
        columns.append(codes(pd.Series(values, dtype="object")))
    fitting = [column for column in columns if 1 < len(column.labels) <= _MOST_SEGMENTS]
    return max(fitting, key=lambda column: int((column.codes >= 0).sum()), default=None)
