"""The schema moves forward once, and a newer one is refused."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from engine.errors import StoreError
from engine.store import Store, _migrations
from engine.store._migrations import migrate
from tests.engine.store.conftest import CLOCK


def test_migrations_run_once(store: Store, open_model: Callable[[Store, str], None]) -> None:
    open_model(store, "one")
    before = store.state()
    assert migrate(store._connection) == migrate(store._connection) >= 1
    assert store.state() == before


def test_a_newer_schema_is_refused_and_untouched(store: Store) -> None:
    store._connection.execute("INSERT INTO schema_version VALUES (999, '0999_future.sql')")
    store.close()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"0999_future\.sql"):
            Store(store.path, clock=CLOCK)


def test_a_change_numbered_in_between_is_applied(
    store: Store, open_model: Callable[[Store, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_model(store, "one")
    before = store.state()
    store.close()
    steps = [*_migrations._steps(), ("0001_more.sql", "CREATE TABLE between_two (a INTEGER)")]
    monkeypatch.setattr(_migrations, "_steps", lambda: sorted(steps))
    for _ in range(2):
        reopened = Store(store.path, clock=CLOCK)
        assert reopened.state() == before
        with reopened.read() as reader:
            assert reader.rows("SELECT * FROM between_two") == []
        reopened.close()


def test_a_change_that_fails_leaves_the_schema_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    steps = [*_migrations._steps(), ("9999_bad.sql", "CREATE TABLE half (a INTEGER); CREATE TABLE models (a INTEGER)")]
    with monkeypatch.context() as worse:
        worse.setattr(_migrations, "_steps", lambda: steps)
        with pytest.raises(duckdb.CatalogException):
            Store(store.path, clock=CLOCK)
    reopened = Store(store.path, clock=CLOCK)
    with reopened.read() as reader:
        assert reader.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'half'") == []
    reopened.close()
