"""`ModelRegistry`: the registry for Python."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from engine.actor import Actor
from engine.core import Engine, current_engine
from engine.model_registry import loaded, semver
from engine.model_registry.loaded import LoadedModel
from engine.model_registry.schema import (
    CHAMPION,
    LATEST,
    AliasMove,
    Comparison,
    Lineage,
    ModelInfo,
    Signature,
    Stage,
    VersionInfo,
)
from engine.model_registry.service import RegistryService

Unset = Literal["unset"]
UNSET: Unset = "unset"


class ModelRegistry:
    """Versions, aliases, promotion and loading.

    Parameters
    ----------
    engine : Engine, optional
        The process's own Engine when left out (`SKYY_HOME`).
    actor : Actor, optional
        Who acts; the operating-system user when left out.
    """

    def __init__(self, engine: Engine | None = None, *, actor: Actor | None = None) -> None:
        self._engine = engine or current_engine()
        self._actor = actor or self._engine.actor

    async def register_model(
        self,
        name: str,
        version: str | None = None,
        framework: str = "custom",
        metrics: Mapping[str, float] | None = None,
        *,
        model: Any = None,
        kind: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        dataset: str | int | None = None,
        signature: Signature | None = None,
        parent: str | None = None,
        description: str = "",
        bump: semver.Bump = "minor",
    ) -> VersionInfo:
        """Register a version.

        Parameters
        ----------
        name : str
            Model name; made when new.
        version : str, optional
            Semantic version; the next one (by `bump`) when left out.
        framework : str
            Such as `pytorch`, `xgboost`, `numpy`.
        metrics : mapping of str to float
            Finite figures.
        model : Estimator, optional
            Stored as safe files; without one, `load_model` of this version raises `NoArtifact`.
        dataset : str or int, optional
            A snapshot number, or the name of data kept elsewhere.

        Raises
        ------
        VersionExists, InvalidInput, InvalidName
        """
        artifact = None if model is None else self._engine.artifacts.put(loaded.pack(model))
        if model is not None and signature is None:
            signature = Signature(**model.signature())
        return await self._engine.acall(
            RegistryService.register_version,
            actor=self._actor,
            model=name,
            version=version,
            framework=framework,
            metrics=dict(metrics or {}),
            kind=kind or str(getattr(type(model), "kind", "custom")),
            params=dict(params or {}),
            tags=dict(tags or {}),
            description=description,
            signature=signature,
            artifact=artifact,
            lineage=_lineage(dataset, parent),
            card=model.card() if model is not None else None,
            bump=bump,
        )

    async def load_model(self, name: str, version: str = LATEST) -> LoadedModel:
        """Load a version: an exact number, an alias such as `champion`, or `latest`.

        Raises
        ------
        ModelNotFound, VersionNotFound
        NoArtifact
            The version holds metrics only.
        DigestMismatch
            Its files are not the ones that were registered.
        """
        info = await self.get_version(name, version)
        return await asyncio.to_thread(loaded.open_version, self._engine, info, lambda: self._shop_of(name))

    def _shop_of(self, name: str) -> str | None:
        return self._engine.call(RegistryService.get_model, model=name).shop

    async def get_version(self, name: str, version: str = LATEST) -> VersionInfo:
        """What is known of a version."""
        return await self._engine.acall(RegistryService.get_version, model=name, reference=version)

    async def list_models(self, *, shop: str | None = None) -> list[ModelInfo]:
        """All models, by name."""
        return await self._engine.acall(RegistryService.list_models, shop=shop)

    async def list_versions(self, name: str | None = None) -> list[VersionInfo]:
        """Versions, newest first within each model."""
        return await self._engine.acall(RegistryService.list_versions, model=name)

    async def compare(self, name: str, *versions: str) -> Comparison:
        """Two or more versions side by side."""
        return await self._engine.acall(RegistryService.compare, model=name, versions=list(versions))

    async def champion(self, name: str) -> str | None:
        """The version that serves, None when nothing was promoted."""
        info = await self._engine.acall(RegistryService.get_model, model=name)
        return info.aliases.get(CHAMPION)

    async def promote(
        self, name: str, version: str, *, reason: str = "", expected: str | None = UNSET, overrule: bool = False
    ) -> AliasMove:
        """Make a version the champion, if the champion is still `expected` (read now when left out).

        Raises
        ------
        GateRefused, StaleExpectation, NoArtifact, InvalidTransition
        """
        return await self._engine.acall(
            RegistryService.promote,
            actor=self._actor,
            model=name,
            version=version,
            expected=await self._expected(name, expected),
            reason=reason,
            overrule=overrule,
        )

    async def rollback(
        self, name: str, *, reason: str, to: str | None = None, expected: str | None = UNSET
    ) -> AliasMove:
        """Bring back the champion before, or the earlier champion `to`.

        Raises
        ------
        InvalidTransition, StaleExpectation, InvalidInput
        """
        return await self._engine.acall(
            RegistryService.rollback,
            actor=self._actor,
            model=name,
            expected=await self._expected(name, expected),
            reason=reason,
            to=to,
        )

    async def set_alias(
        self, name: str, alias: str, version: str | None, *, expected: str | None, reason: str = ""
    ) -> AliasMove:
        """Point an alias other than `champion` at a version; None takes it away."""
        return await self._engine.acall(
            RegistryService.set_alias,
            actor=self._actor,
            model=name,
            alias=alias,
            version=version,
            expected=expected,
            reason=reason,
        )

    async def set_stage(self, name: str, version: str, stage: Stage) -> VersionInfo:
        """Move a version between candidate, staging and archived."""
        return await self._engine.acall(
            RegistryService.set_stage, actor=self._actor, model=name, reference=version, stage=stage
        )

    async def history(self, name: str | None = None, *, alias: str | None = CHAMPION) -> list[AliasMove]:
        """Who moved the alias when and why, newest first."""
        return await self._engine.acall(RegistryService.history, model=name, alias=alias)

    async def _expected(self, name: str, expected: str | None) -> str | None:
        return await self.champion(name) if expected == UNSET else expected


def _lineage(dataset: str | int | None, parent: str | None) -> Lineage:
    """What a version that is registered by hand came from."""
    return Lineage(
        snapshot=dataset if isinstance(dataset, int) else None,
        dataset=dataset if isinstance(dataset, str) else None,
        parent=parent,
        code_version=loaded.code_version(),
        environment=loaded.environment(),
    )
