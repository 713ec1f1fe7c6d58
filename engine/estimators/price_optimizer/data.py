"""What the price optimizer learns from: the weekly panel with the names of its promotions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from engine.catalog.schema import Table
from engine.estimators.price_optimizer import panel as panels
from engine.estimators.price_optimizer._sales import days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.price_optimizer.panel import Panel

_MOST_CAMPAIGNS = 60
_REST = "other promotions"
NO_CAMPAIGN = ""


@dataclass(frozen=True, eq=False)
class Sales:
    """A panel, and which promotion ran in each of its rows.

    Attributes
    ----------
    campaign : ndarray of int16, shape (n_rows,)
        Index into `campaigns`, whose first name is empty: no promotion.
    listed : bool
        Whether prices come from a price list, so that being on sale does not depend on a sale.
    periods : int
        Weeks from the panel's start to the end of what may be looked at.
    """

    panel: Panel
    campaign: NDArray[np.int16]
    campaigns: tuple[str, ...]
    listed: bool
    periods: int

    def take(self, rows: NDArray[np.bool_], periods: int) -> Self:
        """Only these rows."""
        return replace(self, panel=self.panel.take(rows), campaign=self.campaign[rows], periods=periods)

    def until(self, period: int) -> Self:
        """The rows before a week."""
        return self.take(self.panel.period < period, period)


def read(dataset: Dataset) -> Sales:
    """A snapshot's weekly panel; read once, and never changed by a setting.

    Raises
    ------
    InvalidInput
        There are no dated sales, or no prices.
    """
    return dataset.once("price_optimizer.sales", lambda: _read(dataset))


def _read(dataset: Dataset) -> Sales:
    panel = panels.read(dataset, step_days=7)
    listed = dataset.has(Table.PRICES, "price")
    campaign, names = _campaigns(dataset, panel)
    return Sales(panel, campaign, names, listed, panel.periods)


def _campaigns(dataset: Dataset, panel: Panel) -> tuple[NDArray[np.int16], tuple[str, ...]]:
    """The promotion that the price list names for the middle of each row's week."""
    empty = np.zeros(len(panel), dtype=np.int16)
    if not dataset.has(Table.PRICES, "promotion"):
        return empty, (NO_CAMPAIGN,)
    frame = dataset.frame(Table.PRICES, ["item_id", "from", "to", "promotion"])
    frame["item"] = pd.Index(panel.item_ids).get_indexer(frame["item_id"])
    frame["name"] = frame["promotion"].fillna("").astype(str).str.strip()
    begin = np.datetime64(panel.start, "D").astype(int)
    frame["first"] = np.nan_to_num(days(frame["from"]) - begin, nan=-1e9)
    frame["last"] = np.nan_to_num(days(frame["to"]) - begin, nan=1e9)
    frame = frame[frame["item"] >= 0].sort_values(["first"], kind="stable")
    named = frame.loc[frame["name"] != "", "name"].value_counts()
    kept = sorted(named.index[:_MOST_CAMPAIGNS])
    names = (NO_CAMPAIGN, *kept, *((_REST,) if len(named) > len(kept) else ()))
    code = {name: place for place, name in enumerate(names)}
    frame["code"] = [0 if not name else code.get(name, len(names) - 1) for name in frame["name"]]
    middle = pd.DataFrame({"item": panel.item.astype(np.int64), "day": panel.period * 7 + 3.5})
    middle["row"] = np.arange(len(middle))
    found = pd.merge_asof(
        middle.sort_values("day", kind="stable"),
        frame[["item", "first", "last", "code"]].astype({"item": np.int64}),
        left_on="day",
        right_on="first",
        by="item",
    )
    inside = (found["day"] < found["last"] + 1).to_numpy(bool) & found["code"].notna().to_numpy(bool)
    empty[found["row"].to_numpy()[inside]] = found["code"].to_numpy()[inside].astype(np.int16)
    return empty, names
