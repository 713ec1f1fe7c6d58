"""One owner, whom others reach through its door."""

from __future__ import annotations

import json
import os
import socket as sockets
import stat
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.core import Engine
from engine.errors import EngineError, InvalidInput, ModelNotFound, OwnerUnreachable, StaleExpectation, StoreOwned
from engine.model_registry import RegistryService
from engine.settings import Settings
from engine.store import OwnerLock, socket
from tests.faults import processes

OWNER = """
import sys
from pathlib import Path
from engine.core import Engine
from engine.settings import Settings

with Engine.open(Settings.at(Path(sys.argv[1]))):
    print("open", flush=True)
    sys.stdin.read()
"""

HOLDER = """
import sys
from pathlib import Path
from engine.store import OwnerLock

lock = OwnerLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Path]:
    """A home whose store another process owns."""
    with processes.started(OWNER, tmp_path / "home"):
        yield tmp_path / "home"


@pytest.fixture
def caller(owner: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(owner)) as engine:
        assert not engine.owns_store
        yield engine


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "owner.lock"
    with processes.started(HOLDER, path) as holder:
        with pytest.raises(StoreOwned, match=f"process {holder.pid}") as caught:
            OwnerLock(path)
        assert caught.value.fields["holder"]["pid"] == holder.pid
    OwnerLock(path).release()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "owner.lock"
    with processes.started(HOLDER, path) as holder:
        holder.kill()
        holder.wait()
        OwnerLock(path).release()


def test_a_half_written_lock_still_refuses(tmp_path: Path) -> None:
    path = tmp_path / "owner.lock"
    lock = OwnerLock(path)
    path.write_text('{"pid": 1')
    with pytest.raises(StoreOwned, match="another process"):
        OwnerLock(path)
    lock.release()


def test_a_call_reaches_the_owner_and_answers_typed(caller: Engine, actor: Actor) -> None:
    info = caller.call(RegistryService.create_model, actor=actor, model="one", kind="custom", tags={"a": "b"})
    assert (info.model, info.tags) == ("one", {"a": "b"})
    assert [model.model for model in caller.call(RegistryService.list_models)] == ["one"]


def test_errors_arrive_typed_with_their_fields(caller: Engine, actor: Actor) -> None:
    with pytest.raises(ModelNotFound, match="Known models: none yet"):
        caller.call(RegistryService.get_model, model="nothing")
    artifact = caller.artifacts.put({"config.json": b"{}"})
    caller.call(
        RegistryService.register_version,
        actor=actor,
        model="m",
        version=None,
        framework="x",
        metrics={},
        artifact=artifact,
    )
    with pytest.raises(StaleExpectation) as caught:
        caller.call(
            RegistryService.promote,
            actor=actor,
            model="m",
            version="1.0.0",
            expected="0.9.0",
            reason="r",
            overrule=True,
        )
    assert caught.value.fields["current"] is None
    assert caught.value.hint


def test_not_a_number_is_refused_on_both_sides_of_the_door(caller: Engine, engine: Engine, actor: Actor) -> None:
    for side in (caller, engine):
        with pytest.raises(InvalidInput, match="finite"):
            side.call(
                RegistryService.register_version,
                actor=actor,
                model="m",
                version=None,
                framework="x",
                metrics={"accuracy": float("nan")},
            )


def test_the_door_is_for_this_user_only(engine: Engine) -> None:
    for name in ("owner.endpoint", "owner.sock"):
        assert stat.S_IMODE((engine.settings.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(engine.settings.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(engine.settings.database.stat().st_mode) == 0o600


def test_closing_takes_the_door_away(home: Path) -> None:
    Engine.open(Settings.at(home)).close()
    assert not (home / "owner.endpoint").exists()
    assert not socket.answers(home)


def test_a_killed_owner_is_replaced_by_the_next_caller(tmp_path: Path, actor: Actor) -> None:
    home = tmp_path / "home"
    with processes.started(OWNER, home) as owner, Engine.open(Settings.at(home)) as engine:
        engine.call(RegistryService.create_model, actor=actor, model="before", kind="custom")
        owner.kill()
        owner.wait()
        engine.call(RegistryService.create_model, actor=actor, model="after", kind="custom")
        assert engine.owns_store
        assert [model.model for model in engine.call(RegistryService.list_models)] == ["after", "before"]
        assert engine.store.verify() == 2


@pytest.mark.parametrize(
    "address",
    [
        "no.such",
        "engine.model_registry.service:no.such",
        "os:system",
        "engine.nothing.here:x.y",
        "engine.cli.__main__:run",
        "engine..cli:x",
        "tests.conftest:rounds",
        "",
    ],
)
def test_unknown_operations_and_foreign_modules_are_refused(engine: Engine, address: str) -> None:
    with pytest.raises(InvalidInput, match="no operation"):
        socket.ask(engine.settings.home, address, b"{}")


def test_no_program_starts_because_its_module_was_named(owner: Path) -> None:
    with pytest.raises(InvalidInput):
        socket.ask(owner, "engine.cli.__main__:x", b"{}")
    assert socket.answers(owner)


@pytest.mark.parametrize("arguments", [b"[]", b"7", b"not json", b'{"unknown": 1}', b'{"model": 7}', b"{}"])
def test_arguments_that_do_not_fit_are_refused(engine: Engine, arguments: bytes) -> None:
    with pytest.raises(InvalidInput):
        socket.ask(engine.settings.home, "models.get", arguments)


def test_operations_take_keyword_arguments_only(engine: Engine) -> None:
    with pytest.raises(TypeError, match="keyword"):
        engine.call(RegistryService.get_model, "one")


def test_an_oversized_request_is_refused_before_it_is_sent(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "_LIMIT", 1000)
    with pytest.raises(InvalidInput, match="in one"):
        socket.ask(engine.settings.home, "models.get", b" " * 1001)


def test_an_oversized_message_ends_the_connection_and_only_that(engine: Engine) -> None:
    with _connection(engine.settings.home) as connection:
        connection.sendall(struct.pack(">I", 1 << 31))
        assert connection.recv(1) == b""
    assert engine.call(RegistryService.list_models) == []
    assert socket.answers(engine.settings.home)


def test_askers_that_go_away_leave_no_report(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    for sent in (b"", b"\0\0", struct.pack(">I", 50) + b"{"):
        with _connection(engine.settings.home) as connection:
            connection.sendall(sent)
    assert socket.ask(engine.settings.home, "models.list", b"{}") == []
    assert caplog.records == []


def test_a_defect_is_told_with_a_reference_and_no_inner_words(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_self: Any, **_arguments: Any) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(RegistryService, "list_models", broken)
    with pytest.raises(EngineError, match="reference") as caught:
        socket.ask(engine.settings.home, "models.list", b"{}")
    assert type(caught.value).__name__ == "InternalError"
    assert "secret" not in str(caught.value)
    assert "secret detail" in caplog.text


def test_where_unix_sockets_do_not_reach_a_token_is_needed(tmp_path: Path) -> None:
    home = tmp_path / ("long-" * 20) / "home"
    with Engine.open(Settings.at(home)):
        endpoint = json.loads((home / "owner.endpoint").read_text())
        assert set(endpoint) == {"port", "token"}
        assert socket.ask(home, "models.list", b"{}") == []
        for token in ("", "wrong", "schlüssel"):
            (home / "owner.endpoint").write_text(json.dumps({**endpoint, "token": token}))
            with pytest.raises(EngineError, match="token") as caught:
                socket.ask(home, "models.list", b"{}")
            assert type(caught.value).__name__ == "Forbidden"


def test_a_holder_without_a_door_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core._PATIENCE", 2)
    home = tmp_path / "home"
    with processes.started(HOLDER, home / "owner.lock") as holder, pytest.raises(StoreOwned, match=str(holder.pid)):
        Engine.open(Settings.at(home))
    with pytest.raises(OwnerUnreachable, match="no door"):
        socket.ask(home, "models.list", b"{}")


def test_many_callers_at_once(caller: Engine, actor: Actor) -> None:
    failures: list[BaseException] = []

    def create(number: int) -> None:
        try:
            caller.call(RegistryService.create_model, actor=actor, model=f"m{number % 8}", kind="custom")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(caller.call(RegistryService.list_models)) == 8


def test_artifacts_are_shared_without_the_door(caller: Engine) -> None:
    digest = caller.artifacts.put({"config.json": b"{}"})
    assert ArtifactStore(caller.settings.artifacts).open(digest)["config.json"] == b"{}"


def _connection(home: Path) -> sockets.socket:
    assert os.name == "posix"
    connection = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    connection.settimeout(20)
    connection.connect(str(home / "owner.sock"))
    return connection
