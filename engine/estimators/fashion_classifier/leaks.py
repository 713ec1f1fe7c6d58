"""Columns that spell the label: a model that reads them learns nothing about products."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SURE = 0.97
_MOST_VALUES = 0.5


def leaks(columns: Mapping[str, NDArray[Any]], label: NDArray[Any]) -> dict[str, str]:
    """Columns to leave out, with the reason in words.

    Parameters
    ----------
    columns : mapping of str to ndarray of str or None, shape (n,)
    label : ndarray of str or None, shape (n,)
    """
    found = {}
    for name, values in columns.items():
        reason = _reason(values, label)
        if reason:
            found[name] = reason
    return found


def _reason(values: NDArray[Any], label: NDArray[Any]) -> str:
    told = [(v, y) for v, y in zip(values, label, strict=True) if v is not None and y is not None]
    if not told:
        return "No labelled product has it."
    distinct = len({value for value, _ in told})
    if distinct > 50 and distinct > _MOST_VALUES * len(told):
        return "Almost every product has a value of its own."
    if sum(str(value).casefold() == str(y).casefold() for value, y in told) >= 0.9 * len(told):
        return "It spells the label."
    if _purity(told) >= _SURE and _purity([("", y) for _, y in told]) < 0.9:
        return f"Its value gives the label away for at least {_SURE:.0%} of the products."
    return ""


def _purity(told: list[tuple[Any, Any]]) -> float:
    """Share of rows with the commonest label of their value, among values of several rows."""
    by_value: dict[Any, Counter[Any]] = defaultdict(Counter)
    for value, y in told:
        by_value[value][y] += 1
    several = [counter for counter in by_value.values() if counter.total() > 1]
    rows = sum(counter.total() for counter in several)
    return sum(max(counter.values()) for counter in several) / rows if rows > len(told) / 2 else 0.0
