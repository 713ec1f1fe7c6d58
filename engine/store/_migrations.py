"""Numbered changes of the schema, each applied once, in order."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.failpoints import failpoint

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def migrate(connection: DuckDBPyConnection) -> int:
    """Bring the schema up to date and return its version.

    Raises
    ------
    StoreError
        The file was written by a newer program.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
    row = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    present = int(row[0]) if row else 0
    steps = _steps()
    if present > len(steps):
        raise StoreError(
            f"The store has schema version {present}.",
            f"This program knows versions up to {len(steps)}.",
            "Update the program, or restore a backup that this version wrote.",
        )
    for number, (name, sql) in enumerate(steps[present:], start=present + 1):
        connection.execute("BEGIN")
        connection.execute(sql)
        failpoint("store.migrate")
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", [number, name])
        connection.execute("COMMIT")
    return len(steps)


def _steps() -> list[tuple[str, str]]:
    folder = resources.files("engine.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]
