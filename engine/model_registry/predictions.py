"""What a version answers: any model of the registry, asked by page, command line or HTTP."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.core import Service
from engine.errors import InvalidInput
from engine.model_registry.loaded import LoadedModel, open_version
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.store import operation

MOST_INPUTS = 1_000
"""Inputs of one call; larger work is for batches."""


class Predictions(BaseModel):
    """Answers in the order of the inputs, and what gave them; `took_ms` is without loading the model."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    version: str
    kind: str
    answers: list[dict[str, Any]]
    took_ms: float


class PredictionService(Service):
    """Asks versions."""

    @operation("models.predict")
    def predict(self, *, model: str, inputs: list[dict[str, Any]], reference: str = CHAMPION) -> Predictions:
        """Answers of a version to inputs that fit its signature.

        Parameters
        ----------
        reference : str
            A version, an alias, or `latest`.

        Raises
        ------
        ModelNotFound, VersionNotFound, NoArtifact
        InvalidInput
            There are no inputs or too many, or one does not fit the signature.
        """
        if not 1 <= len(inputs) <= MOST_INPUTS:
            raise InvalidInput(
                f"{len(inputs):,} inputs were given.", f"One call takes 1 to {MOST_INPUTS:,}.", "Ask in several calls."
            )
        loaded, kind = self._open(model, reference)
        started = time.perf_counter()
        answers = loaded.predict(inputs)
        took = 1_000 * (time.perf_counter() - started)
        return Predictions(model=model, version=loaded.version, kind=kind, answers=answers, took_ms=round(took, 3))

    @operation("models.sample")
    def sample(self, *, model: str, reference: str = CHAMPION) -> dict[str, Any]:
        """One input that the version takes, to start from.

        Raises
        ------
        ModelNotFound, VersionNotFound, NoArtifact
        """
        loaded, _ = self._open(model, reference)
        return loaded.sample()

    def _open(self, model: str, reference: str) -> tuple[LoadedModel, str]:
        registry = self.engine.service(RegistryService)
        info = registry.get_version(model=model, reference=reference)
        about = registry.get_model(model=model)
        return open_version(self.engine, info, lambda: about.shop), about.kind
