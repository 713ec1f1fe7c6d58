"""Rent The Runway rentals with fit feedback (Misra, Wan, McAuley, RecSys 2018).

One row is one rental. The data names no product: titles are made from category and id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog.importers import _frames
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.records import SourceTable
from engine.catalog.schema import EventKind, Table
from engine.errors import InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = ("user_id", "item_id", "fit", "rented_for", "category", "size", "review_date")
_BODY = {"height_in": "height_in", "weight_lbs": "weight_lbs", "body_type": "body_type", "bust_size": "bust_size"}
_OPTIONAL = ("rating", "age", "height_in", "weight_lbs", "body_type", "bust_size_num", "bust_size_letter")
_TARGETS = {
    "user_id": "shopper",
    "item_id": "item_id",
    "rating": "value",
    "review_date": "time",
    "rented_for": "context.occasion",
    "size": "context.size",
    "fit": "context.fit",
}
_NOTE = "The data has no product names: titles are made from category and id, such as 'Gown 153475'."


class RentTheRunway:
    """Rentals as `interactions` and `reviews`, their products as `items`, their people as `shoppers`."""

    name = "rent_the_runway"
    about = "Rent The Runway rentals and fit feedback"

    def recognises(self, bundle: Bundle) -> bool:
        return _frames.table_with(bundle, _NEEDED) is not None

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise _frames.missing("Rent The Runway", _NEEDED)

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        name = _frames.table_with(bundle, _NEEDED) or ""
        return [_frames.source_table(bundle, name, Table.INTERACTIONS, _TARGETS)], [_NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput(
                "Rent The Runway columns are known.", "It takes no mapping.", "Import it as generic tables."
            )
        name = _frames.table_with(bundle, _NEEDED) or ""
        rows = _frames.frame(bundle, name, (*_NEEDED, *_OPTIONAL))
        rows["size"] = rows["size"].astype("string").astype(object)  # a label, as in every other shop
        tables = {
            Table.ITEMS: _frames.arrow(_items(rows), name),
            Table.SHOPPERS: _frames.arrow(_shoppers(rows), name),
            Table.INTERACTIONS: _frames.arrow(_rentals(rows), name),
            Table.REVIEWS: _frames.arrow(_reviews(rows), name),
        }
        broken = _frames.rejected(bundle, {name: (Table.INTERACTIONS, Table.REVIEWS)})
        return Reading(tables, rejected=broken, notes=(_NOTE,))


def _items(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a product; its category is the one most of its rentals have."""
    counts = rows.groupby(["item_id", "category"], sort=False, dropna=False).agg(
        n=("__row", "size"), row=("__row", "min")
    )
    best = counts.reset_index().sort_values("n", ascending=False, kind="stable").drop_duplicates("item_id")
    best = best.sort_values("row")
    label = best["category"].fillna("item").astype(str)
    titles = label.str.capitalize() + " " + best["item_id"].astype(str)
    return best.assign(title=titles, __row=best["row"])[["item_id", "title", "category", "__row"]]


def _shoppers(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a person, with what their latest rentals tell."""
    known = rows.assign(bust_size=_bust(rows)).sort_values("review_date", kind="stable")
    grouped = known.groupby("user_id", sort=False)
    people = grouped[["age", *_BODY.values()]].last()
    people["__row"] = grouped["__row"].min()
    people = people.reset_index().rename(columns={"user_id": "shopper"})
    people["attributes"] = _frames.json_column(people, _BODY)
    people["sizes"] = people["shopper"].map(_sizes(known))
    return people[["shopper", "age", "sizes", "attributes", "__row"]].sort_values("__row")


def _bust(rows: pd.DataFrame) -> pd.Series[str]:
    """Band and cup as people write them, such as '34d'."""
    band = rows["bust_size_num"].astype("Int64").astype("string")
    return (band + rows["bust_size_letter"].astype("string")).astype(object)


def _sizes(known: pd.DataFrame) -> dict[object, str]:
    """The size last rented in each category, by person."""
    last = known.drop_duplicates(["user_id", "category"], keep="last").dropna(subset=["category", "size"])
    sizes: dict[object, dict[str, str]] = {}
    for person, category, size in zip(last["user_id"], last["category"], last["size"], strict=True):
        sizes.setdefault(person, {})[str(category)] = str(size)
    return {person: canonical_json(by_category) for person, by_category in sizes.items()}


def _rentals(rows: pd.DataFrame) -> pd.DataFrame:
    context = _frames.json_column(rows, {"rented_for": "occasion", "size": "size", "fit": "fit"})
    rented = rows.rename(columns={"user_id": "shopper", "rating": "value", "review_date": "time"})
    return rented.assign(event=EventKind.RENTAL.value, context=context)[
        ["shopper", "item_id", "event", "value", "time", "context", "__row"]
    ]


def _reviews(rows: pd.DataFrame) -> pd.DataFrame:
    named = rows.rename(columns={"user_id": "shopper", "review_date": "time"})
    return named[["item_id", "shopper", "time", "rating", "size", "fit", "__row"]]
