"""WooCommerce exports: products as its own exporter writes them, orders as the common export plugins do.

A variable product has a row of its own and one for each variation; an order has a row for each line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.catalog.importers import _exports, _frames
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.importers.synonyms import folded
from engine.catalog.records import SourceTable
from engine.catalog.schema import Table
from engine.errors import InvalidFile, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

_PRODUCTS = ("ID", "Type", "SKU", "Name", "Regular price")
_MORE = ("Description", "Short description", "Sale price", "Categories", "Tags", "Stock", "Parent", "Brands")
_ATTRIBUTE = re.compile(r"Attribute (\d+) name")
# How the plugins call a column of orders; the first that is there counts.
_ORDER_WORDS = {
    "order_id": "ordernumber orderid order orderno",
    "time": "orderdate datecreated orderdatetime date",
    "mail": "emailbilling billingemail billingemailaddress customeremail email",
    "customer": "customerid customeruser customeruserid userid",
    "currency": "ordercurrency currency",
    "market": "countrycodeshipping shippingcountry shippingcountrycode countrycodebilling billingcountry billingcountrycode",
    "status": "orderstatus status",
    "variant_id": "sku itemsku productsku lineitemsku",
    "item_id": "productid itemproductid lineitemproductid",
    "quantity": "quantityrefund quantity qty itemquantity lineitemquantity",
    "unit_price": "itemcost itemprice productprice productunitprice lineitemprice price",
    "line_total": "orderlinetotal itemtotal lineitemtotal linetotal",
}
_TELLING = ("mail", "customer", "market", "status")
_LEFT_OUT = ("cancelled", "canceled", "failed", "trash", "draft", "checkout-draft")
_TARGETS = {
    "ID": "item_id",
    "Name": "title",
    "Description": "description",
    "Categories": "category",
    "Brands": "brand",
    "Tags": "attributes.tags",
    "SKU": "variants.variant_id",
    "Regular price": "prices.price",
    "Sale price": "prices.price",
    "Stock": "stock_levels.on_hand",
}
_NOTE = "Shoppers are known by their mail address, else by their customer number; names and streets are left out."


class WooCommerce:
    """Products as `items`, `variants`, `prices` and `stock_levels`, orders with their lines."""

    name = "woocommerce"
    about = "WooCommerce exports of products and orders"

    def recognises(self, bundle: Bundle) -> bool:
        return any(_files(bundle).values())

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise _frames.missing("a WooCommerce export", _PRODUCTS)

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        files = _files(bundle)
        tables = [_frames.source_table(bundle, name, Table.ITEMS, _TARGETS) for name in files[Table.ITEMS]]
        for name in files[Table.ORDERS]:
            targets = {source: target for target, source in _order_columns(bundle.columns(name)).items()}
            tables.append(_frames.source_table(bundle, name, Table.ORDERS, targets))
        return tables, [_NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput(
                "WooCommerce columns are known.", "They take no mapping.", "Import them as generic tables."
            )
        files, notes = _files(bundle), [_NOTE]
        parts: list[tuple[str, _exports.Frames]] = []
        for name in files[Table.ITEMS]:
            options = [place for column in bundle.columns(name) if (place := _ATTRIBUTE.fullmatch(column))]
            pairs = [(found.group(), f"Attribute {found.group(1)} value(s)") for found in options]
            columns = (*_PRODUCTS, *_MORE, *(column for pair in pairs for column in pair))
            parts.append((name, _products(_exports.sheet(bundle, name, columns), pairs)))
        for name in files[Table.ORDERS]:
            found = _order_columns(bundle.columns(name))
            rows = _exports.sheet(bundle, name, list(found.values())).rename(
                columns={source: target for target, source in found.items()}
            )
            frames, note = _orders(rows.reindex(columns=[*_ORDER_WORDS, "__row"]).astype(object))
            parts.append((name, frames))
            notes += [note] if note else []
        broken = _frames.rejected(bundle, {name: (table,) for table, names in files.items() for name in names})
        return Reading(_exports.joined(parts), rejected=broken, notes=tuple(notes))


def _files(bundle: Bundle) -> dict[Table, list[str]]:
    orders = []
    for name in sorted(bundle.tables):
        try:
            found = _order_columns(bundle.columns(name))
        except InvalidFile:
            continue  # a broken file is named when it is read, not while looking around
        if _is_orders(bundle.columns(name), found):
            orders.append(name)
    return {Table.ITEMS: _exports.files_with(bundle, _PRODUCTS), Table.ORDERS: orders}


def _is_orders(columns: Sequence[str], found: dict[str, str]) -> bool:
    """The words are common; only a file that has what tells WooCommerce is taken."""
    telling = sum(name in found for name in _TELLING)
    typical = {"emailbilling", "billingemail", "itemcost", "orderlinetotal", "quantityrefund", "ordercurrency"}
    needed = {"order_id", "time", "quantity"} <= set(found) and ("variant_id" in found or "item_id" in found)
    return needed and telling >= 2 and bool(typical & {folded(column) for column in columns})


def _order_columns(columns: Sequence[str]) -> dict[str, str]:
    names = {folded(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for target, words in _ORDER_WORDS.items():
        word = next((word for word in words.split() if word in names and names[word] not in found.values()), None)
        if word is not None:
            found[target] = names[word]
    return found


def _products(rows: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> dict[Table, pd.DataFrame]:
    kinds = rows["Type"].str.lower().fillna("")
    is_variation = kinds.str.startswith("variation")
    products = rows[~is_variation].rename(columns={"ID": "item_id", "Name": "title"}).copy()
    names, values = products[[name for name, _ in pairs]], products[[value for _, value in pairs]]
    products["description"] = _exports.plain_text(
        products["Description"].where(products["Description"].notna(), products["Short description"])
    )
    products["category"] = products["Categories"].map(_category)
    attribute = _exports.option(names, values, ("brand", "marke", "marque"))
    products["brand"] = products["Brands"].where(products["Brands"].notna(), attribute)
    products["colour"] = _single(_exports.option(names, values, _exports.COLOUR_WORDS))
    products["attributes"] = _exports.objects(products[["Tags"]].rename(columns={"Tags": "tags"}), ["tags"])
    variants = _variants(rows, products, is_variation, pairs)
    wanted = ["item_id", "title", "description", "category", "brand", "colour", "attributes", "__row"]
    counted = variants[variants["Stock"].notna()].copy()
    counted["on_hand"] = counted["Stock"].where(~(_exports.numbers(counted["Stock"]) < 0), "0")
    return {
        Table.ITEMS: products[wanted],
        Table.VARIANTS: variants[["variant_id", "item_id", "size", "colour", "sku", "__row"]],
        Table.STOCK_LEVELS: counted[["variant_id", "on_hand", "__row"]],
        Table.PRICES: _prices(variants),
    }


def _variants(
    rows: pd.DataFrame, products: pd.DataFrame, is_variation: pd.Series[Any], pairs: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Variations, and every product without one as its own only variant."""
    by_sku = dict(zip(products["SKU"], products["item_id"], strict=True))
    parent = rows["Parent"].map(lambda text: _parent(text, by_sku))
    item = rows["ID"].where(~is_variation, parent)
    alone = ~is_variation & ~rows["ID"].isin(set(parent[is_variation]))
    variants = rows[is_variation | alone].copy()
    names, values = variants[[name for name, _ in pairs]], variants[[value for _, value in pairs]]
    variants["item_id"], variants["sku"] = item[variants.index], variants["SKU"]
    variants["variant_id"] = variants["SKU"].where(variants["SKU"].notna(), variants["ID"])
    variants["size"] = _single(_exports.option(names, values, _exports.SIZE_WORDS))
    variants["colour"] = _single(_exports.option(names, values, _exports.COLOUR_WORDS))
    return variants


