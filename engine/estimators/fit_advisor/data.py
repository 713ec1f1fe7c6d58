"""The reviews of a shop that tell a size and how it fitted, with what is known of who wore what."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.catalog.schema import Table
from engine.estimators import splits
from engine.estimators.base import Holdout
from engine.estimators.fit_advisor.rows import BOUNDS, FITS, MEASURES, FitRows, Person, Shop, bust
from engine.estimators.fit_advisor.sizes import ladder, place

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset

FEWEST = 200
"""Reviews with size and fit below which nothing is learned."""

_COPIED = 0.98
_NOBODY = Person((math.nan,) * len(MEASURES))


def told(dataset: Dataset) -> pd.DataFrame:
    """Reviews with a size and a fit."""
    rows = dataset.frame(Table.REVIEWS, ["item_id", "shopper", "time", "size", "fit"])
    size = rows["size"].astype("object").where(rows["size"].notna(), "").astype(str).str.strip()
    kept = rows.assign(size=size)[rows["fit"].isin(FITS) & (size != "")]
    return kept.reset_index(drop=True)


def read(dataset: Dataset) -> FitRows:
    """All of them, with what is known of who wore what."""
    rows = told(dataset)
    shop = _shop(dataset, rows)
    shopper, item = (_words(rows[name]) for name in ("shopper", "item_id"))
    people = [shop.people.get(name, _NOBODY) for name in shopper]
    category = np.array([shop.categories.get(name, "") for name in item], dtype=object)
    return FitRows(
        shopper=shopper,
        item=item,
        category=category,
        size=rows["size"].to_numpy(dtype=object),
        body_type=np.array([person.body_type for person in people], dtype=object),
        usual=np.array([usual(shop, *pair) for pair in zip(people, category, strict=True)], dtype=object),
        measures=np.array([person.measures for person in people], dtype=np.float64).reshape(-1, len(MEASURES)),
        time=rows["time"].dt.tz_localize(None).to_numpy(dtype="datetime64[us]"),
        fit=rows["fit"].map({name: place for place, name in enumerate(FITS)}).to_numpy(dtype=np.int8),
        shop=shop,
    )


def hold_out(rows: FitRows) -> Holdout:
    """The newest fifth, or whole shoppers where no times are told."""
    timed = ~np.isnat(rows.time)
    if timed.mean() > 0.9 and len(np.unique(rows.time[timed].astype("datetime64[D]"))) > 4:
        split = splits.by_time(rows.time)
        if split.train.mean() >= 0.5:  # most rows may be of one day
            return Holdout(rows.at(split.train), rows.at(split.test), split.about, split.cut)
    split = splits.by_group(units(rows), what="shopper")
    return Holdout(rows.at(split.train), rows.at(split.test), split.about, split.cut)


def newest(rows: FitRows, most: int) -> FitRows:
    """At most so many rows, the newest where times are told."""
    if len(rows) <= most:
        return rows
    oldest = np.where(np.isnat(rows.time), np.datetime64(0, "us"), rows.time)
    return rows.at(np.sort(np.argsort(oldest, kind="stable")[-most:]))


def units(rows: FitRows) -> NDArray[np.int64]:
    """The shopper of each row as a number from 0; a row without one stands alone."""
    alone = np.array([f"\0{number}" for number in range(len(rows))], dtype=object)
    names = np.where(rows.shopper == "", alone, rows.shopper).astype(str)
    _, code = np.unique(names, return_inverse=True)
    return code.astype(np.int64)


def usual(shop: Shop, person: Person, category: str) -> str:
    """The size that somebody says they usually take in such a piece."""
    return person.usual.get(shop.usual_key.get(category, ""), "")


def copied(dataset: Dataset) -> bool:
    """Whether usual sizes only repeat what was bought last, so that they would tell of what came later."""
    rows = told(dataset)
    return _copied(rows, _categories(dataset), _people(dataset, set(_words(rows["shopper"]))))


def _shop(dataset: Dataset, rows: pd.DataFrame) -> Shop:
    categories = _categories(dataset)
    people = _people(dataset, set(_words(rows["shopper"])))
    keys = {} if _copied(rows, categories, people) else _usual_keys(rows, categories, people)
    variants = dataset.frame(Table.VARIANTS, ["item_id", "size"]).dropna()
    grouped = variants.groupby("item_id", sort=False)["size"].agg(list)
    ladders = {str(item): tuple(ladder(map(str, labels))) for item, labels in grouped.items()}
    return Shop(people, categories, ladders, keys)


def _categories(dataset: Dataset) -> dict[str, str]:
    items = dataset.frame(Table.ITEMS, ["item_id", "category"])
    return dict(zip(_words(items["item_id"]), _words(items["category"]), strict=True))


def _people(dataset: Dataset, wanted: set[str]) -> dict[str, Person]:
    """What is known of those who wrote."""
    rows = dataset.frame(Table.SHOPPERS, ["shopper", "age", "sizes", "attributes"])
    columns = (rows[name].tolist() for name in ("shopper", "age", "sizes", "attributes"))
    return {
        str(name): person(_object(attributes), age, _object(sizes))
        for name, age, sizes, attributes in zip(*columns, strict=True)
        if str(name) in wanted
    }


def person(attributes: Mapping[str, Any], age: Any, sizes: Mapping[str, Any]) -> Person:
    """A shopper from attributes such as height_in, weight_lbs, body_type, bust_size."""
    band, cup = bust(attributes.get("bust_size"))
    values = (*(attributes.get(name) for name in ("height_in", "weight_lbs")), band, cup, age)
    found = tuple(bounded(name, value) for name, value in zip(MEASURES, values, strict=True))
    body = attributes.get("body_type")
    labels = {str(key): str(value) for key, value in sizes.items() if isinstance(value, str | int | float)}
    return Person(found, body.strip().lower() if isinstance(body, str) else "", labels)


def bounded(name: str, value: Any) -> float:
    """A measure, NaN where it is absent or no body has it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    low, high = BOUNDS[name]
    return float(value) if low <= value <= high else math.nan


