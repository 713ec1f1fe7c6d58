"""Which columns a model may use, and why the others are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.catalog.schema import Table
from engine.estimators.tabular import leaks

if TYPE_CHECKING:
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.data import TabularData
    from engine.estimators.tabular.encoding import Role
    from engine.estimators.tabular.rows import Column

_OWN_VALUE = 0.95
_LATER = 0.01
_GAPS = 0.5
_TEXT_WORDS = 3.0
_FEW_LEVELS = 30
_LOOKED_AT = 20_000
_UNEVEN = 0.1


@dataclass(frozen=True)
class Screening:
    """What was found about the columns.

    Parameters
    ----------
    roles : dict of str to Role
        Columns to use.
    left_out : dict of str to str
        Column to the reason, a sentence.
    notes : tuple of str
        Sentences on the rows and on columns that are used.
    """

    roles: dict[str, Role]
    left_out: dict[str, str]
    notes: tuple[str, ...]


def screen(data: TabularData, config: TabularConfig) -> Screening:
    """Look at a sample of rows, column by column.

    Parameters
    ----------
    data : TabularData
        Training rows.
    """
    looked = data.take(np.random.default_rng(0).permutation(len(data))[:_LOOKED_AT])
    roles: dict[str, Role] = {}
    left_out: dict[str, str] = {}
    notes = [*data.notes, *_uneven(data)]
    for name, column in looked.columns.items():
        found = _reason(name, column, looked, config, len(data))
        if found:
            left_out[name] = found
            continue
        role = role_of(column)
        if role == "category" and not _common(column, len(data), config):
            left_out[name] = f"None of its values is in {config.rare_rows} rows or more."
            continue
        roles[name] = role
        gaps = 1 - column.present.mean()
        if gaps > _GAPS:
            notes.append(f"{name} has no value in {gaps:.0%} of the rows.")
    giving = _giving_away(looked, roles, config)
    return Screening(
        {name: role for name, role in roles.items() if name not in giving}, {**left_out, **giving}, tuple(notes)
    )


def role_of(column: Column) -> Role:
    """Words of several parts and many values are text, other words categories."""
    if column.kind in ("number", "flag", "time"):
        return column.kind
    values = column.values[column.present]
    distinct = np.unique(values.astype(str))
    words = np.mean([len(value.split()) for value in distinct.tolist()]) if len(distinct) else 0.0
    return "text" if len(distinct) > _FEW_LEVELS and words >= _TEXT_WORDS else "category"


def _reason(name: str, column: Column, data: TabularData, config: TabularConfig, rows: int) -> str:
    """Why a column is left out, empty when it is used."""
    if name in config.leave_out:
        return "The settings leave it out."
    if not config.joined and name.partition(".")[0] in set(Table) and name != data.time_name:
        return "The settings use no columns of what rows refer to."
    present = column.present
    if not present.any():
        return "No row has a value."
    if present.all() and len(set(column.values.tolist())) == 1:
        return "It is the same in all rows."
    if name in config.keep:
        return ""
    if column.kind == "id":
        return "It is an id."
    if _is_own(name, column, rows):
        return "Nearly every row has its own value: it is an id."
    if column.kind == "time" and name != data.time_name:
        return _later(column, data)
    return ""


def _common(column: Column, rows: int, config: TabularConfig) -> bool:
    """Whether a category has a value in enough of all `rows`, of which `column` is a sample."""
    _, counts = np.unique(column.values[column.present].astype(str), return_counts=True)
    return bool(counts.max(initial=0) * rows >= config.rare_rows * len(column.values))


def _is_own(name: str, column: Column, rows: int) -> bool:
    """Whether a column only numbers the rows, `rows` of them where `column` is a sample."""
    values = column.values[column.present]
    if column.kind == "words":
        own = len(set(values.tolist())) >= _OWN_VALUE * len(values)
        return bool(own and role_of(column) != "text")
    if column.kind != "number" or len(np.unique(values)) < len(values) or (values % 1 != 0).any():
        return False
    named = name.rpartition(".")[2].rpartition("_")[2] in ("id", "key", "no", "nr", "number", "index", "row", "uuid")
    return bool(named or np.ptp(values) < 1.5 * rows)


def _later(column: Column, data: TabularData) -> str:
    time = data.time
    if time is None:
        return ""
    both = column.present & ~np.isnat(time)
    share = float((column.values[both] > time[both]).mean()) if both.any() else 0.0
    if share <= _LATER:
        return ""
    return f"{share:.0%} of its times lie after the row's own ({data.time_name}): it tells what came later."


def _giving_away(data: TabularData, roles: dict[str, Role], config: TabularConfig) -> dict[str, str]:
    rows = leaks.sample(len(data))
    target, found = data.target[rows], {}
    for name, role in roles.items():
        score = leaks.alone(data.columns[name].take(rows), role, target, len(data.classes))
        if score > leaks.MOST and name not in config.keep:
            found[name] = (
                f"It alone foretells {data.target_name} ({_measure(data)} {score:.3f}): a copy of it, or known only "
                "afterwards. Name it under keep to use it."
            )
    return found


def _measure(data: TabularData) -> str:
    if data.task == "regression":
        return "R2"
    return "ROC-AUC" if len(data.classes) == 2 else "mutual information"


def _uneven(data: TabularData) -> list[str]:
    if data.task == "regression":
        return []
    counts = np.bincount(data.target, minlength=len(data.classes))
    shares = counts / max(counts.sum(), 1)
    least = int(shares.argmin())
    if shares[least] >= _UNEVEN:
        return []
    return [
        f"Classes are uneven: {data.classes[least]} is {shares[least]:.1%} of the rows. Labels are chosen so that "
        "it is found, probabilities are not changed."
    ]
