"""What training tells: jobs and how far they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.estimators.base import Outlook


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


class Tuning(_Record):
    """A search for better settings: how long, and how many trials at most (no limit when left out)."""

    minutes: float = Field(ge=0.1, le=600, description="Time for the search; one trial is always finished.")
    trials: int | None = Field(default=None, ge=1, le=10_000, description="Trials at most, the start among them.")


class Trial(_Record):
    """One set of settings that was tried; `value` is the kind's primary metric on rows kept back from the training."""

    number: int
    state: Literal["running", "complete", "pruned", "failed"]
    value: float | None
    params: dict[str, Any]
    seconds: float


class Expectation(_Record):
    """What a job will take, from `from_runs` past ones of its kind; without the time of a search."""

    seconds: float
    memory_mb: float
    from_runs: int


class JobPreview(_Record):
    """What a submission would do: the config it comes to, what it lacks, what it works on and takes."""

    kind: str
    shop: str
    model: str
    snapshot: int
    preset: str | None
    config: dict[str, Any]
    missing: list[str]
    outlook: Outlook | None
    expected: Expectation | None
    champion: str | None


class Recipe(_Record):
    """All that makes a job again: as a record, which `skyy train --recipe FILE` takes, and as one command line."""

    kind: str
    shop: str
    model: str
    snapshot: int
    preset: str | None
    config: dict[str, Any]
    tuning: Tuning | None
    command: str


class JobInfo(_Record):
    """One training job.

    `version` is what it registered, `config` what it was asked for or, once a search has ended well, what that
    found; `memory_mb` is the most that its worker took.
    """

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
    preset: str | None = None
    tuning: Tuning | None = None
    priority: int = 0
    rerun_of: str | None = None
    memory_mb: float | None = None


class Progress(_Record):
    """How far a worker is: `share` of the work done (0 to 1), curves as (step, value), the log's tail.

    Percentages of the processor are of one core, those of the GPU of the whole; None where there is no GPU.
    """

    stage: str = "waiting"
    share: float = 0.0
    eta_s: float | None = None
    elapsed_s: float = 0.0
    memory_mb: float = 0.0
    peak_memory_mb: float = 0.0
    cpu_percent: float = 0.0
    gpu_percent: float | None = None
    gpu_memory_mb: float | None = None
    trials: list[Trial] = Field(default_factory=list)
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
    tuning: Tuning | None = None


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
