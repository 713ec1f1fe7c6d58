"""What a job will take, told by past ones of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from engine.catalog._rows import snapshots
from engine.store import Reader
from engine.training.records import many_jobs
from engine.training.schema import Expectation, JobInfo, JobState

_ASKED, _RECENT = 100, 20
_PROGRAM_MB = 300.0
"""What a worker takes before it reads a row: memory above it grows with the rows."""


_SEARCHED = """
SELECT job_id, json_extract_string(result, '$.searched_s') AS seconds FROM jobs WHERE kind = $kind
"""


@dataclass(frozen=True)
class Past:
    """A job that succeeded, the rows of its snapshot, and the seconds that it took without a search."""

    job: JobInfo
    rows: int
    seconds: float


def rows_of(reader: Reader, snapshot: int) -> int:
    """Rows of a snapshot, all tables together; 0 where it is no longer known."""
    found = snapshots(reader, number=snapshot, limit=1)
    return sum(part.rows for info in found for parts in info.tables.values() for part in parts)


def past_jobs(reader: Reader, kind: str) -> list[Past]:
    """Jobs of a kind that succeeded, newest first."""
    searched = {row["job_id"]: float(row["seconds"] or 0.0) for row in reader.rows(_SEARCHED, {"kind": kind})}
    jobs = many_jobs(reader, kind=kind, state=JobState.SUCCEEDED, limit=_ASKED)
    rows = {number: rows_of(reader, number) for number in {job.snapshot for job in jobs}}
    return [
        Past(job, rows[job.snapshot], (job.ended_at - job.started_at).total_seconds() - searched[job.job_id])
        for job in jobs
        if job.started_at and job.ended_at and rows[job.snapshot]
    ]


def expected(past: Sequence[Past], *, config: Mapping[str, Any], preset: str | None, rows: int) -> Expectation | None:
    """Time and memory of a job on `rows` rows; None where no job of the kind has succeeded yet.

    The jobs most alike are asked (the same `model` setting first, then the same preset), and what they took is
    scaled in proportion to the rows.

    Parameters
    ----------
    past : sequence of Past
        Newest first.
    """
    if not past:
        return None
    likeness = [_likeness(each.job, config, preset) for each in past]
    alike = [each for each, found in zip(past, likeness, strict=True) if found == max(likeness)][:_RECENT]
    memory = [_memory(each.job.memory_mb, rows / each.rows) for each in alike if each.job.memory_mb]
    return Expectation(
        seconds=round(median(each.seconds * rows / each.rows for each in alike), 1),
        memory_mb=round(median(memory), 1) if memory else 0.0,
        from_runs=len(alike),
    )


def _likeness(job: JobInfo, config: Mapping[str, Any], preset: str | None) -> tuple[bool, bool]:
    return job.config.get("model") == config.get("model"), job.preset == preset


def _memory(taken: float, growth: float) -> float:
    fixed = min(taken, _PROGRAM_MB)
    return fixed + (taken - fixed) * growth
