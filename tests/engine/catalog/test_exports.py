"""Shopify and WooCommerce exports, as their shops write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.catalog.records import ImportReport, Mode
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.errors import InvalidFile, InvalidInput
from tests.engine.catalog.conftest import ACTOR, Door

Put = Callable[..., Path]

PRODUCTS = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Image Position,Cost per item,Status
red-dress,Red dress,"<p>Silk &amp; lace.</p><script>alert(1)</script>",Acme,Apparel > Clothing > Dresses,,"summer, SS26",true,Size,S,Color,Red,,,'0012,200,shopify,4,79.00,99.00,https://cdn.example/a.jpg,1,30.00,active
red-dress,,,,,,,,,M,,Red,,,0013,200,shopify,-2,79.00,99.00,https://cdn.example/b.jpg,2,,
red-dress,,,,,,,,,,,,,,,,,,,,https://cdn.example/c.jpg,3,,
belt,Belt,,Acme,,Accessories,,true,Title,Default Title,,,,,,50,shopify,,19.50,,,,,draft
"""
ORDERS = """Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Shipping Country,Billing Country,Cancelled at
#1001,Jane@Example.org,paid,2026-01-05 10:00:00 -0500,EUR,98.5,2026-01-05 10:00:00 -0500,1,Red dress - S / Red,79.00,'0012,7.90,DE,DE,
#1001,,,,,,,2,Belt,19.50,,0,,,
#1002,joe@example.org,refunded,,EUR,79,2026-01-06 11:00:00 +0100,1,Red dress - M / Red,79.00,0013,0.00,,FR,
#1003,eve@example.org,voided,,EUR,79,2026-01-06 11:00:00 +0100,1,Red dress - M / Red,79.00,0013,0.00,,FR,2026-01-07 09:00:00 +0100
#1004,eve@example.org,paid,,EUR,5,2026-01-06 11:00:00 +0100,1,Gift card,5.00,GIFT,0.00,,FR,
"""
CUSTOMERS = """Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Phone,Total Spent,Total Orders,Note,Tags
'77,Jane,Doe,jane@example.org,yes,DE,+49 1,98.50,1,likes silk,"vip, newsletter"
'78,Nameless,One,,no,,,0.00,0,,
"""
WOO_PRODUCTS = """ID,Type,SKU,Name,Published,Short description,Description,In stock?,Stock,Sale price,Regular price,Categories,Tags,Images,Parent,Brands,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)
10,variable,DR,Red dress,1,,<b>Silk</b> dress,1,,,,"Women > Dresses, Sale",summer,,,Acme,Size,"S, M",Color,Red
11,variation,DR-S,Red dress - S,1,,,1,3,69,79,,,,id:10,,Size,S,Color,Red
12,variation,DR-M,Red dress - M,1,,,1,-1,,79,,,,DR,,Size,M,Color,Red
13,simple,,Belt,1,A belt,,1,8,,19.5,Accessories,,,,,,,,
"""
WOO_ORDERS = """Order Number,Order Status,Order Date,First Name (Billing),Email (Billing),Country Code (Billing),Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code
501,Completed,2026-01-05 10:00,Jane,Jane@example.org,DE,98.5,DR-S,1,Red dress - S,1,69,
501,,,,,,,13,2,Belt,2,19.5,
502,wc-refunded,2026-01-06 10:00,Joe,joe@example.org,FR,79,DR-M,1,Red dress - M,1,79,
503,cancelled,2026-01-06 10:00,Joe,joe@example.org,FR,79,DR-M,1,Red dress - M,1,79,
"""


def run(catalog: CatalogService, path: Path, importer: str | None = None) -> ImportReport:
    return catalog.run_import(actor=ACTOR, shop="shop", path=path, importer=importer)


@pytest.fixture
def shopify(put: Put) -> Path:
    put("export/products_export.csv", PRODUCTS)
    put("export/customers_export.csv", CUSTOMERS)
    return put("export/orders_export.csv", ORDERS).parent


