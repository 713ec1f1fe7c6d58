"""The order of choices: each shopper's items by time, and the model of what comes next after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from engine.recommenders.sequence import SequenceConfig, SequenceModel, fit_sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender.data import ShopData
    from engine.recommenders.events import EventLog
    from engine.recommenders.sequence.fit import Progress

FEWEST_ORDERS = 50
"""Shoppers with two items one after the other, below which no order is learned."""


def last_days(log: EventLog) -> csr_matrix | None:
    """Day of the last event of each pair, with the pattern of the history matrix; None without times."""
    if log.day is None:
        return None
    from scipy.sparse import csr_matrix

    pair = log.shopper.astype(np.int64) * log.n_items + log.item
    distinct, place = np.unique(pair, return_inverse=True)
    last = np.full(len(distinct), -np.inf)
    np.maximum.at(last, place, log.day)
    where = (distinct // log.n_items, distinct % log.n_items)
    return csr_matrix((last, where), shape=(log.n_shoppers, log.n_items))


def orders(last_day: csr_matrix, rows: NDArray[Any]) -> list[NDArray[np.int32]]:
    """Items of some shoppers from the oldest to the newest, each once, where it was met last.

    Parameters
    ----------
    last_day : csr_matrix, shape (n_shoppers, n_items)
        As `last_days` makes it.
    rows : ndarray of int
        Rows of shoppers; -1 stands for one of whom nothing is known.
    """
    found = []
    for row in rows.tolist():
        if row < 0:
            found.append(np.zeros(0, dtype=np.int32))
            continue
        span = slice(int(last_day.indptr[row]), int(last_day.indptr[row + 1]))
        order = np.argsort(last_day.data[span], kind="stable")
        found.append(last_day.indices[span][order].astype(np.int32))
    return found


def next_items(
    data: ShopData, config: SequenceConfig, *, passes: int | None = None, progress: Progress | None = None
) -> SequenceModel | None:
    """What comes next, learned from all events of `data`; None where the shop tells no order or too little of it.

    Parameters
    ----------
    passes : int or None
        Passes over all items, as found on an earlier window; when left out, the last item of each shopper
        is held out to tell when to stop.
    progress : callable or None
        Called after each pass.
    """
    last = last_days(data.log)
    if last is None:
        return None
    sequences = [items for items in orders(last, np.arange(last.shape[0])) if len(items) > 1]
    if len(sequences) < FEWEST_ORDERS:
        return None
    if passes is not None:
        config = config.model_copy(update={"patience": 0, "epochs": max(passes, 1)})
    import torch  # noqa: F401  # a limit reaches only the threads of libraries that are there already

    with threadpool_limits(limits=1):
        return fit_sequence(sequences, data.log.n_items, config, progress=progress)
