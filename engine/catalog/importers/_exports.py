"""What exports of shop systems have in common: blank cells, HTML copy, options, lines of orders."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.catalog.importers import _frames
from engine.catalog.importers.bundle import Bundle
from engine.catalog.importers.synonyms import folded
from engine.catalog.schema import Table
from engine.errors import InvalidFile
from engine.files import canonical_json

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SIZE_WORDS = ("size", "sizes", "clothingsize", "shoesize", "taille", "grosse", "groesse", "talla", "taglia")
COLOUR_WORDS = ("colour", "color", "colours", "colors", "couleur", "farbe")
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_ZONE = r"(\d{2}:\d{2}(?::\d{2})?) ([+-]\d{2}:?\d{2})$"

Frames = Mapping[Table, "pd.DataFrame"]
Maker = Callable[["pd.DataFrame"], dict[Table, "pd.DataFrame"]]


def files_with(bundle: Bundle, *choices: Sequence[str]) -> list[str]:
    """Every table file that has all columns of one of the choices."""
    found = []
    for name in sorted(bundle.tables):
        try:
            columns = set(bundle.columns(name))
        except InvalidFile:
            continue  # a broken file is named when it is read, not while looking around
        if any(set(needed) <= columns for needed in choices):
            found.append(name)
    return found


def sheet(bundle: Bundle, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Rows of an export: cells without space around, blank ones as None, absent columns all None."""
    rows = _frames.frame(bundle, name, columns)
    for column in columns:
        texts = rows[column].astype("string").str.strip()
        rows[column] = texts.astype(object).where(texts.notna() & (texts != ""), None)
    return rows


def joined(parts: Sequence[tuple[str, Frames]]) -> dict[Table, pa.Table]:
    """Frames of several files as one table each; tables without rows are left out."""
    import pyarrow as pa

    tables: dict[Table, list[pa.Table]] = {}
    for name, frames in parts:
        for table, rows in frames.items():
            if len(rows):
                tables.setdefault(table, []).append(_frames.arrow(rows, name))
    return {table: pa.concat_tables(found, promote_options="default") for table, found in tables.items()}


def first_by(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """One row a key with the first value of every column; rows without a key stay, to be set aside."""
    import pandas as pd

    keyed = rows[rows[key].notna()].groupby(key, sort=False).first().reset_index()
    return pd.concat([keyed, rows[rows[key].isna()]], ignore_index=True)


def plain_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """HTML copy as text."""
    return values.map(lambda text: _bare(text) if isinstance(text, str) else None)


def _bare(text: str) -> str | None:
    return re.sub(r"\s+", " ", html.unescape(_TAG.sub(" ", text))).strip() or None


def addresses(values: pd.Series[Any]) -> pd.Series[Any]:
    """Mail addresses in one spelling, so that the same person is one shopper."""
    return values.map(lambda text: text.lower() if isinstance(text, str) else None)


def moments(values: pd.Series[Any]) -> pd.Series[Any]:
    """Times with their zone written as ISO 8601 wants it: without a space."""
    texts = values.astype("string").str.replace(_ZONE, r"\1\2", regex=True)
    return texts.astype(object).where(texts.notna(), None)


def numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Cells as floats where they are plain numbers, else NaN."""
    import pandas as pd

    return pd.to_numeric(values, errors="coerce")


def discount_share(amount: pd.Series[Any], quantity: pd.Series[Any], price: pd.Series[Any]) -> pd.Series[Any]:
    """The share of a line's list price that its discount takes off; None where it cannot be told."""
    whole = numbers(quantity) * numbers(price)
    share = (numbers(amount) / whole.where(whole > 0)).round(6)
    return share.astype(object).where(share.notna(), None)


def option(names: pd.DataFrame, values: pd.DataFrame, words: Sequence[str]) -> pd.Series[Any]:
    """By row, the value of the first option whose name is one of `words`."""
    import pandas as pd

    found = pd.Series([None] * len(values), index=values.index, dtype=object)
    for (_, name), (_, value) in zip(names.items(), values.items(), strict=True):
        hits = name.map(lambda text: isinstance(text, str) and folded(text) in words) & found.isna()
        found = found.where(~hits, value)
    return found


def objects(rows: pd.DataFrame, lists: Sequence[str] = ()) -> list[str]:
    """One JSON object a row without what is blank; columns in `lists` are split at commas."""
    answers = []
    for row in rows.to_dict("records"):
        present = {str(name): value for name, value in row.items() if isinstance(value, str)}
        answers.append(
            canonical_json({name: _split(value) if name in lists else value for name, value in present.items()})
        )
    return answers


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
