"""Jobs that an older program stored."""

from __future__ import annotations

import duckdb
import pytest

from engine.store import _migrations
from tests.engine.training.conftest import SHOP


def test_jobs_of_before_the_queue_have_no_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _migrations._steps()
    names = [name for name, _ in steps]
    assert names == sorted(names)
    with duckdb.connect() as connection:
        monkeypatch.setattr(
            _migrations, "_steps", lambda: [(name, sql) for name, sql in steps if "job_queue" not in name]
        )
        _migrations.migrate(connection)
        row = ["job-1", "recommender", SHOP, "m", "k", "queued", "{}", None, None, None, "2026-01-01", "x", None, None]
        connection.execute(f"INSERT INTO jobs VALUES ({', '.join('?' * len(row))})", row)
        monkeypatch.setattr(_migrations, "_steps", lambda: steps)
        assert _migrations.migrate(connection) == len(steps)
        assert connection.execute("SELECT job_id, priority, memory_mb FROM jobs").fetchall() == [("job-1", 0, None)]
