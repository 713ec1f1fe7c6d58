"""Training jobs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from engine.inference_server._context import ActorOf, Body, EngineOf
from engine.training.schema import JobInfo, Progress
from engine.training.service import TrainingService

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


class Submission(Body):
    """Train a kind of model on a shop's snapshot (null: the latest)."""

    kind: str = Field(min_length=1, max_length=100)
    shop: str = Field(min_length=1, max_length=100)
    config: dict[str, Any] | None = None
    snapshot: int | None = None
    model: str | None = Field(default=None, max_length=100)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=200)
    promote_if_passed: bool = False


@router.get("")
def list_jobs(
    engine: EngineOf, shop: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[JobInfo]:
    """Jobs, newest first."""
    return engine.call(TrainingService.list_jobs, shop=shop, limit=limit)


@router.post("", status_code=202)
def submit(engine: EngineOf, actor: ActorOf, body: Submission) -> JobInfo:
    """Start a job, or return the one that has the idempotency key."""
    return engine.call(TrainingService.submit, actor=actor, **body.model_dump())


@router.get("/{job_id}")
def get_job(engine: EngineOf, job_id: str) -> JobInfo:
    """One job."""
    return engine.call(TrainingService.get_job, job_id=job_id)


@router.get("/{job_id}/progress")
def progress(engine: EngineOf, job_id: str) -> Progress:
    """How far a job is."""
    return engine.call(TrainingService.progress, job_id=job_id)


@router.post("/{job_id}/cancel")
def cancel(engine: EngineOf, actor: ActorOf, job_id: str) -> JobInfo:
    """Stop a job; one that has ended stays as it is."""
    return engine.call(TrainingService.cancel, actor=actor, job_id=job_id)
