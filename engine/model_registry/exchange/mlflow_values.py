"""MLflow's words and values as ours: names, states, times, figures.

A foreign store is input that anybody may have written: every value is coerced, and what cannot be
right becomes None or is counted as left behind.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.model_registry.exchange.records import Ledger
from engine.model_registry.schema import Stage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 4_102_444_800_000  # the year 2100
_INFINITE = 1.797_693_134_862_3e308  # what MLflow's SQL store writes for infinities
_STEPS = 2**62
STATUSES = {
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "cancelled",
    "RUNNING": "running",
    "SCHEDULED": "running",
}
STATUS_NUMBERS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
STAGES = {"Staging": Stage.STAGING, "Production": Stage.STAGING, "Archived": Stage.ARCHIVED}

NOT_FINITE = "A metric value is NaN or infinite; our metrics are finite numbers."
BAD_POINT = "A metric point has a step or value that is no number."


def text(value: Any, limit: int = 8192) -> str:
    """A value as text, None as empty, cut to a length, without NUL."""
    return "" if value is None else str(value)[:limit].replace("\0", "")


def moment(value: Any) -> datetime | None:
    """Milliseconds since 1970 as a time; None where that cannot be right."""
    try:
        milliseconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds) if 0 < milliseconds < _LAST_MS else None


def milliseconds(moment: datetime | None) -> int:
    """A time as MLflow keeps it; 0 for none."""
    return 0 if moment is None else round((moment - _EPOCH).total_seconds() * 1000)


def point(
    metric: Any, step: Any, value: Any, time: Any, left: Ledger, run: str
) -> tuple[str, int, float, datetime | None] | None:
    """One metric point, or None when it is left behind."""
    try:
        figure, at = float(value), int(step or 0)
    except (TypeError, ValueError, OverflowError):
        left.add(BAD_POINT, f"{run}: {metric}")
        return None
    if not math.isfinite(figure) or abs(figure) >= _INFINITE:
        left.add(NOT_FINITE, f"{run}: {metric} at step {at}")
        return None
    if abs(at) > _STEPS:
        left.add(BAD_POINT, f"{run}: {metric}")
        return None
    return text(metric, 250), at, figure, moment(time)


def valid_name(name: str, taken: Iterable[str] = ()) -> str:
    """The nearest allowed name; one that is taken gets a mark made from the original."""
    cleaned = re.sub(r"\.{2,}", ".", re.sub(r"[^a-z0-9_.-]+", "-", name.lower())).strip("-_.")[:64].strip("-_.")
    cleaned = cleaned or "unnamed"
    if cleaned not in taken:
        return cleaned
    return f"{cleaned[:56]}-{hashlib.sha256(name.encode()).hexdigest()[:7]}"


def names(originals: Iterable[str]) -> dict[str, str]:
    """Allowed names for a list of original ones, all different, the first comer unmarked."""
    found: dict[str, str] = {}
    for original in originals:
        if original not in found:
            found[original] = valid_name(original, found.values())
    return found


def version_number(version: str) -> str | None:
    """MLflow's counter as a semantic version: 3 is 3.0.0."""
    return f"{int(version)}.0.0" if version.isascii() and version.isdigit() and 0 < int(version) < 10**9 else None


def local_path(uri: str) -> str | None:
    """The path that a file URI or a plain path names; None for other schemes."""
    from urllib.parse import unquote, urlsplit

    if uri.startswith("file:"):
        return unquote(urlsplit(uri).path) or None
    return None if "://" in uri or uri.startswith(("models:", "runs:")) or not uri else uri
