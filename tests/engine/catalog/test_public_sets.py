"""MovieLens and the Amazon sequences: as they are, and as they should not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.errors import InvalidFile
from tests.engine.catalog.conftest import ACTOR, Door

Put = Callable[..., Path]


@pytest.mark.shared_data
def test_movielens(catalog: CatalogService, shared_data: Path) -> None:
    folder = shared_data / "ml-100k"
    inspection = catalog.inspect(path=folder)
    assert (inspection.importer, {table.table: table.rows for table in inspection.tables}) == (
        "movielens",
        {"items": 1_682, "shoppers": 943, "interactions": 100_000},
    )
    report = catalog.run_import(actor=ACTOR, shop="ml", path=folder)
    assert {name: (table.accepted, table.quarantined) for name, table in report.summary.items()} == {
        "items": (1_682, 0),
        "shoppers": (943, 0),
        "interactions": (100_000, 0),
    }
    dataset = catalog.dataset(1)
    first = dataset.head(Table.INTERACTIONS, 1)[0]
    assert (first["shopper"], first["item_id"], first["event"], first["value"], first["time"]) == (
        catalog.pseudonym("ml", "196"),
        "242",
        "rating",
        3.0,
        "1997-12-04T15:55:49+00:00",
    )
    film = dataset.head(Table.ITEMS, 1)[0]
    assert (film["title"], film["category"]) == ("Toy Story (1995)", "animation")
    assert json.loads(film["attributes"]) == {"genres": ["Animation", "Children's", "Comedy"], "year": 1995}
    assert "zip" not in json.loads(dataset.head(Table.SHOPPERS, 1)[0]["attributes"])


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "items", "events"), [("Beauty", 12_101, 198_502), ("Toys_and_Games", 11_924, 167_597)]
)
def test_amazon_sequences(catalog: CatalogService, shared_data: Path, name: str, items: int, events: int) -> None:
    path = shared_data / "amazon_sequences" / f"{name}.txt"
    report = catalog.run_import(actor=ACTOR, shop="amazon", path=path)
    assert report.importer == "amazon_sequences"
    assert {name: table.accepted for name, table in report.summary.items()} == {"items": items, "interactions": events}
    frame = catalog.dataset(1).frame(Table.INTERACTIONS, ["shopper", "item_id", "time", "context"])
    assert frame["time"].isna().all()
    place = frame["context"].map(lambda text: json.loads(text)["sequence"])
    lines = {words[0]: words[1:] for words in map(str.split, path.read_text().splitlines())}
    for user in list(lines)[:50]:
        theirs = frame[frame["shopper"] == catalog.pseudonym("amazon", user)]
        ordered = theirs.assign(place=place).sort_values("place")
        assert ordered["item_id"].tolist() == lines[user]
        assert ordered["place"].tolist() == list(range(len(lines[user])))
    attributes = json.loads((path.parent / f"{name}_item2attributes.json").read_text())
    head = catalog.dataset(1).head(Table.ITEMS, 1)[0]
    assert json.loads(head["attributes"]) == {"labels": attributes[head["item_id"]]}


@pytest.mark.shared_data
def test_several_sequences_are_several_shops(catalog: CatalogService, shared_data: Path) -> None:
    with pytest.raises(InvalidFile, match="one at a time"):
        catalog.run_import(actor=ACTOR, shop="amazon", path=shared_data / "amazon_sequences")


def test_movielens_as_it_was_published(catalog: CatalogService, door: Door, put: Put) -> None:
    genres = "|".join("1" if place in (1, 5) else "0" for place in range(19))
    put("ml/u.data", "1\t7\t5\t881250949\n2\t7\t9000000\t881250949\n2\t8\t3\t881250949\n1\t2\n")
    put("ml/README", "GroupLens")
    put("ml/u.user", "1|24|M|technician|85711\n2|53|F|other|94043\n")
    folder = put("ml/u.item", f"7|Les Misérables (1995)|01-Jan-1995||http://x|{genres}\n".encode("latin-1")).parent
    report = catalog.run_import(actor=ACTOR, shop="shop", path=folder)
    assert report.importer == "movielens"
    assert report.reasons == {
        "interactions: value is above 1e+06": 1,
        "interactions: item_id joins no row of items": 1,
        "interactions: the line has 2 fields where there are 4": 1,
    }
    assert door.rows(Table.ITEMS)[0]["title"] == "Les Misérables (1995)"
    assert len(door.rows(Table.SHOPPERS)) == 2


def test_sequences_go_on_counting_and_set_broken_lines_aside(catalog: CatalogService, door: Door, put: Put) -> None:
    lines = ["1 10 11", "2 10", "1 12", "", *(f"{n} 10 11" for n in range(3, 30)), "x 10", "5"]
    report = catalog.run_import(actor=ACTOR, shop="shop", path=put("Books.txt", "\n".join(lines)))
    assert report.importer == "amazon_sequences"
    assert report.summary["interactions"].quarantined == 2
    name = catalog.pseudonym("shop", "1")
    mine = [(row["item_id"], row["context"]) for row in door.rows(Table.INTERACTIONS) if row["shopper"] == name]
    assert mine == [("10", '{"sequence":0}'), ("11", '{"sequence":1}'), ("12", '{"sequence":2}')]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"Books.txt": "1 10 11\n", "Books_item2attributes.json": "[1, 2]"}, "does not tell attributes"),
        ({"Books.txt": "1 10 11\n", "Books_item2attributes.json": "{"}, "not JSON"),
        ({"u.data": "1\t2\t3\t4\n", "u.item": "item|title\n1|Toy Story\n"}, "no column 'releaseDate'"),
        ({"notes.txt": "hello there\n"}, "holds no table"),
    ],
)
def test_broken_sets_are_told_in_a_sentence(
    catalog: CatalogService, put: Put, files: dict[str, str], words: str
) -> None:
    for name, text in files.items():
        put(f"set/{name}", text)
    with pytest.raises(InvalidFile, match=words):
        catalog.run_import(actor=ACTOR, shop="shop", path=put("set/x.md", "").parent)
    assert catalog.list_shops() == []


def test_a_note_beside_tables_is_still_left_out(catalog: CatalogService, put: Put) -> None:
    put("set/README.txt", "read me")
    report = catalog.run_import(actor=ACTOR, shop="shop", path=put("set/items.csv", "item_id,title\nA,b\n").parent)
    assert report.notes == ("1 files of other kinds were left out, such as README.txt.",)
    assert [source.name for source in catalog.get_snapshot(shop="shop").sources] == ["items.csv"]
