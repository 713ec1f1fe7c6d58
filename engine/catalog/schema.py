"""The canonical tables of a shop: the one vocabulary for every column name.

A shop is one catalogue with its shoppers and events (`demo`, `rent_the_runway`, ...). Everything
beyond ids is optional: a feature asks `TableSpec.column` what it needs and works without the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["id", "text", "float", "int", "bool", "time", "json"]


class Table(StrEnum):
    """Canonical table names."""

    ITEMS = "items"
    VARIANTS = "variants"
    STOCK_LEVELS = "stock_levels"
    PRICES = "prices"
    SHOPPERS = "shoppers"
    ORDERS = "orders"
    ORDER_LINES = "order_lines"
    INTERACTIONS = "interactions"
    REVIEWS = "reviews"
    IMPRESSIONS = "impressions"
    RECORDS = "records"


class EventKind(StrEnum):
    """What a shopper did, in `interactions.event`."""

    VIEW = "view"
    CART = "cart"
    FAVOURITE = "favourite"
    RENTAL = "rental"
    RATING = "rating"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind and what a good value is.

    `minimum` and `maximum` are inclusive; `values` is a closed list; `past` refuses times in the future.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    past: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One canonical table.

    `key` identifies a row (empty: rows are events and may repeat); `references` maps a column to
    the table whose key it must join.
    """

    table: Table
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[tuple[str, Table], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; `KeyError` when the table has none."""
        return {column.name: column for column in self.columns}[name]

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema that every stored part of the table has, all columns present."""
        import pyarrow as pa

        types = {
            "id": pa.string(),
            "text": pa.string(),
            "json": pa.string(),
            "float": pa.float64(),
            "int": pa.int64(),
            "bool": pa.bool_(),
            "time": pa.timestamp("us", tz="UTC"),
        }
        return pa.schema([pa.field(column.name, types[column.kind]) for column in self.columns])


def _id(name: str, about: str, *, required: bool = True) -> Column:
    return Column(name, "id", about, required=required)


def _money(name: str, about: str, *, required: bool = False) -> Column:
    return Column(name, "float", about, required=required, minimum=0.0, maximum=1e7)


TABLES: dict[Table, TableSpec] = {
    spec.table: spec
    for spec in (
        TableSpec(
            Table.ITEMS,
            "Products as the shop shows them",
            (
                _id("item_id", "Product id"),
                Column("title", "text", "Name on the product card"),
                Column("description", "text", "Copy"),
                Column("category", "text", "Product type, such as 'dresses'"),
                Column("brand", "text", "Brand"),
                Column("colour", "text", "Main colour"),
                Column("season", "text", "Season, such as 'SS26'"),
                _money("cost", "Purchase cost in shop currency"),
                Column("image", "text", "Digest of the product picture in the artifact store"),
                Column("created_at", "time", "First day in the shop", past=True),
                Column("attributes", "json", "Further attributes as a JSON object"),
            ),
            key=("item_id",),
        ),
        TableSpec(
            Table.VARIANTS,
            "Sizes and colours of a product",
            (
                _id("variant_id", "Variant id"),
                _id("item_id", "Product id"),
                Column("size", "text", "Size label"),
                Column("colour", "text", "Colour"),
                Column("sku", "text", "Stock keeping unit"),
            ),
            key=("variant_id",),
            references=(("item_id", Table.ITEMS),),
        ),
        TableSpec(
            Table.STOCK_LEVELS,
            "Stock on hand",
            (
                _id("variant_id", "Variant id"),
                Column("time", "time", "When it was counted", required=True, past=True),
                Column("on_hand", "int", "Pieces", required=True, minimum=0, maximum=1e9),
            ),
            key=("variant_id", "time"),
            references=(("variant_id", Table.VARIANTS),),
        ),
        TableSpec(
            Table.PRICES,
            "Price of a product in a market over time",
            (
                _id("item_id", "Product id"),
                Column("market", "text", "Market, such as 'DE'"),
                Column("from", "time", "First moment of validity"),
                Column("to", "time", "End of validity, empty while it holds"),
                _money("price", "Price in shop currency", required=True),
                Column("promotion", "text", "Promotion name"),
            ),
            key=("item_id", "market", "from"),
            references=(("item_id", Table.ITEMS),),
        ),
        TableSpec(
            Table.SHOPPERS,
            "People, under a pseudonym",
            (
                _id("shopper", "Shopper id; stored as a pseudonym"),
                Column("age", "float", "Age in years", minimum=0, maximum=120),
                Column("segment", "text", "Segment"),
                Column("sizes", "json", "Usual sizes by category as a JSON object"),
                Column("attributes", "json", "Further attributes as a JSON object"),
            ),
            key=("shopper",),
        ),
        TableSpec(
            Table.ORDERS,
            "Orders",
            (
                _id("order_id", "Order id"),
                _id("shopper", "Shopper id; stored as a pseudonym", required=False),
                Column("time", "time", "When it was placed", past=True),
                Column("market", "text", "Market"),
                Column("currency", "text", "ISO 4217 code"),
            ),
            key=("order_id",),
        ),
        TableSpec(
            Table.ORDER_LINES,
            "What was ordered",
            (
                _id("order_id", "Order id"),
                _id("variant_id", "Variant id", required=False),
                _id("item_id", "Product id"),
                Column("quantity", "int", "Pieces", minimum=0, maximum=1e6),
                _money("unit_price", "Price paid per piece"),
                Column("discount", "float", "Share of the list price taken off, 0 to 1", minimum=0, maximum=1),
                Column("returned", "bool", "Sent back"),
            ),
            references=(("order_id", Table.ORDERS), ("item_id", Table.ITEMS)),
        ),
        TableSpec(
            Table.INTERACTIONS,
            "What shoppers did with products",
            (
                _id("shopper", "Shopper id; stored as a pseudonym"),
                _id("item_id", "Product id"),
                Column("event", "text", "Kind of event", required=True, values=tuple(EventKind)),
                Column("value", "float", "Strength, such as a rating of 0 to 10", minimum=-1e6, maximum=1e6),
                Column("time", "time", "When it happened", past=True),
                Column("context", "json", "Occasion, size, device, ... as a JSON object"),
            ),
            references=(("item_id", Table.ITEMS),),
        ),
        TableSpec(
            Table.REVIEWS,
            "What shoppers wrote",
            (
                _id("item_id", "Product id"),
                _id("shopper", "Shopper id; stored as a pseudonym", required=False),
                Column("time", "time", "When it was written", past=True),
                Column("rating", "float", "Rating in the shop's own scale", minimum=0, maximum=100),
                Column("title", "text", "Headline"),
                Column("text", "text", "Review"),
                Column("size", "text", "Size bought"),
                Column("fit", "text", "How it fitted", values=("small", "fit", "large")),
                Column("recommended", "bool", "Whether the shopper recommends it"),
            ),
            references=(("item_id", Table.ITEMS),),
        ),
        TableSpec(
            Table.IMPRESSIONS,
            "What shoppers were shown",
            (
                _id("request_id", "Request id"),
                _id("shopper", "Shopper id; stored as a pseudonym", required=False),
                _id("item_id", "Product id"),
                Column("position", "int", "Place, from 0", minimum=0, maximum=1e6),
                Column("surface", "text", "Where it was shown"),
                Column("arm", "text", "Policy or experiment arm"),
                Column("propensity", "float", "Probability of showing it there", minimum=0, maximum=1),
                Column("clicked", "bool", "Clicked"),
                Column("time", "time", "When it was shown", past=True),
            ),
            references=(("item_id", Table.ITEMS),),
        ),
        TableSpec(
            Table.RECORDS,
            "Rows of any other table",
            (
                _id("record_id", "Row id, unique within its sheet"),
                Column("sheet", "text", "Name of the table that the row is from"),
                Column("time", "time", "The moment that the row is about"),
                _id("shopper", "Shopper id; stored as a pseudonym", required=False),
                _id("item_id", "Product id", required=False),
                Column("values", "json", "The row's other columns as a JSON object", required=True),
            ),
            key=("sheet", "record_id"),
        ),
    )
}
