"""What training tells: jobs and how far they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class JobState(StrEnum):
    """Where a job stands; the last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Failure(_Record):
    """Why a job failed, as a person reads it."""

    found: str
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.found, self.expected, self.hint) if part)


class JobInfo(_Record):
    """One training job; `version` is what it registered."""

    job_id: str
    kind: str
    shop: str
    model: str
    snapshot: int
    state: JobState
    config: dict[str, Any]
    version: str | None
    promoted: bool
    error: Failure | None
    created_at: datetime
    created_by: str
    started_at: datetime | None
    ended_at: datetime | None


class Progress(_Record):
    """How far a worker is: `share` of the work done (0 to 1), curves as (step, value), the log's tail."""

    stage: str = "waiting"
    share: float = 0.0
    eta_s: float | None = None
    elapsed_s: float = 0.0
    memory_mb: float = 0.0
    metrics: dict[str, list[tuple[int, float]]] = Field(default_factory=dict)
    log: list[str] = Field(default_factory=list)


class Rival(_Record):
    """The champion that the new model must beat; `files` lie in the job folder's `rival`."""

    version: str
    config: dict[str, Any]
    trained_until: datetime | None


class JobSpec(_Record):
    """All that a worker needs besides the files in its folder."""

    job_id: str
    kind: str
    shop: str
    model: str
    snapshot: int
    config: dict[str, Any]
    tables: dict[str, list[str]] = Field(description="Table to file names in the folder's `data`.")
    rival: Rival | None
    memory_mb: int


class JobResult(_Record):
    """What a worker hands back besides the model's files; times in seconds."""

    framework: str
    config: dict[str, Any]
    metrics: dict[str, float]
    evaluation: dict[str, Any]
    verdict: dict[str, Any]
    signature: dict[str, Any]
    card: dict[str, Any]
    trained_until: datetime | None
    seconds: dict[str, float]