def _prices(variants: pd.DataFrame) -> pd.DataFrame:
    on_sale = variants["Sale price"].notna()
    priced = variants.assign(
        price=variants["Sale price"].where(on_sale, variants["Regular price"]),
        promotion=on_sale.map({True: "sale", False: None}).astype(object),
    )
    return priced[priced["price"].notna()].drop_duplicates("item_id")[["item_id", "price", "promotion", "__row"]]


def _parent(text: Any, by_sku: dict[Any, Any]) -> str | None:
    """A variation names its product as `id:17` or by SKU."""
    if not isinstance(text, str):
        return None
    return text[3:].strip() if text.lower().startswith("id:") else by_sku.get(text)


def _category(text: Any) -> str | None:
    """The most particular name of the first path: `Women > Dresses, Sale` is `Dresses`."""
    return text.split(",")[0].split(">")[-1].strip() if isinstance(text, str) else None


def _single(values: pd.Series[Any]) -> pd.Series[Any]:
    """A value that is not a list of several."""
    return values.map(lambda text: text if isinstance(text, str) and "," not in text else None)


def _orders(rows: pd.DataFrame) -> tuple[dict[Table, pd.DataFrame], str]:
    orders = _exports.first_by(rows, "order_id")
    status = orders["status"].astype("string").str.lower().str.removeprefix("wc-")
    left_out = orders.loc[status.isin(_LEFT_OUT), "order_id"]
    refunded = set(orders.loc[(status == "refunded").fillna(False), "order_id"])
    note = f"{len(left_out):,} cancelled or failed orders were left out." if len(left_out) else ""
    orders, rows = (frame[~frame["order_id"].isin(left_out)] for frame in (orders, rows))
    mail = _exports.addresses(orders["mail"])
    customer = orders["customer"].where(orders["customer"] != "0", None)  # a guest
    orders = orders.assign(shopper=mail.where(mail.notna(), customer), time=_exports.moments(orders["time"]))
    lines = rows[rows[["variant_id", "item_id", "quantity"]].notna().any(axis=1)].copy()
    each = (_exports.numbers(lines["line_total"]) / _exports.numbers(lines["quantity"]).where(lambda n: n > 0)).round(4)
    lines["unit_price"] = lines["unit_price"].where(
        lines["unit_price"].notna(), each.astype(object).where(each.notna(), None)
    )
    lines["returned"] = lines["order_id"].map(lambda name: "true" if name in refunded else None)
    wanted = ["order_id", "variant_id", "item_id", "quantity", "unit_price", "returned", "__row"]
    return {
        Table.ORDERS: orders[["order_id", "shopper", "time", "market", "currency", "__row"]],
        Table.ORDER_LINES: lines[wanted].assign(
            unit_price=lines["unit_price"].map(lambda v: None if v is None else str(v))
        ),
    }, note
