"""The schema moves forward once, and a newer one is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import StoreError
from engine.store import Store
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
        with pytest.raises(StoreError, match="schema version 999"):
            Store(store.path, clock=CLOCK)
