"""The tables `items`, `variants` and `shoppers`."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop import _copy
from engine.catalog.demo_shop._calendar import MARKET, START, moments
from engine.catalog.demo_shop._fit import SYSTEMS, systems
from engine.catalog.demo_shop._garments import Garments, Generator
from engine.catalog.demo_shop._palette import FAMILIES
from engine.catalog.demo_shop._range import BRANDS, NAMES, OCCASIONS, SIZES
from engine.catalog.demo_shop._shoppers import Shoppers
from engine.catalog.schema import TABLES, Table


def item_ids(count: int) -> list[str]:
    """Ids in order of arrival."""
    return [f"g{i:05d}" for i in range(1, count + 1)]


def items(rng: Generator, garments: Garments, ids: list[str]) -> pa.Table:
    """The `items` table; `image` is left to who stores the pictures."""
    count = len(garments)
    attributes = [
        {
            "department": department(NAMES[garments.category[i]]),
            "material": garments.material[i],
            "occasion": OCCASIONS[garments.occasion[i]],
            "pattern": garments.pattern[i],
            "shade": garments.shade[i],
            "silhouette": garments.silhouette[i],
        }
        for i in range(count)
    ]
    schema = TABLES[Table.ITEMS].arrow_schema()
    columns = {
        "item_id": ids,
        "title": _copy.titles(garments),
        "description": _copy.descriptions(rng, garments),
        "category": [NAMES[c] for c in garments.category],
        "brand": [BRANDS[b].name for b in garments.brand],
        "colour": [FAMILIES[f] for f in garments.family],
        "season": list(garments.season),
        "cost": garments.cost,
        "image": pa.nulls(count, pa.string()),
        "created_at": moments(garments.arrives, np.full(count, 6 * 3600)),
        "attributes": [json.dumps(a, ensure_ascii=False) for a in attributes],
    }
    return pa.table(columns).cast(schema)


def department(category: str) -> str:
    """The department that a category belongs to."""
    if category in ("shoes", "bags", "scarves", "hats"):
        return "accessories"
    return "outerwear" if category in ("coats", "jackets", "blazers") else "womenswear"


def variant_index(garments: Garments) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Item and size of every variant, and the place of each item's first variant."""
    sizes = np.array([len(SIZES[name]) for name in SYSTEMS])[systems(garments)]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    item = np.repeat(np.arange(len(garments)), sizes)
    return item, np.arange(len(item)) - first[item], first


def size_labels(garments: Garments, item: NDArray[np.int64], size: NDArray[np.int64]) -> list[str]:
    """Labels of sizes given by index."""
    system = systems(garments)[item]
    return [SIZES[SYSTEMS[s]][i] for s, i in zip(system, size, strict=True)]


def variants(garments: Garments, ids: list[str]) -> pa.Table:
    """The `variants` table: every size of every garment, in its one colour."""
    item, size, _ = variant_index(garments)
    labels = size_labels(garments, item, size)
    columns = {
        "variant_id": variant_ids(ids, item, labels),
        "item_id": [ids[i] for i in item],
        "size": labels,
        "colour": [garments.shade[i] for i in item],
        "sku": [
            f"{BRANDS[garments.brand[i]].name[:2].upper()}-{ids[i][1:]}-{n:02d}"
            for i, n in zip(item, size, strict=True)
        ],
    }
    return pa.table(columns).cast(TABLES[Table.VARIANTS].arrow_schema())


def variant_ids(ids: list[str], item: NDArray[np.int64], labels: list[str]) -> list[str]:
    """Such as 'g00012-38'."""
    return [f"{ids[i]}-{label.replace(' ', '')}" for i, label in zip(item, labels, strict=True)]


def shoppers(people: Shoppers, orders: NDArray[np.int64]) -> pa.Table:
    """The `shoppers` table; `segment` says how often each ordered."""
    segment = np.array(["browser", "occasional", "regular", "loyal"], dtype=object)[np.digitize(orders, (1, 3, 7))]
    clothing, shoes = SIZES["clothing"], SIZES["shoes"]
    sizes = [
        json.dumps({"clothing": clothing[c], "shoes": shoes[s]})
        for c, s in zip(people.clothing, people.shoe, strict=True)
    ]
    joined = np.datetime64(START.isoformat()) + people.joined
    attributes = [
        json.dumps({"market": MARKET, "member_since": str(when) if since else "before 2025-05"})
        for when, since in zip(joined, people.joined, strict=True)
    ]
    columns = {"shopper": people.ids, "age": people.age, "segment": segment, "sizes": sizes, "attributes": attributes}
    return pa.table(columns).cast(TABLES[Table.SHOPPERS].arrow_schema())
