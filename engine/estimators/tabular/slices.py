"""Slices of held-out rows: the few values of the columns that people know rows by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.estimators.tabular.checks import role_of
from engine.estimators.tabular.rows import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.tabular.data import TabularData
    from engine.estimators.tabular.rows import Column

_COLUMNS = 3
_LEVELS = (2, 12)
_TOLD = 0.5
_FIRST = ("category", "segment", "market", "department", "size", "season")


def slices(held: TabularData) -> dict[str, NDArray[np.bool_]]:
    """Slice in words to its rows, shape (n_rows,); it depends on the held-out rows only, not on a model."""
    found: dict[str, NDArray[np.bool_]] = {}
    names = sorted(held.columns, key=_rank)
    used = 0
    for name in names:
        levels = _levels(held.columns[name]) if used < _COLUMNS else {}
        if levels:
            used += 1
            found |= {f"{name.rpartition('.')[2]}: {level}": mask for level, mask in levels.items()}
    return found


def _rank(name: str) -> tuple[int, int, str]:
    last = name.rpartition(".")[2]
    return (_FIRST.index(last) if last in _FIRST else len(_FIRST), name.count("."), name)


def _levels(column: Column) -> dict[str, NDArray[np.bool_]]:
    """The values of a column of few values; empty for any other."""
    present = column.present
    if column.kind not in ("words", "flag") or present.mean() < _TOLD:
        return {}
    if column.kind == "words" and role_of(column) != "category":
        return {}
    distinct = np.unique(column.values[present].astype(str if column.kind == "words" else float))
    if not _LEVELS[0] <= len(distinct) <= _LEVELS[1]:
        return {}
    flag = column.kind == "flag"
    return {worded(bool(level)) if flag else str(level): column.values == level for level in distinct}
