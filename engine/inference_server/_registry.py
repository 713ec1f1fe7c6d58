"""Models, versions, promotion."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from engine.inference_server._context import ActorOf, Body, EngineOf
from engine.model_registry.predictions import MOST_INPUTS, Predictions, PredictionService
from engine.model_registry.schema import AliasMove, ModelInfo, VersionInfo
from engine.model_registry.service import RegistryService

router = APIRouter(prefix="/v1/models", tags=["models"])

Limit = Annotated[int, Query(ge=1, le=10_000)]


class Promotion(Body):
    """Make `version` champion while the champion still is `expected` (null: there is none)."""

    version: str = Field(min_length=1, max_length=100)
    expected: str | None
    reason: str = Field(default="", max_length=2000)
    overrule: bool = False


class Rollback(Body):
    """Bring an earlier champion back while the champion still is `expected`."""

    expected: str | None
    reason: str = Field(max_length=2000)
    to: str | None = Field(default=None, max_length=100)


@router.get("")
def list_models(engine: EngineOf, shop: str | None = None) -> list[ModelInfo]:
    """All models, by name."""
    return engine.call(RegistryService.list_models, shop=shop)


@router.get("/{model}")
def get_model(engine: EngineOf, model: str) -> ModelInfo:
    """One model."""
    return engine.call(RegistryService.get_model, model=model)


@router.get("/{model}/versions")
def list_versions(engine: EngineOf, model: str, limit: Limit = 200) -> list[VersionInfo]:
    """Versions of a model, newest first."""
    return engine.call(RegistryService.list_versions, model=model, limit=limit)


@router.get("/{model}/versions/{version}")
def get_version(engine: EngineOf, model: str, version: str) -> VersionInfo:
    """The version that a number, an alias or `latest` names."""
    return engine.call(RegistryService.get_version, model=model, reference=version)


class Question(Body):
    """Inputs that fit the version's signature."""

    inputs: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_INPUTS)


@router.post("/{model}/versions/{version}/predict")
def predict(engine: EngineOf, model: str, version: str, body: Question) -> Predictions:
    """Answers of the version that a number, an alias or `latest` names."""
    return engine.call(PredictionService.predict, model=model, reference=version, inputs=body.inputs)


@router.get("/{model}/versions/{version}/sample")
def sample(engine: EngineOf, model: str, version: str) -> dict[str, Any]:
    """One input that the version takes."""
    return engine.call(PredictionService.sample, model=model, reference=version)


@router.get("/{model}/history")
def history(engine: EngineOf, model: str, alias: str | None = None, limit: Limit = 200) -> list[AliasMove]:
    """Who moved which alias when and why, newest first."""
    return engine.call(RegistryService.history, model=model, alias=alias, limit=limit)


@router.post("/{model}/promote")
def promote(engine: EngineOf, actor: ActorOf, model: str, body: Promotion) -> AliasMove:
    """Make a version the champion."""
    return engine.call(
        RegistryService.promote,
        actor=actor,
        model=model,
        version=body.version,
        expected=body.expected,
        reason=body.reason,
        overrule=body.overrule,
    )


@router.post("/{model}/rollback")
def rollback(engine: EngineOf, actor: ActorOf, model: str, body: Rollback) -> AliasMove:
    """Bring back the champion before this one, or `to`."""
    return engine.call(
        RegistryService.rollback, actor=actor, model=model, expected=body.expected, reason=body.reason, to=body.to
    )
