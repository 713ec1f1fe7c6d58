"""Which rows are held out: by time, by group, or both; the same rows for every config."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE = 0.2
_SEED = 20_260_101


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be measured on.

    Parameters
    ----------
    train, test : ndarray of bool, shape (n_rows,)
        They never overlap; a row may be in neither.
    about : str
        The protocol in words.
    cut : datetime or None
        Training rows are before it.
    """

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    about: str
    cut: datetime | None = None


def by_group(group: NDArray[Any], *, share: float = SHARE, seed: int = _SEED, what: str = "group") -> Split:
    """Whole groups at random, so that no group is on both sides.

    Parameters
    ----------
    group : ndarray, shape (n_rows,)
        Any labels; give `numpy.arange(n)` for independent rows.
    """
    _, code = np.unique(np.asarray(group), return_inverse=True)
    chosen = np.random.default_rng(seed).random(int(code.max()) + 1 if len(code) else 0) < share
    test = chosen[code] if len(code) else np.zeros(0, dtype=bool)
    return Split(~test, test, f"Random: {share:.0%} of the {what}s are held out whole, so none is on both sides")


def stratified(
    label: NDArray[Any], group: NDArray[Any], *, share: float = SHARE, seed: int = _SEED, what: str = "group"
) -> Split:
    """Whole groups at random, about the same share of each label: a group counts under its first row's label."""
    _, code = np.unique(np.asarray(group), return_inverse=True)
    _, first = np.unique(code, return_index=True)
    _, stratum = np.unique(np.asarray(label)[first], return_inverse=True)
    draw = np.random.default_rng(seed).random(len(first))
    order = np.lexsort((draw, stratum))
    place = np.empty(len(first), dtype=np.int64)
    begins = np.flatnonzero(np.diff(stratum[order], prepend=-1))
    size = np.diff(np.append(begins, len(first)))
    place[order] = np.arange(len(first)) - np.repeat(begins, size)
    chosen = place < np.round(share * size)[stratum]
    test = chosen[code]
    about = f"Random within each class: {share:.0%} of the {what}s are held out whole, so none is on both sides"
    return Split(~test, test, about)


def by_time(
    time: NDArray[np.datetime64], *, share: float = SHARE, group: NDArray[Any] | None = None, what: str = "group"
) -> Split:
    """The newest rows, at least `share` of them from a whole day on.

    Parameters
    ----------
    time : ndarray of datetime64, shape (n_rows,)
        UTC; rows without a time (NaT) are learned from.
    group : ndarray, optional
        When given, training rows of groups that are held out are left out too, so that none is on both sides.
    """
    told = ~np.isnat(time)
    day = time.astype("datetime64[D]")
    cut = np.quantile(day[told].astype(np.int64), 1 - share, method="lower").astype("datetime64[D]")
    test = told & (day >= cut)
    train = ~test
    about = f"Temporal: trained on rows before {cut}, tested on the rows from then"
    if group is not None:
        train &= ~np.isin(np.asarray(group), np.asarray(group)[test])
        about += f"; {what}s that are tested on are not learned from"
    moment = datetime.fromisoformat(str(cut)).replace(tzinfo=UTC)
    return Split(train, test, about, moment)
