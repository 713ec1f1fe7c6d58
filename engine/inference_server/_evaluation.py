"""Evaluations of shops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from engine.inference_server._context import ActorOf, Body, EngineOf
from engine.recommendation_engine.evaluation import EvaluationInfo, EvaluationPlan, EvaluationReport, EvaluationService

router = APIRouter(prefix="/v1/evaluations", tags=["evaluations"])


class EvaluationRequest(Body):
    """What to measure on a shop's snapshot (null: the latest)."""

    shop: str = Field(min_length=1, max_length=100)
    plan: EvaluationPlan = EvaluationPlan()
    snapshot: int | None = None


@router.get("")
def list_evaluations(
    engine: EngineOf, shop: str | None = None, limit: Annotated[int, Query(ge=1, le=50)] = 50
) -> list[EvaluationInfo]:
    """Evaluations that are kept, newest first."""
    return engine.call(EvaluationService.list_evaluations, shop=shop, limit=limit)


@router.post("", status_code=202)
def start(engine: EngineOf, actor: ActorOf, body: EvaluationRequest) -> EvaluationInfo:
    """Start an evaluation in a process of its own; one runs at a time."""
    return engine.call(EvaluationService.start, actor=actor, shop=body.shop, plan=body.plan, snapshot=body.snapshot)


@router.get("/{job_id}")
def get_evaluation(engine: EngineOf, job_id: str) -> EvaluationInfo:
    """How far an evaluation is."""
    return engine.call(EvaluationService.get, evaluation=job_id)


@router.get("/{job_id}/report")
def report(engine: EngineOf, job_id: str) -> EvaluationReport | None:
    """What was measured, null as long as it is not done."""
    return engine.call(EvaluationService.report, evaluation=job_id)


@router.post("/{job_id}/cancel")
def cancel(engine: EngineOf, actor: ActorOf, job_id: str) -> EvaluationInfo:
    """End an evaluation; one that has ended stays as it is."""
    return engine.call(EvaluationService.cancel, actor=actor, evaluation=job_id)
