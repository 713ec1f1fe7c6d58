"""Guesses and mappings of tables that nobody described."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.importers import guess
from engine.catalog.records import Mode
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.errors import InvalidInput
from tests.engine.catalog.conftest import ACTOR


@pytest.mark.parametrize(
    ("name", "columns", "table", "expected"),
    [
        ("products.csv", ["SKU", "Name", "Colour"], "items", {"item_id": "SKU", "title": "Name", "colour": "Colour"}),
        ("x.csv", ["Product ID", "product_name"], "items", {"item_id": "Product ID", "title": "product_name"}),
        ("products.csv", ["id", "name", "price"], "items", {"item_id": "id", "prices.price": "price"}),
        ("customers.csv", ["id", "age"], "shoppers", {"shopper": "id", "age": "age"}),
        ("x.csv", ["customer_id", "age"], "shoppers", {"shopper": "customer_id"}),
        (
            "x.csv",
            ["user", "article_id", "timestamp"],
            "interactions",
            {"shopper": "user", "item_id": "article_id", "time": "timestamp"},
        ),
        ("transactions_train.csv", ["t_dat", "customer_id", "article_id", "price"], "interactions", {"time": "t_dat"}),
        (
            "ratings.csv",
            ["userId", "movieId", "rating", "timestamp"],
            "interactions",
            {"value": "rating", "item_id": "movieId"},
        ),
        (
            "x.csv",
            ["user_id", "item_id", "rating", "review_text"],
            "reviews",
            {"text": "review_text", "rating": "rating"},
        ),
        ("x.csv", ["order_id", "customer_id", "order_date"], "orders", {"order_id": "order_id", "time": "order_date"}),
        ("x.csv", ["order_id", "sku", "qty"], "order_lines", {"item_id": "sku", "quantity": "qty"}),
        ("x.csv", ["variant_id", "product_id", "size"], "variants", {"variant_id": "variant_id"}),
        ("x.csv", ["variant_id", "date", "stock"], "stock_levels", {"on_hand": "stock", "time": "date"}),
        ("prices.csv", ["sku", "price", "valid_from"], "prices", {"from": "valid_from"}),
        ("x.csv", ["request_id", "item_id", "position", "clicked"], "impressions", {"clicked": "clicked"}),
    ],
)
def test_good_guesses(name: str, columns: list[str], table: str, expected: dict[str, str]) -> None:
    mapping = guess.mapping_of(name, columns)
    assert mapping is not None
    assert mapping["table"] == table
    assert expected.items() <= mapping["columns"].items()


@pytest.mark.parametrize(
    ("name", "columns", "event"),
    [
        ("transactions.csv", ["user", "item"], "purchase"),
        ("rentals.csv", ["user", "item"], "rental"),
        ("x.csv", ["user", "item", "rating"], "rating"),
        ("x.csv", ["user", "item", "price"], "purchase"),
        ("x.csv", ["user", "item"], "view"),
    ],
)
def test_events_without_a_kind(name: str, columns: list[str], event: str) -> None:
    mapping = guess.mapping_of(name, columns)
    assert mapping is not None
    assert mapping["constants"] == {"event": event}


def test_nothing_is_guessed_from_nothing() -> None:
    assert guess.mapping_of("x.csv", ["a", "b"]) is None


ODD = "Ref,Bezeichnung,Stoff,Preis\n1,Kleid,Seide,10\n2,Rock,,20\n"
GERMAN = {
    "odd.csv": {
        "table": "items",
        "columns": {"item_id": "Ref", "title": "Bezeichnung", "attributes.fabric": "Stoff", "prices.price": "Preis"},
        "constants": {"brand": "Acme"},
    }
}


def test_a_mapping_is_carried_out(catalog: CatalogService, put: Callable[..., Path]) -> None:
    path = put("odd.csv", ODD)
    report = catalog.run_import(actor=ACTOR, shop="shop", path=path, mapping=GERMAN)
    first, second = catalog.items(shop="shop")
    assert (first.title, first.brand, first.price, first.attributes) == ("Kleid", "Acme", 10.0, {"fabric": "Seide"})
    assert second.attributes == {}
    assert report.summary["prices"].rows == 2
    again = catalog.run_import(
        actor=ACTOR, shop="shop", path=put("renamed.csv", ODD), mapping={"any": GERMAN["odd.csv"]}
    )
    assert again.unchanged


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": "things"}, "mapped to the table 'things'"),
        ({"columns": {"item_id": "Nummer"}}, "no column 'Nummer'"),
        ({"columns": {"item_id": "Ref", "weight": "Preis"}}, "no column 'weight'"),
        ({"columns": {"item_id": "Ref", "title.de": "Preis"}}, "no column 'title.de'"),
        ({"columns": {"title": "Bezeichnung"}}, "no column for 'item_id'"),
        ({"table": None}, "maps no table"),
    ],
)
def test_a_wrong_mapping_names_what_is_wrong(
    change: dict[str, Any], words: str, catalog: CatalogService, put: Callable[..., Path]
) -> None:
    entry = {**GERMAN["odd.csv"], "constants": {}, **change}
    with pytest.raises(InvalidInput, match=words):
        catalog.preview(shop="shop", path=put("odd.csv", ODD), mapping={"odd.csv": entry})


def test_a_folder_of_tables_and_pictures(
    catalog: CatalogService, put: Callable[..., Path], picture: Callable[..., bytes]
) -> None:
    put("products.csv", "sku,name\nA,Dress\nB,Skirt\n")
    put("more products.csv", "sku,name,weight\n7,Hat,2\n")
    put("views.csv", "user,sku\nu,A\nu,7\nu,lost\n")
    put("other.csv", "a,b\n1,2\n")
    put("images/A.jpg", picture())
    folder = put("readme.md", "hello").parent
    report = catalog.run_import(actor=ACTOR, shop="shop", path=folder)
    assert {name: summary.rows for name, summary in report.summary.items()} == {"items": 3, "interactions": 2}
    assert [card.image is not None for card in catalog.items(shop="shop", query="dress")] == [True]
    assert any("other.csv was left out" in note for note in report.notes)
    assert any("readme.md" in note for note in report.notes)


FOOTFALL = "Day,Customer ID,Store name,Visitors,E-mail\n2026-01-01,u,Mitte,12,u@x.org\n2026-01-02,v,Nord,,v@x.org\n"


def test_a_table_that_fits_nowhere_becomes_records(catalog: CatalogService, put: Callable[..., Path]) -> None:
    path = put("footfall.csv", FOOTFALL)
    catalog.run_import(actor=ACTOR, shop="shop", path=path, mapping={"footfall.csv": {"table": "records"}})
    first, second = catalog.dataset(1).head(Table.RECORDS, 5)
    assert (first["record_id"], first["sheet"], first["time"][:10]) == ("1", "footfall", "2026-01-01")
    assert json.loads(first["values"]) == {"store_name": "Mitte", "visitors": "12"}
    assert json.loads(second["values"]) == {"store_name": "Nord"}
    assert second["shopper"] == catalog.pseudonym("shop", "v")


def test_chosen_columns_of_records_stay_where_they_were_put(catalog: CatalogService, put: Callable[..., Path]) -> None:
    columns = {"record_id": "Store name", "values.count": "Visitors"}
    entry = {"table": "records", "columns": columns, "constants": {"sheet": "stores"}}
    catalog.run_import(actor=ACTOR, shop="shop", path=put("x.csv", FOOTFALL), mapping={"x.csv": entry})
    rows = catalog.dataset(1).head(Table.RECORDS, 5)
    assert [(row["record_id"], row["sheet"], row["values"]) for row in rows] == [("Mitte", "stores", '{"count":"12"}')]
    assert "values is missing" in catalog.quarantine(number=1)[0].reason


def test_a_table_without_columns_gets_those_that_are_guessed(catalog: CatalogService, put: Callable[..., Path]) -> None:
    path = put("odd.csv", "sku,name\nA,Dress\n")
    catalog.run_import(actor=ACTOR, shop="shop", path=path, mapping={"odd.csv": {"table": "items"}})
    assert [card.title for card in catalog.items(shop="shop")] == ["Dress"]


def test_what_was_set_aside_can_be_mended_and_taken_in(catalog: CatalogService, put: Callable[..., Path]) -> None:
    catalog.run_import(actor=ACTOR, shop="shop", path=put("products.csv", "sku,name\nA,Dress\n"))
    report = catalog.run_import(
        actor=ACTOR, shop="shop", path=put("views.csv", "user,sku,time\nu,A,2020-01-01\nv,A,soon\n")
    )
    bad = catalog.quarantine(number=report.snapshot or 0)[0]
    mended = {**bad.data, "time": "2020-01-02"}
    text = ",".join(mended) + "\n" + ",".join(mended.values()) + "\n"
    catalog.run_import(actor=ACTOR, shop="shop", path=put("mended.csv", text), mode=Mode.APPEND)
    people = {card.shopper for card in catalog.shoppers(shop="shop")}
    assert people == {catalog.pseudonym("shop", "u"), catalog.pseudonym("shop", "v")}
