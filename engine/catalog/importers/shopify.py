"""Shopify exports: products, orders and customers as CSV, one or all of them.

A product has a row for each variant and each further picture; its own columns stand in its first row
only. An order has a row for each line; its own columns stand in the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.catalog.importers import _exports, _frames
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.records import SourceTable
from engine.catalog.schema import Table
from engine.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

_PRODUCTS = ("Handle", "Title", "Variant SKU", "Variant Price")
_ORDERS = ("Name", "Email", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price")
_CUSTOMERS = (("Email", "Total Spent", "Total Orders"), ("Email", "First Name", "Accepts Email Marketing"))
_OPTION_NAMES = [f"Option{place} Name" for place in (1, 2, 3)]
_OPTION_VALUES = [f"Option{place} Value" for place in (1, 2, 3)]
_PRODUCT_COLUMNS = (
    *_PRODUCTS,
    *_OPTION_NAMES,
    *_OPTION_VALUES,
    *("Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Status"),
    *("Variant Inventory Qty", "Variant Compare At Price", "Cost per item"),
)
_ORDER_COLUMNS = (
    *_ORDERS,
    *("Currency", "Shipping Country", "Billing Country", "Financial Status", "Cancelled at"),
    *("Lineitem sku", "Lineitem discount"),
)
_CUSTOMER_COLUMNS = (
    *("Customer ID", "Email", "Total Spent", "Total Orders", "Accepts Email Marketing", "Accepts Marketing"),
    *("Default Address Country Code", "Country Code", "Tags"),
)
_PERSON = {
    "Default Address Country Code": "country",
    "Country Code": "country",
    "Total Orders": "orders",
    "Total Spent": "spent",
    "Accepts Email Marketing": "accepts_marketing",
    "Accepts Marketing": "accepts_marketing",
    "Tags": "tags",
}
_TARGETS: dict[Table, dict[str, str]] = {
    Table.ITEMS: {
        "Handle": "item_id",
        "Title": "title",
        "Body (HTML)": "description",
        "Type": "category",
        "Vendor": "brand",
        "Cost per item": "cost",
        "Tags": "attributes.tags",
        "Variant SKU": "variants.variant_id",
        "Variant Price": "prices.price",
        "Variant Inventory Qty": "stock_levels.on_hand",
    },
    Table.ORDERS: {
        "Name": "order_id",
        "Email": "shopper",
        "Created at": "time",
        "Currency": "currency",
        "Shipping Country": "market",
        "Lineitem sku": "order_lines.variant_id",
        "Lineitem quantity": "order_lines.quantity",
        "Lineitem price": "order_lines.unit_price",
    },
    Table.SHOPPERS: {"Email": "shopper", **{source: f"attributes.{name}" for source, name in _PERSON.items()}},
}
_NOTE = "Shoppers are known by their mail address; names, phone numbers and streets are left out."


class Shopify:
    """Products as `items`, `variants`, `prices` and `stock_levels`, orders with lines, customers."""

    name = "shopify"
    about = "Shopify exports of products, orders and customers"

    def recognises(self, bundle: Bundle) -> bool:
        return any(_files(bundle).values())

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise _frames.missing("a Shopify export", _PRODUCTS)

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        tables = [
            _frames.source_table(bundle, name, table, _TARGETS[table])
            for table, names in _files(bundle).items()
            for name in names
        ]
        return tables, [_NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput("Shopify columns are known.", "They take no mapping.", "Import them as generic tables.")
        files, notes = _files(bundle), [_NOTE]
        parts: list[tuple[str, _exports.Frames]] = []
        titles: dict[str, str] = {}
        for name in files[Table.ITEMS]:
            rows = _exports.sheet(bundle, name, _PRODUCT_COLUMNS)
            parts.append((name, _products(rows)))
            titles |= _titles(rows)
        for name in files[Table.SHOPPERS]:
            parts.append((name, {Table.SHOPPERS: _customers(_exports.sheet(bundle, name, _CUSTOMER_COLUMNS))}))
        for name in files[Table.ORDERS]:
            frames, note = _orders(_exports.sheet(bundle, name, _ORDER_COLUMNS), titles)
            parts.append((name, frames))
            notes += [note] if note else []
        broken = _frames.rejected(bundle, {name: (table,) for table, names in files.items() for name in names})
        return Reading(_exports.joined(parts), rejected=broken, notes=tuple(notes))


def _files(bundle: Bundle) -> dict[Table, list[str]]:
    products, orders = _exports.files_with(bundle, _PRODUCTS), _exports.files_with(bundle, _ORDERS)
    people = [name for name in _exports.files_with(bundle, *_CUSTOMERS) if name not in (*products, *orders)]
    return {Table.ITEMS: products, Table.SHOPPERS: people, Table.ORDERS: orders}


def _products(rows: pd.DataFrame) -> dict[Table, pd.DataFrame]:
    items = _exports.first_by(rows, "Handle")
    items["attributes"] = _exports.objects(
        items[["Tags", "Status"]].rename(columns={"Tags": "tags", "Status": "status"}), ["tags"]
    )
    items["description"] = _exports.plain_text(items["Body (HTML)"])
    category = items["Product Category"].map(lambda path: path.split(" > ")[-1] if isinstance(path, str) else None)
    items["category"] = items["Type"].where(items["Type"].notna(), category)
    named = items.rename(columns={"Handle": "item_id", "Title": "title", "Vendor": "brand", "Cost per item": "cost"})
    wanted = ["item_id", "title", "description", "category", "brand", "cost", "attributes", "__row"]
    variants = _variants(rows)
    return {
        Table.ITEMS: named[wanted],
        Table.VARIANTS: variants[["variant_id", "item_id", "size", "colour", "sku", "__row"]],
        Table.STOCK_LEVELS: _stock(variants),
        Table.PRICES: _prices(variants),
    }


def _variants(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that are variants, not further pictures; option names stand in the product's first row."""
    is_variant = rows[["Variant SKU", "Variant Price", *_OPTION_VALUES]].notna().any(axis=1)
    variants = rows[is_variant & rows["Handle"].notna()].copy()
    names = variants[["Handle"]].merge(
        rows.groupby("Handle", sort=False)[_OPTION_NAMES].first().reset_index(), on="Handle", how="left"
    )
    names = names[_OPTION_NAMES].set_index(variants.index)
    values = variants[_OPTION_VALUES]
    variants["size"] = _exports.option(names, values, _exports.SIZE_WORDS)
    variants["colour"] = _exports.option(names, values, _exports.COLOUR_WORDS)
    variants["sku"] = _skus(variants["Variant SKU"])
    choices = values.apply(lambda row: "/".join(value for value in row if isinstance(value, str)), axis=1)
    stand_in = variants["Handle"] + "/" + (choices if len(variants) else "")
    variants["variant_id"] = variants["sku"].where(variants["sku"].notna(), stand_in)
    return variants.rename(columns={"Handle": "item_id"})


