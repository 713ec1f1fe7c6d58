"""Records with a signal to find, and traps beside it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.estimators.tabular.config import TabularConfig
from tests.engine.estimators.shops import START, dataset_of

CLASSES = ("small", "medium", "large")
NAMES = ("red", "blue", "green", "grey")
SMALL = {"rounds": 80, "learning_rate": 0.15, "epochs": 12, "batch_rows": 64, "width": 32, "blocks": 1, "leaf_rows": 10}


def config(**changes: Any) -> TabularConfig:
    """Of the planted records, quick to fit."""
    return TabularConfig(**{**SMALL, "table": "records", "target": "values.worth", **changes})


def rows(count: int = 600, *, seed: int = 3, timed: bool = True) -> list[dict[str, Any]]:
    """`worth`, `grade` (two classes) and `cut` (three) follow from `weight`, `colour` and, beyond a third, gaps."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        weight, colour = float(random.normal()), NAMES[int(random.integers(4))]
        score = 2 * weight + 1.5 * NAMES.index(colour) + 0.3 * float(random.normal())
        values: dict[str, Any] = {
            "weight": weight if random.random() < 0.95 else None,
            "colour": colour,
            "noise": float(random.normal()),
            "worth": score,
            "grade": bool(score > 2.25),
            "cut": CLASSES[int(score > 1) + int(score > 3.5)],
            "note": f"a {colour} piece of number {int(random.integers(400))}, made by hand",
        }
        found.append(
            {"record_id": f"r{number}", "sheet": "planted", "time": moment(number) if timed else None}
            | {"values": values}
        )
    return found


def moment(number: int) -> Any:
    return START + timedelta(hours=6 * number)


def planted(folder: Path, entries: list[dict[str, Any]] | None = None, **added: Any) -> Dataset:
    """The records as a dataset; `added` maps a value's name to a function of a row's place and values."""
    records = []
    for number, row in enumerate(entries if entries is not None else rows()):
        values = {**row["values"], **{name: make(number, row["values"]) for name, make in added.items()}}
        kept = {name: value for name, value in values.items() if value is not None}
        records.append({**row, "values": json.dumps(kept)})
    return dataset_of(folder, {Table.RECORDS: records})


TARGETS = {
    "values.worth": ("values.grade", "values.cut"),
    "values.grade": ("values.worth", "values.cut"),
    "values.cut": ("values.worth", "values.grade"),
}


def about(target: str, **changes: Any) -> TabularConfig:
    """A target without the two others, which would give it away."""
    return config(target=target, leave_out=list(TARGETS[target]), **changes)
