"""What the registry tells: models, versions, moves of aliases, runs, releases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

CHAMPION = "champion"
CHALLENGER = "challenger"
LATEST = "latest"


class Stage(StrEnum):
    """Where a version stands in its life."""

    CANDIDATE = "candidate"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Lineage(_Record):
    """Where a version comes from; every field that is known is set."""

    snapshot: int | None = None
    code_version: str | None = None
    config: dict[str, Any] | None = None
    seed: int | None = None
    parent: str | None = None
    job_id: str | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    dataset: str | None = None


class Signature(_Record):
    """What a model takes and gives, as JSON schemas."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]


class ModelInfo(_Record):
    """One model: a name under which versions follow each other."""

    model: str
    kind: str
    shop: str | None
    description: str
    tags: dict[str, str]
    created_at: datetime
    versions: int
    latest: str | None
    aliases: dict[str, str]


class VersionInfo(_Record):
    """One version of a model; `artifact` is None when only metrics were registered."""

    model: str
    version: str
    framework: str
    stage: Stage
    description: str
    tags: dict[str, str]
    params: dict[str, Any]
    metrics: dict[str, float]
    signature: Signature | None
    artifact: str | None
    lineage: Lineage
    evaluation: dict[str, Any] | None
    card: dict[str, Any] | None
    run_id: str | None
    created_at: datetime
    created_by: str
    aliases: tuple[str, ...]


class AliasMove(_Record):
    """One line of an alias's history; `version` is None where the alias was taken away."""

    seq: int
    time: datetime
    model: str
    alias: str
    previous: str | None
    version: str | None
    action: str
    reason: str
    actor: str
    verdict: dict[str, Any] | None


class VerdictRecord(_Record):
    """A gate's verdict as it was given; `against` is the champion's version, None for the baseline."""

    seq: int
    time: datetime
    model: str
    version: str
    against: str | None
    passed: bool
    verdict: dict[str, Any]


class RunInfo(_Record):
    """One run: a try that may or may not have made a version."""

    run_id: str
    experiment: str
    name: str
    status: str
    params: dict[str, Any]
    tags: dict[str, str]
    notes: str
    job_id: str | None
    started_at: datetime
    ended_at: datetime | None
    created_by: str
    metrics: dict[str, float] = Field(default_factory=dict, description="Last value of each metric.")
    artifacts: dict[str, str] = Field(default_factory=dict)


class MetricPoint(_Record):
    """One value of a metric at a step of a run."""

    metric: str
    step: int
    value: float
    time: datetime | None = None


class ReleaseInfo(_Record):
    """What a shop serves: its champions, its catalogue, its rules."""

    shop: str
    number: int
    manifest: dict[str, Any]
    created_at: datetime


class Comparison(_Record):
    """Two or more versions side by side: only what differs, and all metrics."""

    model: str
    versions: tuple[str, ...]
    metrics: dict[str, dict[str, float | None]]
    params: dict[str, dict[str, Any]]
    lineage: dict[str, dict[str, Any]]
