"""What a bad disk or a killed process can do to the files, and that nothing acknowledged is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.errors import StoreDamaged, StoreError
from engine.store import Store
from engine.store.repair import repair
from tests.engine.store.conftest import ACTS, CLOCK

Act = Callable[[Store, str], None]


def cut(count: int) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, path.stat().st_size - count)


def flip(at: Callable[[int], int]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[at(len(data))] ^= 0xFF
        path.write_bytes(data)

    return damage


LOG_DAMAGE = {
    "1 byte cut": cut(1),
    "64 bytes cut": cut(64),
    "1000 bytes cut": cut(1000),
    "a byte of the last entry flipped": flip(lambda size: size - 20),
    "a byte in the middle flipped": flip(lambda size: size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "deleted": lambda path: path.unlink(),
}


def models(store: Store) -> set[str]:
    with store.read() as reader:
        return {row["model"] for row in reader.rows("SELECT model FROM models")}


@pytest.mark.parametrize("damage", LOG_DAMAGE.values(), ids=LOG_DAMAGE.keys())
def test_a_damaged_log_is_told_and_repaired(killed: Path, damage: Callable[[Path], None]) -> None:
    log = killed.with_name("skyy.duckdb.wal")
    damage(log)
    found = log.read_bytes() if log.exists() else None
    with pytest.raises(StoreDamaged, match=r"doctor --repair"):
        Store(killed, clock=CLOCK)
    if found:
        assert log.read_bytes() == found, "a refused open must leave the log as evidence"
    repair(killed, clock=CLOCK)
    if found:
        assert found in [path.read_bytes() for path in killed.parent.glob("skyy.duckdb.wal.damaged-*")]
    store = Store(killed, clock=CLOCK)
    assert models(store) == {f"model-{number}" for number in range(ACTS)}
    assert store.verify() == ACTS
    store.close()


def test_an_undamaged_log_of_a_killed_owner_opens(killed: Path) -> None:
    store = Store(killed, clock=CLOCK)
    assert store.verify() == ACTS
    store.close()


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
def test_a_damaged_database_is_rebuilt_from_the_journal(killed: Path, where: float) -> None:
    Store(killed, clock=CLOCK).close()
    data = bytearray(killed.read_bytes())
    start = int(len(data) * where)
    data[start : start + 4096] = os.urandom(4096)
    killed.write_bytes(data)
    repair(killed, clock=CLOCK)
    store = Store(killed, clock=CLOCK)
    assert models(store) == {f"model-{number}" for number in range(ACTS)}
    assert store.verify() == ACTS
    store.close()


def test_a_journal_without_its_last_bytes_is_completed_from_the_database(killed: Path) -> None:
    journal = killed.with_name("events.journal")
    whole = journal.read_bytes()
    cut(100)(journal)
    store = Store(killed, clock=CLOCK)
    assert store.verify() == ACTS
    store.close()
    assert journal.read_bytes() == whole


def test_an_unreadable_journal_is_written_again_from_a_whole_database(killed: Path) -> None:
    journal = killed.with_name("events.journal")
    whole = journal.read_bytes()
    flip(lambda size: size // 2)(journal)
    broken = journal.read_bytes()
    store = Store(killed, clock=CLOCK)
    with pytest.raises(StoreDamaged):
        store.verify()
    store.close()
    assert "damaged journal" in repair(killed, clock=CLOCK)
    assert journal.read_bytes() == whole
    assert killed.with_name("events.journal.damaged-1").read_bytes() == broken


def test_both_damaged_is_refused_and_nothing_is_moved(killed: Path) -> None:
    cut(64)(killed.with_name("skyy.duckdb.wal"))
    flip(lambda size: size // 2)(killed.with_name("events.journal"))
    before = {path.name: path.read_bytes() for path in killed.parent.iterdir() if path.name != "owner.lock"}
    with pytest.raises(StoreDamaged):
        repair(killed, clock=CLOCK)
    after = {path.name: path.read_bytes() for path in killed.parent.iterdir()}
    assert before.items() <= after.items()


def test_a_journal_that_tells_another_story_is_refused(store: Store, open_model: Act, tmp_path: Path) -> None:
    open_model(store, "one")
    store.close()
    other = Store(tmp_path / "other" / "skyy.duckdb", clock=CLOCK)
    open_model(other, "two")
    other.close()
    journal = other.path.with_name("events.journal").read_bytes()
    store.path.with_name("events.journal").write_bytes(journal)
    with pytest.raises(StoreDamaged, match="differs"):
        Store(store.path, clock=CLOCK)


def test_a_torn_journal_line_is_cut_at_open(store: Store, open_model: Act) -> None:
    open_model(store, "one")
    store.close()
    with store.path.with_name("events.journal").open("ab") as file:
        file.write(b"0123 half a li")
    reopened = Store(store.path, clock=CLOCK)
    open_model(reopened, "two")
    assert reopened.verify() == 2
    reopened.close()


@pytest.mark.parametrize("point", ["journal.write", "journal.sync"])
def test_a_full_disk_at_the_journal(point: str, store: Store, open_model: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    open_model(store, "one")
    monkeypatch.setenv("SKYY_FAILPOINT", f"{point}:{_passes(point) + 1}:full")
    with pytest.raises(StoreError, match="journal could not be written"):
        open_model(store, "two")
    monkeypatch.delenv("SKYY_FAILPOINT")
    assert b"two" not in store.path.with_name("events.journal").read_bytes()
    open_model(store, "three")
    assert store.verify() == 3
    assert models(store) == {"one", "two", "three"}


def test_a_disk_that_stays_full_is_told_typed_at_each_act(
    store: Store, open_model: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_events: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(store._journal, "append", refuse)
        with pytest.raises(StoreError, match="was stored but"):
            open_model(store, "one")
        with pytest.raises(StoreError, match="could not catch up"):
            open_model(store, "two")
    open_model(store, "three")
    assert models(store) == {"one", "three"}
    assert store.verify() == 2


def test_part_of_a_line_on_a_full_disk_leaves_no_trace(
    store: Store, open_model: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = store.path.with_name("events.journal")
    open_model(store, "one")
    whole = journal.read_bytes()
    real = store._journal._file

    class Half:
        def fileno(self) -> int:
            return real.fileno()

        def write(self, data: memoryview) -> int:
            if len(data) < 100:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real.write(data[: len(data) // 2])

    with monkeypatch.context() as full:
        full.setattr(store._journal, "_file", Half())
        with pytest.raises(StoreError, match="No space left"):
            open_model(store, "two")
    assert journal.read_bytes() == whole
    open_model(store, "three")
    assert store.verify() == 3


def test_an_interrupt_between_commit_and_journal_heals(
    store: Store, open_model: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(store, "_acknowledge", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            open_model(store, "one")
    open_model(store, "two")
    assert store.verify() == 2


def test_an_act_that_fails_leaves_nothing(store: Store, open_model: Act, actor: Actor) -> None:
    open_model(store, "one")
    before = store.state()
    payload = {"model": "two", "kind": "x", "shop": None, "description": "", "tags": {}}
    acts = iter([payload, {"model": "half"}])
    with pytest.raises(KeyError), store.write(actor) as transaction:
        [transaction.emit("model.created", "two", act) for act in acts]
    assert store.state() == before
    open_model(store, "three")
    assert store.verify() == 2


def _interrupt(_events: object) -> None:
    raise KeyboardInterrupt


def _passes(point: str) -> int:
    from engine import failpoints

    return failpoints._passes.get(point, 0)
