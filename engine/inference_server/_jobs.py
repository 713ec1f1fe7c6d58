"""Training jobs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from engine.inference_server._context import ActorOf, Body, EngineOf
from engine.training.schema import JobInfo, JobPreview, Progress, Recipe, Tuning
from engine.training.service import TrainingService

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


class Wanted(Body):
    """What to train: a kind on a shop's snapshot (null: the latest), with settings, a preset or the champion's."""

    kind: str = Field(min_length=1, max_length=100)
    shop: str = Field(min_length=1, max_length=100)
    config: dict[str, Any] | None = None
    preset: str | None = Field(default=None, min_length=1, max_length=100)
    snapshot: int | None = None
    model: str | None = Field(default=None, max_length=100)


class Submission(Wanted):
    """Train a kind of model, after a search for better settings where `tuning` is given."""

    tuning: Tuning | None = None
    priority: int = Field(default=0, ge=-100, le=100)
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
    return engine.call(TrainingService.submit, actor=actor, **dict(body))


@router.post("/preview")
def preview(engine: EngineOf, body: Wanted) -> JobPreview:
    """What a submission would do, without starting anything."""
    return engine.call(TrainingService.preview, **dict(body))


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


@router.post("/{job_id}/rerun", status_code=202)
def rerun(engine: EngineOf, actor: ActorOf, job_id: str) -> JobInfo:
    """Repeat a job exactly: same snapshot, seed and settings; nothing is promoted."""
    return engine.call(TrainingService.rerun, actor=actor, job_id=job_id)


@router.get("/{job_id}/recipe")
def recipe(engine: EngineOf, job_id: str) -> Recipe:
    """What makes a job again, as a record and as a command line."""
    return engine.call(TrainingService.recipe, job_id=job_id)


class Place(Body):
    """A place in the queue: the highest priority starts first."""

    priority: int = Field(ge=-100, le=100)


@router.post("/{job_id}/priority")
def prioritise(engine: EngineOf, actor: ActorOf, job_id: str, body: Place) -> JobInfo:
    """Move a queued job forward or back."""
    return engine.call(TrainingService.prioritise, actor=actor, job_id=job_id, priority=body.priority)
