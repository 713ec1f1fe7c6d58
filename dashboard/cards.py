"""Small pieces that several pages draw: figures in words, badges, downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import streamlit as st

from dashboard.palette import STAGE_COLOURS, STATE_COLOURS
from engine.catalog.records import ItemCard

_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def count(value: float) -> str:
    """A whole number with thousands separators."""
    return f"{value:,.0f}"


def figure(value: float | None, digits: int = 4) -> str:
    """A metric's value; a dash where it is not known."""
    return "–" if value is None else f"{value:.{digits}f}"


def with_interval(value: float, low: float | None, high: float | None, digits: int = 4) -> str:
    """A value and its 95% interval, such as `0.1234 (0.1201 to 0.1267)`."""
    bounds = f" ({figure(low, digits)} to {figure(high, digits)})" if low is not None and high is not None else ""
    return figure(value, digits) + bounds


def money(value: float | None) -> str:
    """A price in shop currency; nothing where it is not known."""
    return "" if value is None else f"{value:,.2f}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago in one unit, such as `3 hours ago`."""
    seconds = max(0.0, (now - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def span(seconds: float | None) -> str:
    """A duration, such as `2 min 05 s`; a dash where it is not known."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(number: float) -> str:
    """Bytes in a readable unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def moment(time: datetime | None) -> str:
    """Date and time in UTC to the minute; a dash where there is none."""
    return "–" if time is None else f"{time:%Y-%m-%d %H:%M} UTC"


def state_badge(state: str) -> None:
    """A job's state."""
    st.badge(state, color=STATE_COLOURS.get(state, "gray"))  # type: ignore[arg-type]


def stage_badge(stage: str) -> None:
    """A version's stage."""
    st.badge(stage, color=STAGE_COLOURS.get(stage, "gray"))  # type: ignore[arg-type]


def item_facts(card: ItemCard) -> str:
    """Category, brand and colour in one line."""
    return " · ".join(part for part in (card.category, card.brand, card.colour) if part)


def table(rows: Sequence[Mapping[str, Any]], *, alt: str, digits: int = 4, **options: Any) -> Any:
    """A table of plain values: whole numbers with separators, others with `digits` decimals.

    Returns
    -------
    object
        What `st.dataframe` returns for these options, such as the selection.
    """
    kinds: dict[str, type] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                kinds[name] = float if isinstance(value, float) else kinds.get(name, int)
    formats = {int: "localized", float: f"%.{digits}f"}
    config = {name: st.column_config.NumberColumn(name, format=formats[kind]) for name, kind in kinds.items()}
    return st.dataframe(rows, hide_index=True, alt=alt, column_config=config, placeholder="–", **options)


def facts(pairs: Mapping[str, Any], *, alt: str, height: int | Literal["content"] = "content") -> None:
    """A two-column table of names and values, as plain text."""
    rows = [{"Field": name, "Value": "–" if value in (None, "", {}) else str(value)} for name, value in pairs.items()]
    st.dataframe(rows, hide_index=True, alt=alt, height=height, row_height=30)


def to_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Rows as UTF-8 CSV that a spreadsheet opens without running anything in it.

    A text that would start a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_safe(column) for column in columns])
    for row in rows:
        writer.writerow([_safe(row.get(column)) for column in columns])
    return buffer.getvalue().encode("utf-8-sig")


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_SIGNS):
        return f"'{value}"
    return "" if value is None else value


def csv_button(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, name: str, key: str) -> None:
    """A download of a table."""
    st.download_button(
        "Download CSV",
        data=lambda: to_csv(rows, columns),
        file_name=name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
