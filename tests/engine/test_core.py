"""The Engine: parts, services, standing work, and what stays unloaded."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.clock import ManualClock
from engine.core import Engine, current_engine, set_current_engine
from engine.errors import EngineError, InternalError, InvalidInput, StaleExpectation
from engine.model_registry import RegistryService
from engine.settings import Settings
from tests.faults import processes


class Piece:
    """A part that tells when it is closed."""

    closed: list[str] = []  # noqa: RUF012  # shared on purpose

    def __init__(self, engine: Engine) -> None:
        self.name = type(self).__name__

    def close(self) -> None:
        self.closed.append(self.name)


class Later(Piece):
    """Made after the other."""


def test_parts_and_services_are_made_once_and_closed_latest_first(home: Path) -> None:
    Piece.closed.clear()
    with Engine.open(Settings.at(home)) as engine:
        assert engine.part(Piece) is engine.part(Piece)
        assert engine.part(Later) is not engine.part(Piece)
        assert engine.service(RegistryService) is engine.service(RegistryService)
    assert Piece.closed == ["Later", "Piece"]


def test_acall_is_call_in_a_thread(engine: Engine, actor: Actor) -> None:
    info = asyncio.run(engine.acall(RegistryService.create_model, actor=actor, model="m", kind="custom"))
    assert info.model == "m"


def test_time_comes_from_the_clock(home: Path, actor: Actor) -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    with Engine.open(Settings.at(home), clock=ManualClock(moment)) as engine:
        info = engine.call(RegistryService.create_model, actor=actor, model="m", kind="custom")
        assert info.created_at == moment
        assert engine.store.events()[0].actor == actor


def test_work_of_owners_waits_until_this_process_is_one(home: Path) -> None:
    done: list[Engine] = []
    with Engine.open(Settings.at(home)) as owner:
        owner.when_owner(done.append)
        assert done == [owner]
        with Engine.open(Settings.at(home)) as caller:
            caller.when_owner(done.append)
            assert done == [owner]
            owner.close()
            caller.call(RegistryService.list_models)
            assert caller.owns_store
            assert done == [owner, caller]


def test_the_current_engine_is_opened_from_the_environment(home: Path) -> None:
    set_current_engine(None)
    opened = current_engine()
    try:
        assert opened.settings.home == home
        assert current_engine() is opened
    finally:
        opened.close()
        set_current_engine(None)


def test_services_need_an_owner(engine: Engine) -> None:
    with Engine.open(engine.settings) as caller, pytest.raises(RuntimeError, match="owner process only"):
        _ = caller.store


@pytest.mark.parametrize("kind", list(EngineError.kinds.values()), ids=lambda kind: kind.__name__)
def test_every_error_crosses_a_socket(kind: type[EngineError]) -> None:
    error = kind("Found this.", "Expected that.", "Do so.", number=7)
    again = EngineError.from_dict(json.loads(json.dumps(error.to_dict())))
    assert type(again) is kind
    assert str(again) == "Found this. Expected that. Do so."
    assert again.fields == {"number": 7}


def test_an_unknown_error_becomes_an_internal_one() -> None:
    data = {"type": "FromTheFuture", "found": "x", "expected": "", "hint": "", "fields": {}}
    assert type(EngineError.from_dict(data)) is InternalError
    assert issubclass(InvalidInput, ValueError)
    assert issubclass(StaleExpectation, RuntimeError)


def test_importing_the_engine_loads_nothing_heavy() -> None:
    heavy = {"torch", "pandas", "scipy", "numpy", "duckdb", "pyarrow", "transformers", "plotly", "streamlit", "fastapi"}
    for module in ("engine", "engine.core", "engine.model_registry.service", "engine.client"):
        done = processes.run(f"import sys, {module}; print(*sys.modules)")
        assert not heavy & set(done.stdout.split()), module