def _copied(rows: pd.DataFrame, categories: Mapping[str, str], people: Mapping[str, Person]) -> bool:
    """Whether the usual sizes are those of the last review in the category."""
    latest = rows.sort_values("time", kind="stable", na_position="first")
    last = {
        (shopper, categories.get(item, "")): size
        for shopper, item, size in zip(
            _words(latest["shopper"]), _words(latest["item_id"]), latest["size"], strict=True
        )
    }
    pairs = [
        people[shopper].usual[category] == size
        for (shopper, category), size in last.items()
        if shopper in people and category in people[shopper].usual
    ]
    return len(pairs) > 0 and sum(pairs) / len(pairs) >= _COPIED


def _usual_keys(rows: pd.DataFrame, categories: Mapping[str, str], people: Mapping[str, Person]) -> dict[str, str]:
    """For each category, the name of the usual size that is nearest to what people take there."""
    gaps: dict[str, Counter[str]] = defaultdict(Counter)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for shopper, item, size in zip(_words(rows["shopper"]), _words(rows["item_id"]), rows["size"], strict=True):
        system, value = place(size)
        for key, label in people.get(shopper, _NOBODY).usual.items():
            other, there = place(label)
            if other == system and not math.isnan(value):
                category = categories.get(item, "")
                gaps[category][key] += abs(there - value)  # type: ignore[assignment]
                counts[category][key] += 1
    return {
        category: min(sums, key=lambda key: (sums[key] / counts[category][key], key)) for category, sums in gaps.items()
    }


def _object(text: Any) -> dict[str, Any]:
    """A JSON object; anything else tells nothing."""
    if not isinstance(text, str) or not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(column: pd.Series[Any]) -> NDArray[Any]:
    found: NDArray[Any] = column.astype("object").where(column.notna(), "").astype(str).to_numpy(dtype=object)
    return found
