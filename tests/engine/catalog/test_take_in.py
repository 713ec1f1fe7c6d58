"""Pseudonyms, pictures, cards and questions about what was taken in."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engine.catalog import pseudonyms
from engine.catalog.records import Mode
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput, InvalidName, ItemNotFound, ShopNotFound, SnapshotNotFound
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR, Door

ITEMS = [
    {"item_id": "A", "title": "Red dress", "category": "dresses", "attributes": '{"fabric": "silk"}'},
    {"item_id": "B"},
]


def everything_stored(engine: Engine) -> bytes:
    import pyarrow.parquet as pq

    parts = [path for path in engine.settings.artifacts.rglob("*") if path.is_file()]
    rows = [str(pq.read_table(path).to_pylist()) for path in parts if path.read_bytes().startswith(b"PAR1")]
    events = [str(event.payload) for event in engine.store.events()]
    return "\n".join([*rows, *events]).encode()


def test_no_shopper_id_is_stored_anywhere(door: Door, engine: Engine, catalog: CatalogService) -> None:
    rows = [
        {"shopper": "jane@example.org", "item_id": "A", "event": "view"},
        {"shopper": "jane@example.org", "item_id": "lost", "event": "view"},
        {"shopper": " jane@example.org ", "item_id": "A", "event": "cart"},
    ]
    door({Table.ITEMS: ITEMS, Table.SHOPPERS: [{"shopper": "jane@example.org", "age": 30}], Table.INTERACTIONS: rows})
    assert b"jane" not in everything_stored(engine)
    name = catalog.pseudonym("shop", "jane@example.org")
    assert {row["shopper"] for row in door.rows(Table.INTERACTIONS)} == {name}
    assert catalog.quarantine(number=1)[0].data["shopper"] == name
    found = catalog.shoppers(shop="shop", query="jane@example.org")
    assert [(card.shopper, card.events, card.age) for card in found] == [(name, 2, 30.0)]
    assert catalog.pseudonym("shop", name) == name
    assert catalog.pseudonym("other", "jane@example.org") != name


def test_lines_that_cannot_be_split_keep_no_shopper_id(
    catalog: CatalogService, engine: Engine, put: Callable[..., Path]
) -> None:
    path = put("events.csv", "user,item_id,event\njane,A,view\njane,A,view,9\n")
    report = catalog.run_import(actor=ACTOR, shop="shop", path=path)
    assert report.summary["interactions"].quarantined == 1
    assert b"jane" not in everything_stored(engine)


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonym.key"
    key = pseudonyms.load_key(path)
    assert pseudonyms.load_key(path) == key
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    path.write_bytes(b"short")
    with pytest.raises(InvalidInput, match="5 bytes"):
        pseudonyms.load_key(path)


def test_pictures_become_plain_small_jpegs(
    door: Door, engine: Engine, catalog: CatalogService, picture: Callable[..., bytes]
) -> None:
    from PIL import Image

    bare = picture()
    images = {
        "A": bare,
        "B": picture(2000, 1000, "PNG"),
        "C": picture(exif=_exif()),
        "D": b"no picture",
        "E": picture(300, 300)[:200],
        "F": bare + b"<script>",
        "stranger": bare,
    }
    report = door({Table.ITEMS: [{"item_id": item} for item in "ABCDEF"]}, images=images)
    digests = {str(row["item_id"]): row["image"] for row in door.rows(Table.ITEMS)}
    assert [item for item, digest in digests.items() if digest is None] == ["D", "E"]
    assert engine.artifacts.read_blob(str(digests["A"])) == bare
    for item in "BCF":
        path = engine.artifacts.path(str(digests[item]))
        with Image.open(path) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= 720
            assert not image.getexif()
        assert b"script" not in path.read_bytes()
    assert report.notes == (
        "2 pictures were left out, the first of D: A picture cannot be read: cannot identify image file.",
        "1 pictures belong to no product of this import.",
    )
    assert catalog.items(shop="shop")[0].image == digests["A"]


def _exif() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    return exif.tobytes()


def test_a_decompression_bomb_is_left_out(door: Door, picture: Callable[..., bytes]) -> None:
    report = door({Table.ITEMS: ITEMS}, images={"A": picture(20_000, 3_000, "PNG")})
    assert "too many" in report.notes[0]


def test_an_upsert_keeps_a_picture_that_it_does_not_bring(door: Door, picture: Callable[..., bytes]) -> None:
    door({Table.ITEMS: ITEMS}, images={"A": picture()})
    digest = door.rows(Table.ITEMS)[0]["image"]
    door({Table.ITEMS: [{"item_id": "A", "title": "Gown"}]}, mode=Mode.UPSERT)
    assert (door.rows(Table.ITEMS)[0]["image"], door.rows(Table.ITEMS)[0]["title"]) == (digest, "Gown")
    door({Table.ITEMS: [{"item_id": "B", "title": "Hat"}]}, images={"B": picture(colour="red")}, mode=Mode.UPSERT)
    assert [row["image"] is not None for row in door.rows(Table.ITEMS)] == [True, True]


def test_a_file_cannot_name_a_stored_picture(door: Door) -> None:
    door({Table.ITEMS: [{"item_id": "A", "image": "0" * 64}]})
    assert door.rows(Table.ITEMS)[0]["image"] is None


def test_parts_have_the_whole_canonical_schema(door: Door, catalog: CatalogService) -> None:
    door(
        {
            Table.ITEMS: ITEMS,
            Table.INTERACTIONS: [{"shopper": 7.0, "item_id": "A", "event": "Buy", "time": "2020-01-02"}],
        }
    )
    dataset = catalog.dataset(1)
    for table in (Table.ITEMS, Table.INTERACTIONS, Table.PRICES):
        assert dataset.arrow(table).schema.equals(TABLES[table].arrow_schema())
    assert dataset.has(Table.ITEMS, "title")
    assert not dataset.has(Table.ITEMS, "brand")
    assert not dataset.has(Table.PRICES)
    assert dataset.rows(Table.ITEMS) == 2
    assert list(dataset.frame(Table.INTERACTIONS, ["time", "event"]).columns) == ["time", "event"]
    assert dataset.frame(Table.INTERACTIONS)["event"].tolist() == ["purchase"]
    with pytest.raises(KeyError):
        dataset.has(Table.ITEMS, "nothing")
    json.dumps(catalog.sample(number=1, table="interactions"))


def test_cards_carry_price_stock_and_sizes(door: Door, catalog: CatalogService) -> None:
    door(
        {
            Table.ITEMS: [*ITEMS, {"item_id": "C"}],
            Table.VARIANTS: [
                {"variant_id": f"{item}{size}", "item_id": item, "size": size}
                for item in "AB"
                for size in ("XL", "S", "10", "8")
            ],
            Table.STOCK_LEVELS: [
                {"variant_id": "AS", "time": "2020-01-01", "on_hand": 5},
                {"variant_id": "AS", "time": "2020-02-01", "on_hand": 0},
                {"variant_id": "AXL", "time": "2020-01-01", "on_hand": 1},
                {"variant_id": "BS", "time": "2020-03-01", "on_hand": 0},
            ],
            Table.PRICES: [
                {"item_id": "A", "from": "2020-01-01", "to": "2020-02-01", "price": 10.0},
                {"item_id": "A", "from": "2020-02-01", "to": None, "price": 8.0},
                {"item_id": "A", "from": "2021-01-01", "to": "2021-02-01", "price": 5.0},
                {"item_id": "B", "from": "2020-01-01", "to": "2020-02-01", "price": 3.0},
            ],
        }
    )
    a, b, c = catalog.items(shop="shop")
    assert (a.price, a.in_stock, a.sizes, a.attributes) == (8.0, True, ("S", "XL", "8", "10"), {"fabric": "silk"})
    assert (b.title, b.price, b.in_stock) == ("B", 3.0, False)
    assert (c.price, c.in_stock, c.sizes) == (None, None, ())
    assert [card.item_id for card in catalog.items(shop="shop", query="DRESS red")] == ["A"]
    assert [card.item_id for card in catalog.items(shop="shop", category="dresses")] == ["A"]
    assert [card.item_id for card in catalog.items(shop="shop", limit=1, offset=1)] == ["B"]
    with pytest.raises(ItemNotFound):
        catalog.cards(1).card("nothing")


def test_what_does_not_exist_is_named(catalog: CatalogService, door: Door) -> None:
    with pytest.raises(ShopNotFound):
        catalog.get_snapshot(shop="nothing")
    with pytest.raises(SnapshotNotFound):
        catalog.get_snapshot(number=9)
    with pytest.raises(InvalidName):
        door({Table.ITEMS: ITEMS}, shop="../x")
    with pytest.raises(InvalidInput, match="hold no rows"):
        door({Table.ITEMS: pa.table({"item_id": pa.array([], pa.string())})})
    door({Table.ITEMS: ITEMS})
    with pytest.raises(InvalidInput, match="no table"):
        catalog.sample(number=1, table="events")


def test_opening_a_shop_twice_is_once(catalog: CatalogService) -> None:
    first = catalog.open_shop(actor=ACTOR, shop="new", title="New")
    assert catalog.open_shop(actor=ACTOR, shop="new", title="Other") == first
    assert first.snapshot is None


def test_another_process_reaches_the_same_answers(engine: Engine, put: Callable[..., Path]) -> None:
    """Every answer crosses the socket as JSON and comes back as the same record."""
    from pydantic_core import to_json

    path = put("products.csv", "item_id,title,price\nA,Dress,1\nB,Skirt,-2\n")
    calls = [
        (CatalogService.inspect, {"path": path}),
        (CatalogService.preview, {"shop": "shop", "path": path}),
        (CatalogService.run_import, {"actor": ACTOR, "shop": "shop", "path": path}),
        (CatalogService.list_shops, {}),
        (CatalogService.list_snapshots, {}),
        (CatalogService.get_snapshot, {"shop": "shop"}),
        (CatalogService.quarantine, {"number": 1}),
        (CatalogService.sample, {"number": 1, "table": "prices"}),
        (CatalogService.items, {"shop": "shop"}),
        (CatalogService.shoppers, {"shop": "shop"}),
        (CatalogService.import_progress, {}),
    ]
    with Engine.open(Settings.at(engine.settings.home)) as visitor:
        assert not visitor.owns_store
        for operation, arguments in calls:
            mine = engine.call(operation, **arguments)
            theirs = visitor.call(operation, **arguments)
            if operation is not CatalogService.run_import:
                assert to_json(theirs) == to_json(mine)


def test_simultaneous_imports_follow_each_other(door: Door, catalog: CatalogService) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda n: door({Table.ITEMS: [{"item_id": f"item {n}"}]}), range(8)))
    assert sorted(report.snapshot or 0 for report in reports) == list(range(1, 9))
    assert len(door.rows(Table.ITEMS)) == 8
    chain = catalog.list_snapshots(shop="shop")
    assert [snapshot.parent for snapshot in chain] == [7, 6, 5, 4, 3, 2, 1, None]
    assert catalog.import_progress() is None
