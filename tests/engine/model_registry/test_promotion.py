"""Champions: who may become one, and what happens when many try at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import GateRefused, InvalidInput, InvalidTransition, StaleExpectation
from engine.model_registry import RegistryService, Stage, VersionInfo
from tests.engine.model_registry.conftest import MODEL
from tests.faults import processes

Add = Callable[..., VersionInfo]
Crown = Callable[[str], str | None]


def test_a_passing_verdict_against_the_present_champion_is_needed(
    add: Add, registry: RegistryService, actor: Actor
) -> None:
    for version in ("1.0.0", "1.1.0"):
        add(version)

    def promote(version: str, expected: str | None) -> str | None:
        return registry.promote(actor=actor, model=MODEL, version=version, expected=expected, reason="").version

    def judge(version: str, against: str | None, passed: bool) -> None:
        verdict = {"passed": passed, "reasons": ["Worse by 3%."]}
        registry.record_verdict(actor=actor, model=MODEL, version=version, against=against, verdict=verdict)

    with pytest.raises(GateRefused, match="never compared with the baseline"):
        promote("1.0.0", None)
    judge("1.0.0", None, False)
    with pytest.raises(GateRefused, match=r"Worse by 3%"):
        promote("1.0.0", None)
    judge("1.0.0", None, True)
    assert promote("1.0.0", None) == "1.0.0"
    judge("1.1.0", None, True)
    with pytest.raises(GateRefused, match=r"never compared with the champion 1\.0\.0"):
        promote("1.1.0", "1.0.0")
    judge("1.1.0", "1.0.0", True)
    judge("1.1.0", "1.0.0", False)
    with pytest.raises(GateRefused):
        promote("1.1.0", "1.0.0")
    judge("1.1.0", "1.0.0", True)
    assert promote("1.1.0", "1.0.0") == "1.1.0"
    assert [record.passed for record in registry.verdicts(model=MODEL, version="1.1.0")] == [True, False, True, True]
    assert registry.history(model=MODEL)[0].verdict == {"passed": True, "reasons": ["Worse by 3%."]}


def test_overruling_needs_a_reason_and_is_kept(add: Add, registry: RegistryService, actor: Actor) -> None:
    add("1.0.0")
    for reason in ("", "  "):
        with pytest.raises(InvalidInput, match="reason"):
            registry.promote(actor=actor, model=MODEL, version="1.0.0", expected=None, reason=reason, overrule=True)
    move = registry.promote(
        actor=actor, model=MODEL, version="1.0.0", expected=None, reason="the buyer insists", overrule=True
    )
    assert (move.reason, move.actor, move.verdict) == ("the buyer insists", actor.name, {"overruled": True})


def test_a_refused_promotion_changes_nothing(engine: Engine, add: Add, registry: RegistryService, actor: Actor) -> None:
    add("1.0.0")
    state, head = engine.store.state(), engine.store.head
    for expected, error in ((None, GateRefused), ("1.0.0", StaleExpectation)):
        with pytest.raises(error):
            registry.promote(actor=actor, model=MODEL, version="1.0.0", expected=expected, reason="")
    assert (engine.store.state(), engine.store.head) == (state, head)


def test_roll_backs(add: Add, registry: RegistryService, actor: Actor, crown: Crown) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        add(version)

    def back(to: str | None = None, reason: str = "worse in the shop") -> str | None:
        champion = registry.get_model(model=MODEL).aliases.get("champion")
        return registry.rollback(actor=actor, model=MODEL, expected=champion, reason=reason, to=to).version

    with pytest.raises(InvalidTransition, match="no earlier champion"):
        back()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        crown(version)
    with pytest.raises(InvalidInput, match="reason"):
        back(reason=" ")
    with pytest.raises(InvalidTransition, match="never champion"):
        back(to="1.3.0")
    with pytest.raises(StaleExpectation):
        registry.rollback(actor=actor, model=MODEL, expected="1.1.0", reason="stale")
    assert back() == "1.1.0"
    assert back() == "1.0.0"
    with pytest.raises(InvalidTransition):
        back()
    crown("1.2.0")
    assert back(to="1.1.0") == "1.1.0"
    stages = {info.version: info.stage for info in registry.list_versions(model=MODEL)}
    assert stages == {
        "1.0.0": Stage.ARCHIVED,
        "1.1.0": Stage.PRODUCTION,
        "1.2.0": Stage.ARCHIVED,
        "1.3.0": Stage.CANDIDATE,
    }


def linear(registry: RegistryService) -> list[str | None]:
    """The history of champions, each move starting where the one before ended."""
    moves = list(reversed(registry.history(model=MODEL, alias="champion", limit=10_000)))
    assert [move.previous for move in moves] == [None, *[move.version for move in moves]][: len(moves)]
    return [move.version for move in moves]


def test_sixteen_threads_promote_one_after_the_other(
    engine: Engine, add: Add, registry: RegistryService, actor: Actor
) -> None:
    for number in range(16):
        add(f"1.{number}.0")
    won: list[str] = []
    failures: list[BaseException] = []
    begin, seen = threading.Barrier(17), threading.Event()

    def compete(version: str) -> None:
        begin.wait()
        try:
            for _ in range(6):
                expected = registry.get_model(model=MODEL).aliases.get("champion")
                try:
                    registry.promote(
                        actor=actor, model=MODEL, version=version, expected=expected, reason="race", overrule=True
                    )
                    won.append(version)
                except (StaleExpectation, InvalidTransition):
                    continue
        except BaseException as error:
            failures.append(error)

    def watch() -> None:
        while not seen.is_set():
            champions = [info for info in registry.list_versions(model=MODEL) if info.stage == Stage.PRODUCTION]
            if len(champions) > 1 or any("champion" not in info.aliases for info in champions):
                failures.append(AssertionError(f"champions: {champions}"))

    threads = [threading.Thread(target=compete, args=(f"1.{number}.0",)) for number in range(16)]
    observer = threading.Thread(target=watch)
    for thread in (*threads, observer):
        thread.start()
    begin.wait()
    for thread in threads:
        thread.join()
    seen.set()
    observer.join()
    assert failures == []
    history = linear(registry)
    assert sorted(history, key=str) == sorted(won)
    assert len(history) >= 16 // 6
    engine.store.verify()


COMPETITOR = """
import sys
from pathlib import Path
from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidTransition, StaleExpectation
from engine.model_registry.service import RegistryService
from engine.settings import Settings

