"""Versions and runs to and from other stores: one verified file, and MLflow's two kinds of store."""

from engine.model_registry.exchange.records import (
    ExportedVersion,
    ImportedVersion,
    LeftBehind,
    MlflowExport,
    MlflowImport,
)
from engine.model_registry.exchange.service import ExchangeService

__all__ = ["ExchangeService", "ExportedVersion", "ImportedVersion", "LeftBehind", "MlflowExport", "MlflowImport"]
