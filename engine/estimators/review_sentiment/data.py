"""Reviews with what they are to be told by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.catalog.schema import Table
from engine.estimators import encoders, splits
from engine.estimators.base import Holdout

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.review_sentiment.config import ReviewSentimentConfig

FEWEST = 100
"""Reviews with a verdict below which nothing is learned."""


@dataclass(frozen=True, eq=False)
class Reviews:
    """Reviews in order of the table.

    Parameters
    ----------
    text : ndarray of str, shape (n,)
        Title and text.
    recommends : ndarray of int8, shape (n,)
        1 or 0.
    time : ndarray of datetime64, shape (n,)
    item, category : ndarray of str, shape (n,)
    age : ndarray of float64, shape (n,)
        NaN where unknown.
    known : dict
        Vectors made so far, by text; shared by all parts of the same data.
    """

    text: NDArray[Any]
    recommends: NDArray[np.int8]
    time: NDArray[np.datetime64]
    item: NDArray[Any]
    category: NDArray[Any]
    age: NDArray[np.float64]
    known: dict[str, NDArray[np.float32]] = field(repr=False, default_factory=dict)

    def __len__(self) -> int:
        return len(self.text)

    def at(self, rows: NDArray[Any]) -> Reviews:
        """Some of them, by mask or place."""
        names = ("text", "recommends", "time", "item", "category", "age")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def vectors(self, told: Callable[[float], None] | None = None) -> NDArray[np.float32]:
        """Where each text stands, shape (n, 384)."""
        new = [text for text in dict.fromkeys(self.text) if text not in self.known]
        if new:
            self.known.update(zip(new, encoders.encode(new, told), strict=True))
        return np.stack([self.known[text] for text in self.text])


def read(dataset: Dataset, config: ReviewSentimentConfig) -> Reviews:
    """The reviews that have words and a verdict, at most `max_rows` of them."""
    names = ["item_id", "shopper", "time", "rating", "title", "text", "recommended"]
    rows = dataset.frame(Table.REVIEWS, names)
    rows = rows[_verdict(rows, config).notna() & (_text(rows) != "")].reset_index(drop=True)
    rows = _newest(rows, config)
    return Reviews(
        text=_text(rows).to_numpy(dtype=object),
        recommends=_verdict(rows, config).to_numpy(dtype=np.int8),
        time=rows["time"].dt.tz_localize(None).to_numpy(dtype="datetime64[us]"),
        item=rows["item_id"].to_numpy(dtype=object),
        category=_looked_up(dataset, Table.ITEMS, "item_id", "category", rows["item_id"], "unknown").to_numpy(),
        age=_looked_up(dataset, Table.SHOPPERS, "shopper", "age", rows["shopper"], np.nan).to_numpy(dtype=np.float64),
        known=dataset.once("vectors of reviews", dict),
    )


def counts(dataset: Dataset, config: ReviewSentimentConfig) -> tuple[int, int]:
    """How many reviews recommend, and how many do not."""
    rows = dataset.frame(Table.REVIEWS, ["rating", "recommended", "title", "text"])
    verdict = _verdict(rows, config)[_text(rows) != ""].dropna()
    return int((verdict == 1).sum()), int((verdict == 0).sum())


def hold_out(reviews: Reviews) -> Holdout:
    """The newest fifth, or whole products where no times are told; no text is on both sides."""
    timed = ~np.isnat(reviews.time)
    if timed.mean() > 0.9 and len(np.unique(reviews.time[timed].astype("datetime64[D]"))) > 4:
        split = splits.by_time(reviews.time)
    else:
        split = splits.by_group(reviews.item, what="product")
    train = split.train & ~np.isin(reviews.text, reviews.text[split.test])
    about = f"{split.about}; texts that are tested on are not learned from"
    return Holdout(reviews.at(train), reviews.at(split.test), about, split.cut)


def _verdict(rows: pd.DataFrame, config: ReviewSentimentConfig) -> pd.Series[float]:
    """1 where a review recommends, 0 where it does not, NaN where nothing tells."""
    told = rows["recommended"].astype("float64")
    rating = rows["rating"].astype("float64")
    start = config.positive_from
    if start is None:
        start = 0.8 * float(rating.max()) if rating.notna().any() else 0.0
    return told.where(told.notna(), (rating >= start).astype("float64").where(rating.notna()))


def _text(rows: pd.DataFrame) -> pd.Series[str]:
    title, body = (rows[name].astype("object").where(rows[name].notna(), "").astype(str) for name in ("title", "text"))
    return (title.str.strip() + "\n" + body.str.strip()).str.strip()


def _newest(rows: pd.DataFrame, config: ReviewSentimentConfig) -> pd.DataFrame:
    if len(rows) <= config.max_rows:
        return rows
    if rows["time"].notna().any():
        kept = rows["time"].sort_values(na_position="first", kind="stable").index[-config.max_rows :]
    else:
        kept = rows.sample(config.max_rows, random_state=0).index
    return rows.loc[np.sort(kept)].reset_index(drop=True)


def _looked_up(
    dataset: Dataset, table: Table, key: str, column: str, values: pd.Series[Any], otherwise: Any
) -> pd.Series[Any]:
    """The column of another table for each value of its key."""
    found = dataset.frame(table, [key, column]).drop_duplicates(key).set_index(key)[column]
    told = values.map(found)
    return told.where(told.notna(), otherwise)