home, name, model = sys.argv[1:]
won = lost = 0
with Engine.open(Settings.at(Path(home))) as engine:
    assert not engine.owns_store
    for turn in range(30):
        expected = engine.call(RegistryService.get_model, model=model).aliases.get("champion")
        version = f"1.{turn % 10}.0"
        try:
            engine.call(
                RegistryService.promote, actor=Actor(name), model=model, version=version, expected=expected, reason=name, overrule=True
            )
            won += 1
        except StaleExpectation:
            lost += 1
        except InvalidTransition:
            pass
print(won, lost)
"""


def test_four_processes_promote_through_the_owner(engine: Engine, add: Add, registry: RegistryService) -> None:
    for number in range(10):
        add(f"1.{number}.0")
    results: list[str] = []

    def compete(name: str) -> None:
        done = processes.run(COMPETITOR, engine.settings.home, name, MODEL)
        results.append(done.stdout or done.stderr)

    threads = [threading.Thread(target=compete, args=(f"process-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [tuple(map(int, line.split())) for line in results]
    history = linear(registry)
    assert len(history) == sum(won for won, _ in counts)
    assert {move.actor for move in registry.history(model=MODEL)} <= {f"process-{number}" for number in range(4)}
    engine.store.verify()


def test_the_same_version_is_registered_once_by_many(engine: Engine, actor: Actor, registry: RegistryService) -> None:
    made: list[str] = []

    def register() -> None:
        info = registry.register_version(actor=actor, model=MODEL, version=None, framework="x", metrics={})
        made.append(info.version)

    threads = [threading.Thread(target=register) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == sorted(f"1.{number}.0" for number in range(16))


def test_the_store_folder_is_not_readable_by_others(engine: Engine) -> None:
    journal: Path = engine.settings.home / "events.journal"
    assert journal.stat().st_mode & 0o077 == 0
