"""What a plan would have changed: estimates that run in the background."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from engine.background import BackgroundJob
from engine.inference_server._context import Body, EngineOf
from engine.recommendation_engine.impact import ImpactReport, ImpactService
from engine.recommendation_engine.plan import Draft

router = APIRouter(prefix="/v1/impact", tags=["impact"])

JobId = Annotated[str, Path(max_length=100)]


class WhatIf(Body):
    """Replay past sessions under `draft` and under `against` (null: the plan in force)."""

    shop: str = Field(min_length=1, max_length=100)
    draft: Draft
    against: Draft | None = None
    version: str | None = Field(default=None, max_length=100)
    sessions: int = Field(default=2_000, ge=50, le=20_000)


@router.post("", status_code=202)
def start(engine: EngineOf, body: WhatIf) -> BackgroundJob[ImpactReport]:
    """Begin an estimate, or join the one of the same inputs."""
    return engine.call(
        ImpactService.start,
        shop=body.shop,
        draft=body.draft,
        against=body.against,
        version=body.version,
        sessions=body.sessions,
    )


@router.get("/{job_id}")
def get(engine: EngineOf, job_id: JobId) -> BackgroundJob[ImpactReport]:
    """How far an estimate is, and its report once it is done."""
    return engine.call(ImpactService.get, job_id=job_id)


@router.post("/{job_id}/cancel")
def cancel(engine: EngineOf, job_id: JobId) -> BackgroundJob[ImpactReport]:
    """End an estimate."""
    return engine.call(ImpactService.cancel, job_id=job_id)
