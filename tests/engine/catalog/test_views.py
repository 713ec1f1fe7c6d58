"""Profiles, differences, previews and downloads."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from engine.catalog import drift
from engine.catalog.compare import compare
from engine.catalog.records import Mode
from engine.catalog.references import catalog_references
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.catalog.views import SnapshotViews
from engine.core import Engine
from engine.errors import InvalidInput
from tests.engine.catalog.conftest import Door

ITEMS = [{"item_id": "A", "title": "Dress", "cost": 5.0}, {"item_id": "B", "title": "Skirt"}]


def test_a_profile_tells_what_a_table_is_like(door: Door, engine: Engine) -> None:
    prices = [{"item_id": "A", "market": f"M{n}", "price": float(n)} for n in range(1, 101)]
    door({Table.ITEMS: ITEMS, Table.PRICES: prices})
    found = engine.call(SnapshotViews.profile, number=1, table="prices")
    columns = {column.name: column for column in found.columns}
    price = columns["price"]
    assert (found.rows, found.against, price.nulls, price.distinct) == (100, None, 0, 100)
    assert (price.minimum, price.maximum, price.mean, price.quantiles["0.5"]) == (1.0, 100.0, 50.5, 51.0)
    assert sum(bin_.rows for bin_ in price.histogram) == 100
    assert columns["item_id"].top[0].model_dump() == {"value": "A", "rows": 100, "share": 1.0}
    assert columns["promotion"].nulls == 100
    assert [(join.column, join.lost) for join in found.joins] == [("item_id", 0)]
    assert engine.call(SnapshotViews.profile, number=1, table="prices") is found
    with pytest.raises(InvalidInput):
        engine.call(SnapshotViews.profile, number=1, table="secrets")


def test_drift_is_told_in_words(door: Door, engine: Engine) -> None:
    random = np.random.default_rng(3)
    cheap = [{"item_id": "A", "market": f"M{n}", "price": float(p)} for n, p in enumerate(random.normal(50, 5, 500))]
    door({Table.ITEMS: [{"item_id": "A", "category": "dresses"}], Table.PRICES: cheap})
    dear = [{**row, "price": float(row["price"]) + 20} for row in cheap]
    door({Table.ITEMS: [{"item_id": "A", "category": "coats"}], Table.PRICES: dear}, mode=Mode.UPSERT)
    columns = {c.name: c for c in engine.call(SnapshotViews.profile, number=2, table="prices").columns}
    assert columns["price"].drift is not None
    assert (columns["price"].drift.verdict, columns["price"].drift.ks) == ("changed", pytest.approx(0.95, abs=0.05))
    assert columns["price"].drift.told == "Very different from before: the middle value rose."
    items = {c.name: c for c in engine.call(SnapshotViews.profile, number=2, table="items").columns}
    assert items["category"].drift is not None
    assert items["category"].drift.told == "Very different from before: 'dresses' went from 100.0% to 0.0% of rows."


# Its p-value, which nobody looks at here, makes scipy divide by zero on tied samples.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_ks_is_scipys_and_psi_of_equals_is_nothing(before: list[float], after: list[float]) -> None:
    old, new = np.sort(before), np.sort(after)
    assert drift.of_numbers(old, new).ks == pytest.approx(ks_2samp(old, new, method="asymp").statistic, abs=1e-6)
    assert drift.of_numbers(old, old).psi == 0


def test_a_preview_shows_old_and_new_values(door: Door, catalog: CatalogService, put: object) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: [{"shopper": "u", "item_id": "A", "event": "view"}]})
    path = put("items.csv", "item_id,title\nA,Gown\nC,Coat\n")  # type: ignore[operator]
    upsert = catalog.preview(shop="shop", path=path, mode=Mode.UPSERT).examples["items"]
    assert [(row.change, row.key["item_id"], row.before and row.before["title"]) for row in upsert] == [
        ("added", "C", None),
        ("changed", "A", "Dress"),
    ]
    assert (upsert[1].before, upsert[1].after) == ({"title": "Dress"}, {"title": "Gown"})
    append = catalog.preview(shop="shop", path=path).examples["items"]
    assert [(row.change, row.key["item_id"]) for row in append] == [("added", "C")]
    events = put("views.csv", "shopper,item_id,event\nu,B,view\n")  # type: ignore[operator]
    swap = catalog.preview(shop="shop", path=events, mode=Mode.REPLACE).examples["interactions"]
    assert [row.change for row in swap] == ["added", "removed"]


def test_the_difference_of_two_snapshots(door: Door, engine: Engine) -> None:
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: [{"shopper": "u", "item_id": "A", "event": "view"}] * 2})
    door({Table.ITEMS: [{"item_id": "A", "title": "Gown"}, {"item_id": "C"}]}, mode=Mode.UPSERT)
    door({Table.INTERACTIONS: [{"shopper": "u", "item_id": "A", "event": "view"}]})
    found = engine.call(SnapshotViews.diff, before=1, after=3)
    items, events = found.tables["items"], found.tables["interactions"]
    assert (items.added, items.changed, items.removed, items.before, items.after) == (1, 1, 0, 2, 3)
    assert (events.added, events.removed, events.before, events.after) == (1, 0, 2, 3)
    back = engine.call(SnapshotViews.diff, before=3, after=1).tables
    assert (back["items"].added, back["items"].removed, back["interactions"].removed) == (0, 1, 1)
    assert engine.call(SnapshotViews.diff, before=2, after=2).tables == {}
    door({Table.ITEMS: ITEMS}, shop="other")
    with pytest.raises(InvalidInput, match="one shop"):
        engine.call(SnapshotViews.diff, before=1, after=4)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_events_are_compared_as_a_multiset(before: list[str], after: list[str]) -> None:
    from collections import Counter

    spec = TABLES[Table.INTERACTIONS]
    tables = [
        pa.Table.from_pylist([{"shopper": word} for word in words], schema=spec.arrow_schema())
        for words in (before, after)
    ]
    found = compare(spec, *tables)
    assert found.added == (Counter(after) - Counter(before)).total()
    assert found.removed == (Counter(before) - Counter(after)).total()


def test_a_download_carries_nothing_out(door: Door, engine: Engine) -> None:
    rows = [{"item_id": "=1+1", "title": "@SUM(A1)", "cost": 3.5}, {"item_id": "-x", "title": "plain"}]
    door({Table.ITEMS: rows, Table.PRICES: [{"item_id": "-x", "price": 2}]})
    text = engine.call(SnapshotViews.table_csv, number=1, table="items")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [(row["item_id"], row["title"], row["cost"]) for row in read] == [
        ("'=1+1", "'@SUM(A1)", "3.5"),
        ("'-x", "plain", ""),
    ]
    path = engine.call(SnapshotViews.table_parquet, number=1, table="items")
    assert pq.read_table(path).column("item_id").to_pylist() == ["=1+1", "-x"]
    for _ in range(12):
        engine.call(SnapshotViews.table_parquet, number=1, table="items")
    assert len(list(path.parent.iterdir())) == 8


def test_every_file_of_the_catalogue_is_named(door: Door, engine: Engine, picture: object) -> None:
    door({Table.ITEMS: ITEMS, Table.PRICES: [{"item_id": "lost", "price": 1}]}, images={"A": picture()})  # type: ignore[operator]
    door({Table.ITEMS: [{"item_id": "C"}]})
    engine.artifacts.put_blob(b"an orphan")
    with engine.store.read() as reader:
        named = catalog_references(reader, engine.artifacts)
    stored = {path.name for path in engine.artifacts.root.rglob("*") if path.is_file()}
    assert len(stored - named) == 1
    assert named <= stored


def test_a_profile_of_many_rows(door: Door, engine: Engine) -> None:
    random = np.random.default_rng(1)
    size = 400_000
    rows = pa.table(
        {
            "shopper": pa.array([f"u{n}" for n in random.integers(0, 20_000, size)]),
            "item_id": pa.array([("A", "B")[n] for n in random.integers(0, 2, size)]),
            "event": pa.repeat("view", size),
            "value": pa.array(random.normal(size=size)),
        }
    )
    door({Table.ITEMS: ITEMS, Table.INTERACTIONS: rows})
    door({Table.ITEMS: [{"item_id": "C"}]})
    found = engine.call(SnapshotViews.profile, number=2, table="interactions")
    assert found.against == 1
    assert {c.name: c.drift.psi for c in found.columns if c.drift} == {"event": 0.0, "value": 0.0}
