"""The shop is deterministic, has the canonical shape, and its tables agree with each other."""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from PIL import Image

from engine.catalog.demo_shop import DemoShop, generate
from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput

END = pd.Timestamp("2026-11-01", tz="UTC")
EXPECTED = set(Table) - {Table.IMPRESSIONS, Table.RECORDS}


def digest(shop: DemoShop) -> dict[str, str]:
    """SHA-256 by table, of the truth and of all pictures."""
    found = {}
    for name, table in shop.tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        found[str(name)] = hashlib.sha256(sink.getvalue()).hexdigest()
    found["truth"] = hashlib.sha256(json.dumps(shop.truth, sort_keys=True).encode()).hexdigest()
    found["images"] = hashlib.sha256(b"".join(k.encode() + v for k, v in shop.images.items())).hexdigest()
    return found


def test_same_seed_gives_the_same_bytes(tiny: DemoShop) -> None:
    assert digest(generate(scale=0.03)) == digest(tiny)


def test_another_seed_gives_another_shop(tiny: DemoShop) -> None:
    mine, other = digest(tiny), digest(generate(8, scale=0.03))
    assert not {name for name in mine if mine[name] == other[name]}


def test_tables_do_not_depend_on_the_pictures(tiny: DemoShop) -> None:
    bare = generate(scale=0.03, pictures=False)
    assert not bare.images
    assert all(bare.tables[name].equals(table) for name, table in tiny.tables.items())


@pytest.mark.parametrize(("seed", "scale"), [(-1, 1.0), (7, 0.0), (7, 1.5)])
def test_refuses_sizes_that_make_no_shop(seed: int, scale: float) -> None:
    with pytest.raises(InvalidInput):
        generate(seed, scale=scale)