def test_a_whole_shopify_export(catalog: CatalogService, door: Door, shopify: Path) -> None:
    assert catalog.inspect(path=shopify).importer == "shopify"
    report = run(catalog, shopify)
    counts = {name: (table.read, table.accepted) for name, table in report.summary.items()}
    assert counts == {
        "items": (2, 2),
        "variants": (3, 3),
        "stock_levels": (2, 2),
        "prices": (2, 2),
        "shoppers": (2, 2),
        "orders": (3, 3),
        "order_lines": (4, 3),
    }
    assert report.reasons == {"order_lines: item_id is missing": 1}
    assert "1 cancelled orders were left out." in report.notes
    items = {row["item_id"]: row for row in door.rows(Table.ITEMS)}
    dress = items["red-dress"]
    assert (dress["title"], dress["description"], dress["category"], dress["brand"], dress["cost"]) == (
        "Red dress",
        "Silk & lace.",
        "Dresses",
        "Acme",
        30.0,
    )
    assert json.loads(str(dress["attributes"])) == {"status": "active", "tags": ["summer", "SS26"]}
    variants = [(row["variant_id"], row["item_id"], row["size"], row["colour"]) for row in door.rows(Table.VARIANTS)]
    assert variants == [
        ("0012", "red-dress", "S", "Red"),
        ("0013", "red-dress", "M", "Red"),
        ("belt/Default Title", "belt", None, None),
    ]
    assert {row["variant_id"]: row["on_hand"] for row in door.rows(Table.STOCK_LEVELS)} == {"0012": 4, "0013": 0}
    assert [(row["item_id"], row["price"], row["promotion"]) for row in door.rows(Table.PRICES)] == [
        ("red-dress", 79.0, "sale"),
        ("belt", 19.5, None),
    ]


def test_the_orders_of_a_shopify_export(catalog: CatalogService, door: Door, shopify: Path) -> None:
    run(catalog, shopify)
    orders = {row["order_id"]: row for row in door.rows(Table.ORDERS)}
    assert str(orders["#1001"]["time"]) == "2026-01-05 15:00:00+00:00"
    assert (orders["#1001"]["market"], orders["#1002"]["market"], orders["#1001"]["currency"]) == ("DE", "FR", "EUR")
    assert orders["#1001"]["shopper"] == catalog.pseudonym("shop", "jane@example.org")
    assert catalog.pseudonym("shop", "Jane@Example.org") == orders["#1001"]["shopper"]
    lines = [
        (row["order_id"], row["variant_id"], row["item_id"], row["quantity"], row["discount"], row["returned"])
        for row in door.rows(Table.ORDER_LINES)
    ]
    assert lines == [
        ("#1001", "0012", "red-dress", 1, 0.1, None),
        ("#1001", None, "belt", 2, 0.0, None),
        ("#1002", "0013", "red-dress", 1, 0.0, True),
    ]
    people = {row["shopper"]: json.loads(str(row["attributes"])) for row in door.rows(Table.SHOPPERS)}
    assert people[orders["#1001"]["shopper"]] == {
        "accepts_marketing": "yes",
        "country": "DE",
        "orders": "1",
        "spent": "98.50",
        "tags": ["vip", "newsletter"],
    }
    stored = b"".join(path.read_bytes() for path in catalog.engine.settings.artifacts.rglob("*") if path.is_file())
    assert b"Doe" not in stored


def test_orders_that_come_later_find_their_products(catalog: CatalogService, door: Door, put: Put) -> None:
    run(catalog, put("products.csv", PRODUCTS))
    report = run(catalog, put("orders.csv", ORDERS))
    assert report.importer == "shopify"
    assert {row["item_id"] for row in door.rows(Table.ORDER_LINES)} == {"red-dress"}
    assert report.summary["order_lines"].quarantined == 2


