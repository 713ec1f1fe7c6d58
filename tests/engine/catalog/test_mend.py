"""Rows that were set aside, corrected and taken in."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.records import ImportReport, MendedRow, Mode, QuarantinedRow
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.catalog.views import SnapshotViews
from engine.core import Engine
from engine.errors import InvalidInput
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR, Door

PRICES = [
    {"item_id": "A", "price": "10"},
    {"item_id": "B", "price": "-5"},
    {"item_id": "lost", "price": "7"},
    {"item_id": "B", "price": "cheap"},
]


def filled(door: Door) -> None:
    door({Table.ITEMS: [{"item_id": "A"}, {"item_id": "B"}], Table.PRICES: PRICES})


def mend(engine: Engine, rows: dict[int, dict[str, object]], number: int = 1, mode: Mode = Mode.APPEND) -> ImportReport:
    listed = [MendedRow(index=index, data=data) for index, data in rows.items()]
    return engine.call(CatalogService.mend, actor=ACTOR, number=number, rows=listed, mode=mode)


def waiting(catalog: CatalogService, number: int = 1) -> list[QuarantinedRow]:
    return [row for row in catalog.quarantine(number=number) if row.mended_in is None]


def test_good_corrections_come_in_and_the_rest_stays(door: Door, engine: Engine, catalog: CatalogService) -> None:
    filled(door)
    places = {row.row: row.index for row in catalog.quarantine(number=1)}
    assert sorted(places.values()) == [0, 1, 2]
    report = mend(engine, {places[2]: {"price": 5}, places[3]: {"price": "8"}})
    assert report.snapshot == 2
    assert (report.summary["prices"].read, report.summary["prices"].accepted) == (2, 1)
    assert report.reasons == {"prices: item_id joins no row of items": 1}
    assert [(row["item_id"], row["price"]) for row in door.rows(Table.PRICES)] == [("A", 10.0), ("B", 5.0)]
    assert [row.row for row in waiting(catalog)] == [3, 4]
    assert {row.row: row.mended_in for row in catalog.quarantine(number=1)} == {2: 2, 3: None, 4: None}
    assert catalog.get_snapshot(number=2).quarantined == 0
    event = next(event for event in engine.store.events() if event.kind == "quarantine.mended")
    assert (event.actor.name, event.payload["rows"]) == (ACTOR.name, [places[2]])


def test_nothing_good_stores_nothing(door: Door, engine: Engine, catalog: CatalogService) -> None:
    filled(door)
    head = engine.store.head
    report = mend(engine, {0: {"price": "still wrong"}})
    assert (report.snapshot, report.summary["prices"].quarantined) == (None, 1)
    assert engine.store.head == head
    assert len(waiting(catalog)) == 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({}, "No row"),
        ({9: {}}, "no row 9"),
        ({-1: {}}, "no row -1"),
        ({0: {"colour of the sky": "blue"}}, "colour of the sky"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    door: Door, engine: Engine, rows: dict[int, dict[str, object]], words: str
) -> None:
    filled(door)
    with pytest.raises(InvalidInput, match=words):
        mend(engine, rows)


def test_a_row_is_taken_in_once(door: Door, engine: Engine, catalog: CatalogService) -> None:
    filled(door)
    index = next(row.index for row in catalog.quarantine(number=1) if row.row == 2)
    mend(engine, {index: {"price": 5}})
    with pytest.raises(InvalidInput, match="by snapshot 2"):
        mend(engine, {index: {"price": 6}})
    with pytest.raises(InvalidInput, match="replace"):
        mend(engine, {1: {}}, mode=Mode.REPLACE)


def test_the_download_can_be_corrected_and_given_back(door: Door, engine: Engine, tmp_path: Path) -> None:
    from engine.cli._data import read_mended

    filled(door)
    text = engine.call(SnapshotViews.quarantine_csv, number=1)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["data.price"] for row in rows} == {"'-5", "7", "cheap"}
    for row in rows:
        row["data.price"], row["data.item_id"] = "12", row["data.item_id"].replace("lost", "A")
        row["data.market"] = f"M{row['index']}"
    path = tmp_path / "mended.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    report = engine.call(CatalogService.mend, actor=ACTOR, number=1, rows=read_mended(path))
    assert (report.summary["prices"].accepted, report.reasons) == (3, {})


@given(st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["5", "-1", "x", "", "7.5"])), max_size=20))
def test_no_row_is_ever_lost(tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[int, str]]) -> None:
    """Rows that wait, and rows that came in, are those that were set aside, whatever is tried."""
    with Engine.open(Settings.at(tmp_path_factory.mktemp("mend") / "home"), actor=ACTOR) as engine:
        catalog = engine.service(CatalogService)
        door = Door(catalog)
        bad = [{"item_id": "A", "market": f"M{n}", "price": "bad"} for n in range(12)]
        door({Table.ITEMS: [{"item_id": "A"}], Table.PRICES: [{"item_id": "A", "price": "1"}, *bad]})
        for index, price in acts:
            taken = {row.index for row in catalog.quarantine(number=1) if row.mended_in is not None}
            if index in taken:
                with pytest.raises(InvalidInput):
                    mend(engine, {index: {"price": price}})
                continue
            report = mend(engine, {index: {"price": price}})
            counts = report.summary["prices"]
            assert counts.read == counts.accepted + counts.quarantined == 1
            assert (report.snapshot is not None) == (counts.accepted == 1)
        assert len(waiting(catalog)) + catalog.dataset(catalog.get_snapshot().number).rows(Table.PRICES) == 13
        assert {json.dumps(row.data, sort_keys=True) for row in waiting(catalog)} <= {
            json.dumps(row, sort_keys=True) for row in bad
        }