def _skus(values: pd.Series[Any]) -> pd.Series[Any]:
    """Shopify writes an apostrophe before what a spreadsheet would take for a number."""
    return values.map(lambda text: text.removeprefix("'") if isinstance(text, str) else None)


def _stock(variants: pd.DataFrame) -> pd.DataFrame:
    """Pieces on hand; an oversold variant has none."""
    counted = variants[variants["Variant Inventory Qty"].notna()].copy()
    sold_out = _exports.numbers(counted["Variant Inventory Qty"]) < 0
    counted["on_hand"] = counted["Variant Inventory Qty"].where(~sold_out, "0")
    return counted[["variant_id", "on_hand", "__row"]]


def _prices(variants: pd.DataFrame) -> pd.DataFrame:
    """The price of a product's first variant that has one; a higher compare-at price makes it a sale."""
    priced = variants[variants["Variant Price"].notna()].drop_duplicates("item_id").copy()
    before = _exports.numbers(priced["Variant Compare At Price"])
    on_sale = before > _exports.numbers(priced["Variant Price"])
    priced["promotion"] = on_sale.map({True: "sale", False: None}).astype(object)
    return priced.rename(columns={"Variant Price": "price"})[["item_id", "price", "promotion", "__row"]]


def _titles(rows: pd.DataFrame) -> dict[str, str]:
    named = rows[rows["Handle"].notna() & rows["Title"].notna()]
    return dict(zip(named["Title"], named["Handle"], strict=True))


def _orders(rows: pd.DataFrame, titles: dict[str, str]) -> tuple[dict[Table, pd.DataFrame], str]:
    orders = _exports.first_by(rows, "Name")
    cancelled = orders.loc[orders["Cancelled at"].notna(), "Name"]
    orders, rows = (frame[~frame["Name"].isin(cancelled)] for frame in (orders, rows))
    note = f"{len(cancelled):,} cancelled orders were left out." if len(cancelled) else ""
    orders = orders.assign(
        shopper=_exports.addresses(orders["Email"]),
        time=_exports.moments(orders["Created at"]),
        market=orders["Shipping Country"].where(orders["Shipping Country"].notna(), orders["Billing Country"]),
    ).rename(columns={"Name": "order_id", "Currency": "currency"})
    refunded = set(orders.loc[orders["Financial Status"].str.lower() == "refunded", "order_id"])
    lines = rows[rows[["Lineitem quantity", "Lineitem name"]].notna().any(axis=1)].copy()
    lines["variant_id"] = _skus(lines["Lineitem sku"])
    by_title = lines["Lineitem name"].map(lambda name: _handle(name, titles))
    lines["item_id"] = by_title.where(lines["variant_id"].isna(), None).astype(object)
    lines["discount"] = _exports.discount_share(
        lines["Lineitem discount"], lines["Lineitem quantity"], lines["Lineitem price"]
    )
    lines["returned"] = lines["Name"].map(lambda name: "true" if name in refunded else None)
    named = {"Name": "order_id", "Lineitem quantity": "quantity", "Lineitem price": "unit_price"}
    wanted = ["order_id", "variant_id", "item_id", "quantity", "unit_price", "discount", "returned", "__row"]
    return {
        Table.ORDERS: orders[["order_id", "shopper", "time", "market", "currency", "__row"]],
        Table.ORDER_LINES: lines.rename(columns=named)[wanted],
    }, note


def _handle(name: Any, titles: dict[str, str]) -> str | None:
    """The product of a line without SKU, by its title: `Red dress - S / Red`."""
    if not isinstance(name, str):
        return None
    return titles.get(name) or titles.get(name.rsplit(" - ", 1)[0])


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    mail = _exports.addresses(rows["Email"])
    rows["shopper"] = mail.where(mail.notna(), rows["Customer ID"])
    known: dict[str, Any] = {}
    for source, name in _PERSON.items():
        known[name] = known[name].where(known[name].notna(), rows[source]) if name in known else rows[source]
    rows["attributes"] = _exports.objects(rows.assign(**known)[list(known)], ["tags"])
    return rows[["shopper", "attributes", "__row"]]