def test_a_woocommerce_export(catalog: CatalogService, door: Door, put: Put) -> None:
    put("woo/orders.csv", WOO_ORDERS)
    folder = put("woo/wc-product-export.csv", WOO_PRODUCTS).parent
    inspection = catalog.inspect(path=folder)
    assert (inspection.importer, [table.table for table in inspection.tables]) == ("woocommerce", ["items", "orders"])
    report = run(catalog, folder)
    assert report.reasons == {}
    assert "1 cancelled or failed orders were left out." in report.notes
    items = {row["item_id"]: row for row in door.rows(Table.ITEMS)}
    assert (items["10"]["category"], items["10"]["description"], items["10"]["brand"], items["10"]["colour"]) == (
        "Dresses",
        "Silk dress",
        "Acme",
        "Red",
    )
    assert items["13"]["description"] == "A belt"
    variants = {row["variant_id"]: (row["item_id"], row["size"]) for row in door.rows(Table.VARIANTS)}
    assert variants == {"DR-S": ("10", "S"), "DR-M": ("10", "M"), "13": ("13", None)}
    assert {row["variant_id"]: row["on_hand"] for row in door.rows(Table.STOCK_LEVELS)} == {
        "DR-S": 3,
        "DR-M": 0,
        "13": 8,
    }
    assert [(row["item_id"], row["price"], row["promotion"]) for row in door.rows(Table.PRICES)] == [
        ("10", 69.0, "sale"),
        ("13", 19.5, None),
    ]
    lines = [
        (row["order_id"], row["item_id"], row["quantity"], row["unit_price"], row["returned"])
        for row in door.rows(Table.ORDER_LINES)
    ]
    assert lines == [("501", "10", 1, 69.0, None), ("501", "13", 2, 19.5, None), ("502", "10", 1, 79.0, True)]
    assert {row["shopper"] for row in door.rows(Table.ORDERS)} == {
        catalog.pseudonym("shop", name) for name in ("jane@example.org", "joe@example.org")
    }


@pytest.mark.parametrize("name", ["shopify", "woocommerce", "movielens", "amazon_sequences"])
def test_a_named_importer_says_what_it_misses(catalog: CatalogService, put: Put, name: str) -> None:
    path = put("other.csv", "item_id,title\nA,Dress\n")
    with pytest.raises(InvalidFile):
        run(catalog, path, name)
    assert catalog.inspect(path=path).importer == "generic"


def test_known_columns_take_no_mapping(catalog: CatalogService, put: Put, shopify: Path) -> None:
    mapping = {"products_export.csv": {"table": "items", "columns": {"item_id": "Handle"}}}
    with pytest.raises(InvalidInput, match="no mapping"):
        catalog.run_import(actor=ACTOR, shop="shop", path=shopify, mapping=mapping)


@pytest.mark.parametrize("text", [PRODUCTS, ORDERS, CUSTOMERS, WOO_PRODUCTS, WOO_ORDERS])
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_torn_export_is_told_or_set_aside(catalog: CatalogService, put: Put, text: str, cut: float) -> None:
    """Whatever a cut leaves, the answer is a report that adds up or one sentence."""
    path = put("export.csv", text[: int(len(text) * cut)])
    try:
        report = run(catalog, path)
    except InvalidInput:
        assert catalog.list_snapshots() == []
        return
    for table in report.summary.values():
        assert table.read == table.accepted + table.quarantined


def test_rows_without_ids_are_set_aside(catalog: CatalogService, put: Put) -> None:
    broken = PRODUCTS.replace("belt,Belt", ",Belt").replace("19.50", "free")
    report = run(catalog, put("products.csv", broken))
    assert report.reasons == {"items: item_id is missing": 1}
    again = catalog.preview(shop="shop", path=put("products.csv", PRODUCTS), mode=Mode.UPSERT)
    assert [row.key["item_id"] for row in again.examples["items"]] == ["belt"]
