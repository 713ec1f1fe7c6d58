"""The model registry: versions, aliases, lineage, runs, releases."""

from engine.model_registry.loaded import LoadedModel
from engine.model_registry.registry import ModelRegistry
from engine.model_registry.release import Release, ReleaseService
from engine.model_registry.runs import RunService
from engine.model_registry.schema import (
    CHALLENGER,
    CHAMPION,
    LATEST,
    AliasMove,
    Comparison,
    Lineage,
    MetricPoint,
    ModelInfo,
    ReleaseInfo,
    RunInfo,
    Signature,
    Stage,
    VerdictRecord,
    VersionInfo,
)
from engine.model_registry.service import RegistryService

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "LATEST",
    "AliasMove",
    "Comparison",
    "Lineage",
    "LoadedModel",
    "MetricPoint",
    "ModelInfo",
    "ModelRegistry",
    "RegistryService",
    "Release",
    "ReleaseInfo",
    "ReleaseService",
    "RunInfo",
    "RunService",
    "Signature",
    "Stage",
    "VerdictRecord",
    "VersionInfo",
]
