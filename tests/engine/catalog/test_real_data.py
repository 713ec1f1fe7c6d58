"""Rent The Runway and H&M as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidFile
from tests.engine.catalog.conftest import ACTOR

pytestmark = pytest.mark.shared_data


def test_rent_the_runway(catalog: CatalogService, engine: Engine, shared_data: Path) -> None:
    path = shared_data / "rent_the_runway" / "rentals.parquet"
    inspection = catalog.inspect(path=path)
    assert (inspection.importer, inspection.tables[0].table, inspection.tables[0].rows) == (
        "rent_the_runway",
        "interactions",
        192_544,
    )
    report = engine.call(CatalogService.run_import, actor=ACTOR, shop="rtr", path=path, title="Rent The Runway")
    rows = {name: (summary.read, summary.accepted, summary.rows) for name, summary in report.summary.items()}
    assert rows == {
        "items": (5_850,) * 3,
        "shoppers": (105_571,) * 3,
        "interactions": (192_544,) * 3,
        "reviews": (192_544,) * 3,
    }
    dataset = catalog.dataset(report.snapshot or 0)
    assert dataset.has(Table.INTERACTIONS, "value", "time", "context")
    assert dataset.has(Table.SHOPPERS, "age", "attributes", "sizes")
    assert not dataset.has(Table.ITEMS, "image")
    first = dataset.head(Table.INTERACTIONS, 1)[0]
    assert first["shopper"] == catalog.pseudonym("rtr", "420272")
    assert (first["item_id"], first["event"], first["value"], first["time"]) == (
        "2260466",
        "rental",
        10.0,
        "2016-04-20T00:00:00+00:00",
    )
    assert json.loads(first["context"]) == {"fit": "fit", "occasion": "vacation", "size": "14"}
    person = {row["shopper"]: row for row in dataset.head(Table.SHOPPERS, 5)}[first["shopper"]]
    assert json.loads(person["attributes"]) == {
        "body_type": "hourglass",
        "bust_size": "34d",
        "height_in": 68,
        "weight_lbs": 137,
    }
    assert catalog.items(shop="rtr", query="gown 153475")[0].title == "Gown 153475"
    assert any("no product names" in note for note in report.notes)
    people = catalog.shoppers(shop="rtr", limit=2)
    assert people[0].events >= people[1].events > 1
    assert engine.call(CatalogService.run_import, actor=ACTOR, shop="rtr", path=path.parent).unchanged


def test_hm_with_photos(catalog: CatalogService, engine: Engine, shared_data: Path) -> None:
    folder = shared_data / "hm"
    inspection = catalog.inspect(path=folder)
    assert inspection.importer == "hm"
    assert {table.table: table.rows for table in inspection.tables} == {
        "items": 11_800,
        "shoppers": 7_032,
        "interactions": 42_192,
    }
    preview = catalog.preview(shop="hm", path=folder)
    assert catalog.list_shops() == []
    report = engine.call(CatalogService.run_import, actor=ACTOR, shop="hm", path=folder)
    assert report.model_copy(update={"snapshot": None, "examples": preview.examples}) == preview
    assert {name: len(rows) for name, rows in preview.examples.items()} == dict.fromkeys(preview.examples, 20)
    assert {name: summary.rows for name, summary in report.summary.items()} == {
        "items": 11_800,
        "shoppers": 7_032,
        "interactions": 42_192,
    }
    assert report.reasons == {}
    dataset = catalog.dataset(report.snapshot or 0)
    images = dataset.arrow(Table.ITEMS, ["image"]).column("image").drop_null().to_pylist()
    assert len(images) == 1_200
    assert engine.artifacts.read_blob(images[0]).startswith(b"\xff\xd8\xff")
    assert not dataset.has(Table.INTERACTIONS, "time")
    assert set(dataset.frame(Table.INTERACTIONS)["event"]) == {"purchase"}
    card = catalog.items(shop="hm", query="0111586001")[0]
    assert (card.title, card.category, card.colour) == ("Shape Up 30 den 1p Tights", "Leggings/Tights", "Black")
    assert card.attributes["department"] == "Tights basic"
    assert any("carry no time" in note for note in report.notes)
    assert engine.call(CatalogService.run_import, actor=ACTOR, shop="hm", path=folder).unchanged


def test_a_named_importer_refuses_other_files(catalog: CatalogService, shared_data: Path) -> None:
    with pytest.raises(InvalidFile, match="No file here has the columns"):
        catalog.inspect(path=shared_data / "hm", importer="rent_the_runway")


def test_generic_guesses_reviews(catalog: CatalogService, shared_data: Path) -> None:
    """Women's clothing reviews have no shopper and no product table: products are made from their ids."""
    report = catalog.run_import(actor=ACTOR, shop="womens", path=shared_data / "womens_reviews" / "reviews.parquet")
    assert report.importer == "generic"
    assert report.summary["reviews"].accepted == 23_486
