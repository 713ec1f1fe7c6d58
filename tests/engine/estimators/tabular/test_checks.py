"""What is looked at before a training: the target, the columns, and which rows are held out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.schema import Table
from engine.estimators.tabular.config import TabularConfig
from engine.estimators.tabular.estimator import Tabular
from tests.engine.estimators.shops import Silent, dataset_of, small_shop
from tests.engine.estimators.tabular.planted import about, config, moment, planted, rows

LABELS = {"large": "L", "medium": "M", "small": "S"}


@pytest.mark.parametrize(
    ("target", "trap", "word"),
    [
        ("values.worth", lambda _, values: 3 * values["worth"] + 1, "R2"),
        ("values.worth", lambda _, values: round(values["worth"], 2), "R2"),
        ("values.grade", lambda _, values: "sent back" if values["grade"] else "kept", "ROC-AUC"),
        ("values.grade", lambda _, values: values["worth"], "ROC-AUC"),
        ("values.grade", lambda number, values: f"{moment(number):%Y-%m-%d}" if values["grade"] else None, "ROC-AUC"),
        ("values.cut", lambda _, values: LABELS[values["cut"]], "mutual information"),
    ],
)
def test_a_column_that_gives_the_target_away_is_named(
    target: str, trap: Callable[[int, Any], Any], word: str, tmp_path: Path
) -> None:
    dataset = planted(tmp_path, trap=trap)
    outlook = Tabular.outlook(dataset, about(target))
    assert f"It alone foretells {target} ({word}" in outlook.left_out["values.trap"]
    report = Silent()
    Tabular(about(target, model="baseline")).fit(Tabular.everything(dataset, about(target)), report)
    assert any(line.startswith("values.trap is left out.") for line in report.lines)
    assert "values.trap" in Tabular.outlook(dataset, about(target, keep=["values.trap"])).columns


@pytest.mark.parametrize(
    ("trap", "words"),
    [
        (lambda number, _: f"customer-{number}", "it is an id"),
        (lambda number, _: 70_000 + number, "it is an id"),
        (lambda number, _: str(10_000 + number), "it is an id"),
        (lambda _, __: "same", "the same in all rows"),
        (lambda _, __: 4.0, "the same in all rows"),
        (lambda number, _: f"rare {number // 3}", "in 20 rows or more"),
        (lambda number, _: f"{moment(number) + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}", "tells what came later"),
    ],
)
def test_a_useless_column_is_left_out_with_the_reason(
    trap: Callable[[int, Any], Any], words: str, tmp_path: Path
) -> None:
    outlook = Tabular.outlook(planted(tmp_path, trap=trap), about("values.worth"))
    assert words in outlook.left_out["values.trap"]
    assert {"values.weight", "values.colour", "values.note", "time"} <= set(outlook.columns)


def test_gaps_and_absent_columns_are_told(tmp_path: Path) -> None:
    dataset = planted(tmp_path, seldom=lambda number, _: number % 7 if number % 3 == 0 else None)
    outlook = Tabular.outlook(dataset, about("values.worth"))
    assert "values.seldom has no value in 67% of the rows." in outlook.notes
    assert outlook.left_out["item_id"] == "No row has a value."
    assert outlook.left_out["values.grade"] == "The settings leave it out."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table": "order_lines", "target": "returned"}, "The shop has no order_lines."),
        ({"sheet": "other"}, "no records of the sheet 'other'"),
        ({"target": "values.price"}, "no column 'values.price' to foretell. It has"),
        ({"target": "values"}, "values.weight"),
        ({"target": "record_id"}, "is an id"),
        ({"target": "time"}, "is a time"),
        ({"target": "item_id"}, "is an id"),
        ({"target": "values.one"}, "is 'same' in every row"),
        ({"target": "values.fixed", "task": "regression"}, "is 4 in every row"),
        ({"target": "values.lonely"}, "only 1 of them in 5 rows or more; the rarest has 1 row."),
        ({"target": "values.seldom"}, "has 40 rows with a value of 'values.seldom'. At least 50"),
        ({"target": "values.colour", "task": "regression"}, "holds words, not numbers"),
        ({"target": "values.many"}, "120 classes"),
        ({"target": "values.late"}, "does not vary in the rows to learn from"),
    ],
)
def test_a_target_that_cannot_be_learned_is_explained(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    dataset = planted(
        tmp_path,
        one=lambda _, __: "same",
        fixed=lambda _, __: 4.0,
        lonely=lambda number, _: "odd" if number == 5 else "even",
        seldom=lambda number, _: number / 3 if number < 40 else None,
        many=lambda number, _: f"c{number % 120}",
        late=lambda number, _: "new" if number >= 500 else "old",
    )
    missing = Tabular.missing(dataset, config(**changes))
    assert len(missing) == 1
    assert words in missing[0]


def test_rows_of_tiny_classes_and_without_target_are_left_out_and_told(tmp_path: Path) -> None:
    entries = rows()
    for number in range(30):
        entries[number]["values"]["cut"] = None
    for number in (40, 41):
        entries[number]["values"]["cut"] = "huge"
    dataset = planted(tmp_path, entries)
    assert Tabular.missing(dataset, about("values.cut")) == []
    outlook = Tabular.outlook(dataset, about("values.cut"))
    assert outlook.rows == len(entries) - 32
    assert any("2 rows of classes with fewer than 5" in note for note in outlook.notes)
    assert any("30 rows without a value" in note for note in outlook.notes)


def test_the_task_follows_from_the_target(tmp_path: Path) -> None:
    dataset = planted(tmp_path, count=lambda number, _: number % 9, pair=lambda number, _: number % 2)
    tasks = {"worth": "regression", "grade": "classification", "cut": "classification"}
    tasks |= {"count": "regression", "pair": "classification"}
    for name, task in tasks.items():
        assert Tabular.everything(dataset, config(target=f"values.{name}")).task == task
    chosen = Tabular.everything(dataset, config(target="values.count", task="classification"))
    assert chosen.classes == tuple("012345678")


def test_the_newest_rows_are_held_out_where_there_are_times(tmp_path: Path) -> None:
    dataset = planted(tmp_path)
    holdout = Tabular.holdout(dataset, about("values.cut"))
    assert holdout.cut is not None
    cut = np.datetime64(holdout.cut.replace(tzinfo=None))
    assert (holdout.train.time < cut).all()
    assert (holdout.test.time >= cut).all()
    other = Tabular.holdout(dataset, about("values.cut", model="network", seed=9, max_rows=1_000))
    assert (other.test.target == holdout.test.target).all()
    inner = Tabular.inner(holdout.train, about("values.cut"))
    assert inner.test.time.max() < cut


def test_very_many_held_out_rows_are_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted(tmp_path)
    whole = Tabular.holdout(dataset, about("values.cut"))
    monkeypatch.setattr("engine.estimators.tabular.estimator.MOST_HELD", 60)
    holdout = Tabular.holdout(dataset, about("values.cut"))
    assert len(holdout.test) == 60
    assert len(holdout.train) == len(whole.train)
    assert holdout.about.endswith("60 of them, drawn at random, are measured")


def test_whole_shoppers_are_held_out_where_there_are_none(tmp_path: Path) -> None:
    shop = small_shop(times=False)
    reviews = [
        {"item_id": event["item_id"], "shopper": event["shopper"], "rating": float(place % 5), "fit": "fit"}
        for place, event in enumerate(shop[Table.INTERACTIONS])
    ]
    dataset = dataset_of(tmp_path, {**shop, Table.REVIEWS: reviews})
    holdout = Tabular.holdout(dataset, TabularConfig(table="reviews", target="rating"))
    sides = [set(side.columns["shopper"].values) for side in (holdout.train, holdout.test)]
    assert sides[0]
    assert sides[1]
    assert not sides[0] & sides[1]


def test_rows_alone_are_held_out_with_the_same_share_of_each_class(tmp_path: Path) -> None:
    dataset = planted(tmp_path, rows(timed=False))
    holdout = Tabular.holdout(dataset, about("values.cut"))
    shares = [np.bincount(side.target) / len(side) for side in (holdout.train, holdout.test)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
