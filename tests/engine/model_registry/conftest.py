from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.model_registry import RegistryService, RunService, VersionInfo
from tests.faults.homes import _shop_home, _trained_home, shop_home, trained_home  # noqa: F401  # fixtures

MODEL = "shop.recommender"


@pytest.fixture
def registry(engine: Engine) -> RegistryService:
    return engine.service(RegistryService)


@pytest.fixture
def runs(engine: Engine) -> RunService:
    return engine.service(RunService)


@pytest.fixture
def add(engine: Engine, registry: RegistryService, actor: Actor) -> Callable[..., VersionInfo]:
    """Register a version of `MODEL` with a small artifact."""

    def register(version: str | None = None, *, artifact: bool = True, **more: object) -> VersionInfo:
        digest = engine.artifacts.put({"config.json": b"{}"}) if artifact else None
        arguments = {"actor": actor, "model": MODEL, "version": version, "framework": "numpy", "metrics": {"ndcg": 0.1}}
        return registry.register_version(**{**arguments, "artifact": digest, **more})  # type: ignore[arg-type]

    return register


@pytest.fixture
def crown(registry: RegistryService, actor: Actor) -> Callable[..., str | None]:
    """Promote a version over whichever champion there is, overruling the gate."""

    def promote(version: str) -> str | None:
        expected = registry.get_model(model=MODEL).aliases.get("champion")
        move = registry.promote(
            actor=actor, model=MODEL, version=version, expected=expected, reason="a test", overrule=True
        )
        return move.version

    return promote
