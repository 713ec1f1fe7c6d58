"""Jobs as rows of the store and payloads of its events."""

from __future__ import annotations

import json
from typing import Any

from engine.errors import JobNotFound
from engine.model_registry._rows import utc
from engine.store import Reader
from engine.training.schema import Failure, JobInfo, JobState, Tuning

_JOBS = """
SELECT j.*, EXISTS (
    SELECT 1 FROM alias_history h WHERE h.model = j.model AND h.alias = 'champion'
    AND h.version = json_extract_string(j.result, '$.version')
) AS promoted
FROM jobs j WHERE ($job IS NULL OR job_id = $job) AND ($shop IS NULL OR shop = $shop)
AND ($kind IS NULL OR kind = $kind) AND ($state IS NULL OR state = $state)
ORDER BY created_at DESC, job_id LIMIT $limit
"""
_NEXT = "SELECT job_id FROM jobs WHERE state = 'queued' ORDER BY priority DESC, created_at, job_id LIMIT ?"


def ending(
    job_id: str,
    state: JobState,
    *,
    result: dict[str, Any] | None = None,
    error: Failure | None = None,
    memory_mb: float | None = None,
) -> dict[str, Any]:
    """The payload of a job's end.

    Parameters
    ----------
    result : dict, optional
        `version`, the `config` that it was trained with, and the gate's `passed` and `verdict`, one sentence.
    memory_mb : float, optional
        The most that the worker took.
    """
    told = error.model_dump() if error else None
    return {"job_id": job_id, "state": state, "result": result, "error": told, "memory_mb": memory_mb}


def one_job(reader: Reader, job_id: str) -> JobInfo:
    """A job by its id.

    Raises
    ------
    JobNotFound
    """
    found = many_jobs(reader, job=job_id)
    if not found:
        raise JobNotFound(f"There is no job {job_id[:80]!r}.", hint="List them with 'skyy jobs'.")
    return found[0]


def many_jobs(
    reader: Reader,
    *,
    job: str | None = None,
    shop: str | None = None,
    kind: str | None = None,
    state: JobState | None = None,
    limit: int = 100,
) -> list[JobInfo]:
    """Jobs, newest first."""
    wanted = {"job": job, "shop": shop, "kind": kind, "state": state, "limit": limit}
    return [_info(row) for row in reader.rows(_JOBS, wanted)]


def next_jobs(reader: Reader, limit: int) -> list[JobInfo]:
    """Queued jobs in the order in which they start: by priority, then by age."""
    return [one_job(reader, row["job_id"]) for row in reader.rows(_NEXT, [limit])]


def _info(row: dict[str, Any]) -> JobInfo:
    spec = json.loads(row["spec"])
    result = json.loads(row["result"]) if row["result"] else {}
    names = ("job_id", "kind", "shop", "model", "state", "created_by", "promoted", "priority", "memory_mb")
    return JobInfo(
        **{name: row[name] for name in names},
        snapshot=spec["snapshot"],
        config=result.get("config") or spec["config"],
        version=result.get("version"),
        error=Failure(**json.loads(row["error"])) if row["error"] else None,
        created_at=utc(row["created_at"]),
        started_at=utc(row["started_at"]) if row["started_at"] else None,
        ended_at=utc(row["ended_at"]) if row["ended_at"] else None,
        preset=spec.get("preset"),
        tuning=Tuning(**spec["tuning"]) if spec.get("tuning") else None,
        rerun_of=spec.get("rerun_of"),
    )
