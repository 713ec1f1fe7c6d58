"""Append, upsert and replace: what is added, changed, removed, kept, refused."""

from __future__ import annotations

import pytest

from engine.catalog.records import Mode, TableSummary
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput
from tests.engine.catalog.conftest import Door

ITEMS = [{"item_id": "A", "title": "Dress", "brand": "Acme"}, {"item_id": "B", "title": "Skirt", "brand": "Acme"}]
EVENTS = [{"shopper": "u", "item_id": "A", "event": "view"}, {"shopper": "u", "item_id": "B", "event": "view"}]


def brief(summary: TableSummary) -> tuple[int, ...]:
    return summary.rows, summary.accepted, summary.quarantined, summary.added, summary.changed, summary.removed


def test_append_adds_keeps_equal_rows_and_sets_differing_ones_aside(door: Door) -> None:
    door({Table.ITEMS: ITEMS})
    report = door(
        {Table.ITEMS: [ITEMS[0], {"item_id": "B", "title": "Kilt", "brand": "Acme"}, {"item_id": "C", "title": "Coat"}]}
    )
    assert brief(report.summary["items"]) == (3, 2, 1, 1, 0, 0)
    assert report.reasons == {"items: item_id exists with other values; import with upsert to change it": 1}
    assert [row["title"] for row in door.rows(Table.ITEMS)] == ["Dress", "Skirt", "Coat"]


def test_append_compares_only_the_columns_that_it_brings(door: Door) -> None:
    door({Table.ITEMS: ITEMS})
    report = door({Table.ITEMS: [{"item_id": "A", "brand": "Acme"}, {"item_id": "C", "brand": "Acme"}]})
    assert brief(report.summary["items"]) == (3, 2, 0, 1, 0, 0)


def test_append_shares_the_parents_parts(door: Door, catalog: CatalogService) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS})
    first = catalog.get_snapshot(shop="shop")
    door({Table.INTERACTIONS: EVENTS})
    second = catalog.get_snapshot(shop="shop")
    assert second.parent == first.number
    assert second.tables["interactions"][:1] == first.tables["interactions"]
    assert [part.rows for part in second.tables["interactions"]] == [2, 2]
    assert second.tables["items"] == first.tables["items"]
    assert second.summary["items"] == TableSummary(rows=2)


def test_many_small_parts_become_one(door: Door, catalog: CatalogService) -> None:
    door({Table.ITEMS: ITEMS})
    for _ in range(34):
        door({Table.INTERACTIONS: EVENTS})
    parts = catalog.get_snapshot(shop="shop").tables["interactions"]
    assert [part.rows for part in parts] == [66, 2]
    assert len(door.rows(Table.INTERACTIONS)) == 68


def test_upsert_changes_by_key_and_leaves_what_it_does_not_bring(door: Door) -> None:
    door({Table.ITEMS: ITEMS})
    report = door(
        {Table.ITEMS: [{"item_id": "B", "title": "Kilt"}, {"item_id": "C", "title": "Coat"}]}, mode=Mode.UPSERT
    )
    assert brief(report.summary["items"]) == (3, 2, 0, 1, 1, 0)
    assert [(row["item_id"], row["title"], row["brand"]) for row in door.rows(Table.ITEMS)] == [
        ("A", "Dress", "Acme"),
        ("B", "Kilt", "Acme"),
        ("C", "Coat", None),
    ]


def test_upsert_of_a_key_with_nulls(door: Door) -> None:
    door({Table.ITEMS: ITEMS, Table.PRICES: [{"item_id": "A", "price": 10}, {"item_id": "B", "price": 5}]})
    report = door({Table.PRICES: [{"item_id": "A", "price": 12}]}, mode=Mode.UPSERT)
    assert brief(report.summary["prices"]) == (2, 1, 0, 0, 1, 0)
    assert [(row["item_id"], row["price"]) for row in door.rows(Table.PRICES)] == [("A", 12.0), ("B", 5.0)]


def test_upsert_adds_only_events_that_are_not_there(door: Door) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS})
    more = [*EVENTS, {"shopper": "w", "item_id": "A", "event": "view"}]
    report = door({Table.INTERACTIONS: more}, mode=Mode.UPSERT)
    assert brief(report.summary["interactions"]) == (3, 3, 0, 1, 0, 0)


