"""Numbered changes of the schema, each applied once, in order."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.failpoints import failpoint

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def migrate(connection: DuckDBPyConnection) -> int:
    """Bring the schema up to date and return the number of changes in it.

    Changes are known by the names of their files, so that one that was numbered in between is not missed.

    Raises
    ------
    StoreError
        The file was written by a newer program.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
    rows = connection.execute("SELECT version, name FROM schema_version").fetchall()
    applied, last = {str(name) for _, name in rows}, max((int(number) for number, _ in rows), default=0)
    steps = _steps()
    if unknown := sorted(applied - {name for name, _ in steps}):
        raise StoreError(
            f"The store's schema has the change {unknown[-1]}.",
            f"This program knows changes up to {steps[-1][0]}.",
            "Update the program, or restore a backup that this version wrote.",
        )
    waiting = [(name, sql) for name, sql in steps if name not in applied]
    for number, (name, sql) in enumerate(waiting, start=last + 1):
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
