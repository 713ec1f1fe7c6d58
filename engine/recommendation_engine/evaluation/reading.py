"""Files to interactions: sequences of items, events as CSV or Parquet, MovieLens `u.data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidFile
from engine.recommendation_engine.evaluation.interactions import Interactions
from engine.recommendation_engine.evaluation.schema import Format

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

_MOST_BYTES = 2_000_000_000
_MOST_TOKEN = 200
_ATTRIBUTES = "_item2attributes.json"
_COLUMNS = ("shopper", "item_id", "time")
_SUCCESSES = ("purchase", "rental")
_DAY = 86_400.0


def read(path: Path, kind: Format) -> Interactions:
    """What a file tells.

    Raises
    ------
    InvalidFile
        It is not what it is said to be.
    """
    if path.is_dir() and (path / "u.data").is_file():
        path = path / "u.data"
    if not path.is_file():
        raise InvalidFile(f"There is no file {path}.", "A file with events of shoppers.", "Check --data.")
    size = path.stat().st_size
    if size == 0 or size > _MOST_BYTES:
        raise InvalidFile(f"{path.name} has {size:,} bytes.", f"1 to {_MOST_BYTES:,} are read.", "Choose another file.")
    if kind is Format.SEQUENCES:
        return _sequences(path)
    frame = _ratings(path) if path.name == "u.data" else _frame(path)
    return _from_frame(path, frame)


def _sequences(path: Path) -> Interactions:
    """Lines `user item item ...`; a user of several lines goes on where the line before ended."""
    users: dict[bytes, int] = {}
    items: dict[bytes, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            if not words:
                continue
            if len(words) < 2 or b"\0" in line or max(map(len, words)) > _MOST_TOKEN:
                told = line[:60].decode("utf-8", "replace").strip()
                raise InvalidFile(
                    f"Line {number} of {path.name} is {told!r}.",
                    "A line is 'user item item ...', with spaces between, in order of time.",
                    "Mend the line, or use --format interactions for a table.",
                )
            user = users.setdefault(words[0], len(users))
            columns += [items.setdefault(word, len(items)) for word in words[1:]]
            rows += [user] * (len(words) - 1)
    content = _attributes(path, {word.decode("utf-8", "replace"): row for word, row in items.items()})
    return Interactions.ordered(path.stem, np.array(rows), np.array(columns), None, content=content)


def _attributes(path: Path, items: dict[str, int]) -> csr_matrix | None:
    """`NAME_item2attributes.json` beside the file: item to a list of attributes; rare ones weigh more."""
    beside = path.with_name(path.stem + _ATTRIBUTES)
    if not beside.is_file():
        return None
    from scipy.sparse import csr_matrix, diags_array

    from engine.recommenders.content import unit_rows

    try:
        found = json.loads(beside.read_bytes())
    except ValueError as error:
        raise InvalidFile(f"{beside.name} is not JSON: {_said(error)}.", "Item to a list of attributes.") from error
    if not isinstance(found, dict) or not all(isinstance(value, list) for value in found.values()):
        raise InvalidFile(f"{beside.name} tells no attributes.", "An object of item to a list.", "Remove or mend it.")
    known = {item: values for item, values in found.items() if item in items}
    columns: dict[str, int] = {}
    pairs = [
        (items[item], columns.setdefault(str(value), len(columns)))
        for item, values in known.items()
        for value in values
    ]
    if not pairs:
        return None
    row, column = np.array(pairs).T
    matrix = csr_matrix((np.ones(len(row)), (row, column)), shape=(len(items), len(columns)))
    matrix.data[:] = 1.0
    rarity = np.log1p(len(items) / np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1))
    return unit_rows((matrix @ diags_array(rarity)).tocsr())


def _ratings(path: Path) -> pd.DataFrame:
    """MovieLens 100K: user, item, rating and seconds since 1970, parted by tabs or bars, with or without names."""
    import pandas as pd

    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"")
    mark = "|" if b"|" in first else "\t"
    named = not first.split(mark.encode())[0].strip().isdigit()
    try:
        frame = pd.read_csv(
            path, sep=mark, header=0 if named else None, names=["shopper", "item_id", "rating", "time"], dtype="int64"
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidFile(
            f"{path.name} is not MovieLens data: {_said(error)}.",
            "Lines of user, item, rating and seconds since 1970, parted by tabs.",
            "Choose another file.",
        ) from error
    return frame.drop(columns="rating")


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    parquet = path.suffix.lower() in (".parquet", ".pq")
    try:
        frame = pd.read_parquet(path) if parquet else pd.read_csv(path, dtype={"shopper": str, "item_id": str})
    except (ValueError, OSError, UnicodeDecodeError) as error:
        kind = "Parquet" if parquet else "CSV"
        raise InvalidFile(
            f"{path.name} cannot be read as {kind}: {_said(error)}.",
            f"A {kind} file with the columns {', '.join(_COLUMNS)}.",
            "Choose another file, or --format sequences.",
        ) from error
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        there = ", ".join(str(name)[:30] for name in list(frame.columns)[:8]) or "none"
        raise InvalidFile(
            f"{path.name} lacks the column {missing[0]!r}; it has {there}.",
            f"Columns {', '.join(_COLUMNS)} and, if it is known, event.",
            "Rename the columns.",
        )
    return frame


def _from_frame(path: Path, frame: pd.DataFrame) -> Interactions:
    import pandas as pd

    if frame.empty:
        raise InvalidFile(f"{path.name} has no rows.", "One row an event.", "Choose another file.")
    day = _days(path, frame["time"])
    broken = frame["shopper"].isna() | frame["item_id"].isna() | ~np.isfinite(day)
    if broken.any():
        row = int(np.flatnonzero(broken.to_numpy())[0]) + 1
        raise InvalidFile(
            f"{path.name} has {int(broken.sum()):,} rows without shopper, item or time (first at row {row}).",
            "Every row needs all three.",
            "Fill or drop the rows.",
        )
    shopper, _ = pd.factorize(frame["shopper"].astype(str))
    item, _ = pd.factorize(frame["item_id"].astype(str))
    strong, notes = None, []
    if "event" in frame.columns:
        strong = frame["event"].isin(_SUCCESSES).to_numpy()
        if strong.any() and not strong.all():
            notes.append("Purchases and rentals are foretold; other events are learned from.")
    return Interactions.ordered(path.stem, shopper, item, day, strong=strong, notes=notes)


def _days(path: Path, times: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Times as days since 1970: seconds where they are numbers, else dates."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(times):
        return np.asarray(times.to_numpy(np.float64, na_value=np.nan) / _DAY, dtype=np.float64)
    try:
        stamps = pd.to_datetime(times, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InvalidFile(
            f"The times of {path.name} cannot be read: {_said(error)}.",
            "Dates as 2017-10-31 or 2017-10-31T12:00:00Z, or seconds since 1970.",
            "Rewrite the column.",
        ) from error
    days = stamps.astype("datetime64[us, UTC]").astype("int64").to_numpy().astype(np.float64) / (_DAY * 1e6)
    days[stamps.isna().to_numpy()] = np.nan
    return np.asarray(days, dtype=np.float64)


def _said(error: Exception) -> str:
    """The first line of another library's error."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:80].rstrip(". ")