def test_replace_swaps_the_tables_that_it_brings(door: Door) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS})
    report = door({Table.INTERACTIONS: EVENTS[:1]}, mode=Mode.REPLACE)
    assert brief(report.summary["interactions"]) == (1, 1, 0, 1, 0, 2)
    assert len(door.rows(Table.ITEMS)) == 2
    changed = [{"item_id": "A", "title": "Gown"}, {"item_id": "D", "title": "Hat"}]
    report = door({Table.ITEMS: changed}, mode=Mode.REPLACE)
    assert brief(report.summary["items"]) == (2, 2, 0, 1, 1, 1)


def test_replace_may_not_orphan_rows_that_stay(door: Door, engine: Engine) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS})
    head = engine.store.head
    with pytest.raises(InvalidInput, match="would leave 1 rows of interactions"):
        door({Table.ITEMS: ITEMS[:1]}, mode=Mode.REPLACE)
    with pytest.raises(InvalidInput, match="would empty the table"):
        door({Table.ITEMS: [{"item_id": None, "title": "x"}], Table.SHOPPERS: [{"shopper": "u"}]}, mode=Mode.REPLACE)
    assert engine.store.head == head


def test_references_join_this_import_or_the_parent(door: Door) -> None:
    door({Table.ITEMS: ITEMS})
    rows = [
        *EVENTS,
        {"shopper": "u", "item_id": "C", "event": "view"},
        {"shopper": "u", "item_id": "Z", "event": "view"},
    ]
    report = door({Table.ITEMS: [{"item_id": "C"}], Table.INTERACTIONS: rows})
    assert brief(report.summary["interactions"]) == (3, 3, 1, 3, 0, 0)
    assert report.reasons == {"interactions: item_id joins no row of items": 1}


def test_a_row_whose_product_was_set_aside_is_set_aside(door: Door) -> None:
    items = [*ITEMS, {"item_id": "C", "title": "Coat", "cost": -1.0}]
    report = door(
        {Table.ITEMS: items, Table.INTERACTIONS: [*EVENTS, {"shopper": "u", "item_id": "C", "event": "view"}]}
    )
    assert report.reasons == {"interactions: item_id joins no row of items": 1, "items: cost is below 0": 1}


def test_the_same_import_again_is_unchanged(door: Door, catalog: CatalogService) -> None:
    first = door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS}, name="one")
    door({Table.INTERACTIONS: EVENTS}, name="two")
    again = door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS}, name="one")
    assert (again.unchanged, again.snapshot) == (True, first.snapshot)
    assert len(catalog.list_snapshots(shop="shop")) == 2


def test_an_append_counts_again_after_a_replace_and_a_replace_after_anything(door: Door) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS}, name="one")
    door({Table.INTERACTIONS: EVENTS[:1]}, name="two", mode=Mode.REPLACE)
    assert door({Table.INTERACTIONS: EVENTS[:1]}, name="two", mode=Mode.REPLACE).unchanged
    assert not door({Table.ITEMS: ITEMS, Table.INTERACTIONS: EVENTS}, name="one").unchanged
    assert not door({Table.INTERACTIONS: EVENTS[:1]}, name="two", mode=Mode.REPLACE).unchanged
    assert len(door.rows(Table.INTERACTIONS)) == 1


def test_an_upsert_that_changes_nothing_takes_no_snapshot(door: Door, catalog: CatalogService) -> None:
    door({Table.ITEMS: ITEMS})
    report = door({Table.ITEMS: ITEMS}, mode=Mode.UPSERT)
    assert report.unchanged
    assert len(catalog.list_snapshots(shop="shop")) == 1


def test_shops_do_not_meet(door: Door, catalog: CatalogService) -> None:
    door({Table.ITEMS: ITEMS}, shop="one")
    door({Table.ITEMS: [{"item_id": "A", "title": "Other"}]}, shop="two")
    assert [info.shop for info in catalog.list_shops()] == ["one", "two"]
    assert [snapshot.number for snapshot in catalog.list_snapshots()] == [2, 1]
    assert catalog.items(shop="one")[0].title == "Dress"
    assert catalog.items(shop="two")[0].title == "Other"


def test_state_is_rebuilt_from_events(door: Door, engine: Engine) -> None:
    door({Table.ITEMS: ITEMS})
    door({Table.INTERACTIONS: EVENTS})
    before = engine.store.state()
    engine.store.rebuild(engine.actor)
    assert engine.store.state() == before
