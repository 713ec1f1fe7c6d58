"""The rows that a `tabular` model learns from: columns, target, time and group of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.catalog.schema import TABLES, Table
from engine.errors import InvalidInput
from engine.estimators import splits
from engine.estimators.tabular.joins import joined
from engine.estimators.tabular.rows import Column, worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.splits import Split
    from engine.estimators.tabular.config import TabularConfig

Task = Literal["classification", "regression"]

FEWEST_ROWS = 50
FEWEST_OF_CLASS = 5
MOST_CLASSES = 100
_FEWEST_DAYS = 5
_TIMED_SHARE = 0.9
_ROW_TIME = {Table.ORDER_LINES: "orders.time", Table.PRICES: "from"}
_OF_SHOPPER = {Table.ORDER_LINES: "orders.shopper"}


@dataclass(frozen=True)
class TabularData:
    """Rows with what is known of each and what is to be foretold.

    Parameters
    ----------
    columns : dict of str to Column, shape (n_rows,) each
        Everything but the target, ids too.
    target : ndarray, shape (n_rows,)
        int64 places in `classes`, or float64 in the target's own unit.
    classes : tuple of str
        Empty for a regression.
    time_name : str
        The column with each row's moment; empty when there is none.
    group : ndarray of int, shape (n_rows,), or None
        Rows of one shopper share a number.
    notes : tuple of str
        What was done to the rows, in words.
    """

    table: str
    target_name: str
    task: Task
    classes: tuple[str, ...]
    columns: dict[str, Column]
    target: NDArray[Any]
    time_name: str = ""
    group: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.target)

    @property
    def time(self) -> NDArray[np.datetime64] | None:
        """The moment of each row, NaT where it is unknown; None when no column tells it."""
        return self.columns[self.time_name].values if self.time_name else None

    def take(self, rows: NDArray[Any]) -> TabularData:
        """Some of the rows, by mask or place."""
        return replace(
            self,
            columns={name: column.take(rows) for name, column in self.columns.items()},
            target=self.target[rows],
            group=None if self.group is None else self.group[rows],
        )

    def newest(self, most: int) -> TabularData:
        """At most so many rows, the newest ones where times are known, else the last ones."""
        if len(self) <= most:
            return self
        time = self.time
        order = np.arange(len(self)) if time is None else np.argsort(time, kind="stable")
        order = order[~np.isnat(time[order])] if time is not None and (~np.isnat(time)).sum() >= most else order
        return self.take(np.sort(order[-most:]))


def read(dataset: Dataset, config: TabularConfig) -> TabularData:
    """The rows whose target is known.

    Raises
    ------
    InvalidInput
        The table or the target cannot be learned from; the sentence says why.
    """
    key = f"tabular.{config.table}.{config.sheet}.{config.target}.{config.task}"
    return dataset.once(key, lambda: _read(dataset, config))


def _read(dataset: Dataset, config: TabularConfig) -> TabularData:
    columns = _columns(dataset, config)
    target = _target(columns, config)
    present = target.present
    task, classes, values, told = _as_task(target, config)
    known = present & told
    notes = _notes(present, told, config.target)
    _check_enough(int(known.sum()), config)
    columns = {name: column for name, column in columns.items() if name != config.target}
    group = _group(columns, config.of)
    data = TabularData(
        config.table, config.target, task, classes, columns, values, _time_name(columns, config.of), group, notes
    )
    data = data.take(known)
    _check_varies(data)
    return data


def _columns(dataset: Dataset, config: TabularConfig) -> dict[str, Column]:
    if not dataset.rows(config.of):
        raise InvalidInput(f"The shop has no {config.table}.", hint="Import them, or choose another table.")
    found: dict[str, Column] = dataset.once(
        f"tabular.joined.{config.table}.{config.sheet}", lambda: joined(dataset, config.of, config.sheet)
    )
    if not len(next(iter(found.values())).values):
        raise InvalidInput(
            f"There are no records of the sheet {config.sheet[:60]!r}.", hint="Choose the name that the import gave."
        )
    return found


def _target(columns: dict[str, Column], config: TabularConfig) -> Column:
    name = config.target
    if name not in columns:
        keys = [known for known in columns if known.startswith(f"{name}.")]
        own = [known for known in columns if known.partition(".")[0] not in set(Table)]
        raise InvalidInput(
            f"{config.table} has no column {name[:80]!r} to foretell.",
            f"It has {', '.join((keys or own)[:12])}.",
            "Choose one of them.",
        )
    target = columns[name]
    if target.kind in ("id", "time"):
        what = "an id" if target.kind == "id" else "a time"
        raise InvalidInput(
            f"The target {name!r} is {what}.", "A target is a number, a flag or one of few words.", "Choose another."
        )
    if not target.present.any():
        raise InvalidInput(f"The target {name!r} has no value in any row.", hint="Import it, or choose another.")
    return target


def _as_task(target: Column, config: TabularConfig) -> tuple[Task, tuple[str, ...], NDArray[Any], NDArray[np.bool_]]:
    """Task, classes, target values, and which rows can be learned from (those of very rare classes cannot)."""
    distinct = len(np.unique(target.values[target.present]))
    numeric = target.kind == "number"
    if config.task == "regression" or (config.task == "auto" and numeric and distinct > 2):
        if not numeric and target.kind != "flag":
            raise InvalidInput(
                f"The target {config.target!r} holds words, not numbers.",
                "A regression foretells numbers.",
                "Set the task to classification.",
            )
        return "regression", (), target.values.astype(np.float64), np.ones(len(target.values), dtype=bool)
    labels = _labels(target)
    names, counts = np.unique(labels[target.present].astype(str), return_counts=True)
    kept = tuple(str(name) for name, count in zip(names, counts, strict=True) if count >= FEWEST_OF_CLASS)
    _check_classes(config, len(names), kept, names, counts)
    place = {name: number for number, name in enumerate(kept)}
    values = np.array([place.get(label, -1) for label in labels], dtype=np.int64)
    return "classification", kept, values, values >= 0


def _labels(target: Column) -> NDArray[Any]:
    if target.kind == "flag":
        return np.array([None if np.isnan(v) else worded(bool(v)) for v in target.values], dtype=object)
    if target.kind == "number":
        return np.array([None if np.isnan(v) else worded(float(v)) for v in target.values], dtype=object)
    return target.values


def _check_classes(
    config: TabularConfig, found: int, kept: tuple[str, ...], names: NDArray[Any], counts: NDArray[Any]
) -> None:
    if found == 1:
        raise InvalidInput(
            f"The target {config.target!r} is {str(names[0])[:60]!r} in every row: there is nothing to foretell.",
            hint="Choose another target, or import rows with other values.",
        )
    if len(kept) < 2:
        least = int(counts.min())
        raise InvalidInput(
            f"The target {config.target!r} has {found:,} values, and only {len(kept)} of them in "
            f"{FEWEST_OF_CLASS} rows or more; the rarest has {least} {'row' if least == 1 else 'rows'}.",
            "Two classes with enough rows are needed.",
            "Choose another target, or import more rows.",
        )
    if len(kept) > MOST_CLASSES:
        raise InvalidInput(
            f"The target {config.target!r} has {len(kept):,} classes.",
            f"At most {MOST_CLASSES} can be told apart.",
            "Choose a coarser target, or a regression for a number.",
        )


def _notes(present: NDArray[np.bool_], told: NDArray[np.bool_], name: str) -> tuple[str, ...]:
    notes = []
    absent, rare = int((~present).sum()), int((present & ~told).sum())
    if absent:
        notes.append(f"{absent:,} rows without a value of {name} are left out.")
    if rare:
        notes.append(f"{rare:,} rows of classes with fewer than {FEWEST_OF_CLASS} rows are left out.")
    return tuple(notes)


def _check_enough(rows: int, config: TabularConfig) -> None:
    if rows < FEWEST_ROWS:
        raise InvalidInput(
            f"{config.table} has {rows} rows with a value of {config.target!r}.",
            f"At least {FEWEST_ROWS} are needed.",
            "Import more rows.",
        )


def _check_varies(data: TabularData) -> None:
    if data.task == "regression" and np.ptp(data.target) == 0:
        raise InvalidInput(
            f"The target {data.target_name!r} is {data.target[0]:g} in every row: there is nothing to foretell.",
            hint="Choose another target.",
        )
    found = split(data)
    sides = [np.unique(data.target[side]).size for side in (found.train, found.test)]
    if sides[0] < 2 or sides[1] < 1:
        raise InvalidInput(
            f"The target {data.target_name!r} does not vary in the rows to learn from, once the newest are held out.",
            hint="Import rows of a longer time, or choose another target.",
        )


def _time_name(columns: dict[str, Column], table: Table) -> str:
    name = _ROW_TIME.get(table, "time")
    if name not in columns or columns[name].kind != "time":
        return ""
    return name if columns[name].present.any() else ""


def _group(columns: dict[str, Column], table: Table) -> NDArray[np.int64] | None:
    """Rows of one shopper; a row without one stands alone."""
    import pandas as pd

    name = _OF_SHOPPER.get(table, "shopper")
    if table is Table.SHOPPERS or name not in columns or not columns[name].present.any():
        return None
    codes: NDArray[np.int64] = pd.factorize(columns[name].values)[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max() + 1 + np.arange(alone.sum())
    return codes


def split(data: TabularData) -> Split:
    """Rows held out: the newest, else whole shoppers, else rows at random with the same share of each class."""
    time = data.time
    if time is not None:
        told = ~np.isnat(time)
        days = len(np.unique(time[told].astype("datetime64[D]")))
        if told.mean() >= _TIMED_SHARE and days >= _FEWEST_DAYS:
            return splits.by_time(time)
    if data.group is not None and len(np.unique(data.group)) < len(data):
        return splits.by_group(data.group, what="shopper")
    rows = np.arange(len(data))
    if data.task == "regression":
        return splits.by_group(rows, what="row")
    return splits.stratified(data.target, rows, what="row")


def about_table(table: str) -> str:
    """What a row of a table is, in words."""
    return TABLES[Table(table)].about
