"""Rows as CSV that a spreadsheet opens without carrying anything out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows under a header; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(row.get(name)) for name in columns] for row in rows)
    return sink.getvalue()


def guarded(value: Any) -> Any:
    """A cell; only text is ever changed, so that -5 stays a number."""
    return _GUARD + value if isinstance(value, str) and value.startswith(_STARTS) else value


def unguarded(text: str) -> str:
    """A cell as it was before `guarded`."""
    return text[1:] if text.startswith(_GUARD) and text[1:].startswith(_STARTS) else text