def test_progress_rises_to_one() -> None:
    told: list[tuple[str, float]] = []
    generate(scale=0.02, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("ready", 1.0)


def test_has_the_canonical_tables(tiny: DemoShop) -> None:
    assert set(tiny.tables) == EXPECTED
    for name, table in tiny.tables.items():
        assert table.schema.equals(TABLES[name].arrow_schema()), name
        assert table.num_rows > 0, name


def test_values_are_what_the_schema_allows(half: DemoShop) -> None:
    for name, table in half.tables.items():
        for column in TABLES[name].columns:
            values = table[column.name].drop_null()
            where = f"{name}.{column.name}"
            if column.required:
                assert table[column.name].null_count == 0, where
            if column.minimum is not None and len(values):
                assert pc.min(values).as_py() >= column.minimum, where
            if column.maximum is not None and len(values):
                assert pc.max(values).as_py() <= column.maximum, where
            if column.values:
                assert set(pc.unique(values).to_pylist()) <= set(column.values), where
            if column.past:
                assert pc.max(values).as_py() < END, where
            if column.kind == "json":
                assert all(isinstance(json.loads(v), dict) for v in pc.unique(values).to_pylist()), where


def test_keys_are_unique_and_join(half: DemoShop) -> None:
    for name, table in half.tables.items():
        spec = TABLES[name]
        if spec.key:
            assert table.group_by(list(spec.key)).aggregate([]).num_rows == table.num_rows, name
        for column, other in spec.references:
            known = half.tables[other][TABLES[other].key[0]].combine_chunks()
            assert pc.all(pc.is_in(table[column], value_set=known)).as_py(), f"{name}.{column}"
    people = half.tables[Table.SHOPPERS]["shopper"].combine_chunks()
    for name in (Table.ORDERS, Table.INTERACTIONS, Table.REVIEWS):
        assert pc.all(pc.is_in(half.tables[name]["shopper"], value_set=people)).as_py(), name
    variants = half.tables[Table.VARIANTS]["variant_id"].combine_chunks()
    assert pc.all(pc.is_in(half.tables[Table.ORDER_LINES]["variant_id"], value_set=variants)).as_py()


def test_purchases_are_order_lines(half: DemoShop) -> None:
    events = half.tables[Table.INTERACTIONS].to_pandas()
    bought = events[events.event == "purchase"].groupby(["shopper", "item_id", "time"]).size()
    lines = half.tables[Table.ORDER_LINES].to_pandas().merge(half.tables[Table.ORDERS].to_pandas(), on="order_id")
    ordered = lines.groupby(["shopper", "item_id", "time"]).size()
    pd.testing.assert_series_equal(bought, ordered)


def test_lines_cost_what_the_price_list_says(half: DemoShop) -> None:
    lines = half.tables[Table.ORDER_LINES].to_pandas().merge(half.tables[Table.ORDERS].to_pandas(), on="order_id")
    prices = half.tables[Table.PRICES].to_pandas().sort_values("from")
    found = pd.merge_asof(lines.sort_values("time"), prices, left_on="time", right_on="from", by="item_id")
    assert np.allclose(found.unit_price, found.price)
    assert ((found["to"].isna()) | (found.time < found["to"])).all()


def test_stock_is_conserved(half: DemoShop) -> None:
    """Between two counts of a variant, what was sold is missing and what came back is there."""
    lines = half.tables[Table.ORDER_LINES].to_pandas().merge(half.tables[Table.ORDERS].to_pandas(), on="order_id")
    back = lines[lines.returned].assign(time=lambda f: f.time.dt.floor("D") + pd.Timedelta(days=12), moved=1)
    moves = pd.concat([lines.assign(moved=-1), back])[["variant_id", "time", "moved"]]
    counts = half.tables[Table.STOCK_LEVELS].to_pandas().sort_values("time")
    gone = {k for k, d in zip(half.truth["items"]["item_id"], half.truth["items"]["leaves_day"], strict=True) if d}
    stays = ~counts.variant_id.str.split("-").str[0].isin(gone)
    counts, moves = counts[stays], moves.sort_values("time")
    moves["total"] = moves.groupby("variant_id").moved.cumsum()
    at = pd.merge_asof(
        counts, moves[["variant_id", "time", "total"]], on="time", by="variant_id", allow_exact_matches=False
    )
    delivered = at.on_hand - at.total.fillna(0)
    assert (delivered.groupby(at.variant_id).nunique() == 1).all()
    assert (counts.on_hand >= 0).all()


def test_every_item_has_a_picture_of_the_stated_size(tiny: DemoShop) -> None:
    assert list(tiny.images) == tiny.tables[Table.ITEMS]["item_id"].to_pylist()
    for image in tiny.images.values():
        picture = Image.open(io.BytesIO(image))
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (360, 480), "RGB")
    assert len({hashlib.sha256(image).digest() for image in tiny.images.values()}) == len(tiny.images)


def test_new_and_dying_items_exist(half: DemoShop) -> None:
    items = half.tables[Table.ITEMS].to_pandas()
    recent = END - items.created_at < pd.Timedelta(days=30)
    gone = np.array([day is not None for day in half.truth["items"]["leaves_day"]])
    assert 0.01 < recent.mean() < 0.15
    assert 0.3 < gone.mean() < 0.8
    last = half.tables[Table.STOCK_LEVELS].to_pandas().sort_values("time").groupby("variant_id").on_hand.last()
    left = last[last.index.str.split("-").str[0].isin(set(items.item_id[gone]))]
    assert (left == 0).all()
    markdowns = half.tables[Table.PRICES].to_pandas().query("promotion == 'Last pieces'").item_id
    assert set(items.item_id[gone]) <= set(markdowns)


def test_copy_is_plain_text(half: DemoShop) -> None:
    items = half.tables[Table.ITEMS].to_pandas()
    words = pd.concat([items.title, items.description, half.tables[Table.REVIEWS].to_pandas().text])
    assert not words.str.contains(r"[<>{}*_`#\n]|  ").any()
    assert items.brand.nunique() == 10
    assert items.title.nunique() > 0.5 * len(items)
