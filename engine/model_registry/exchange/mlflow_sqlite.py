"""An MLflow tracking store in SQLite, read as it lies: no program of MLflow's, no write, no lock."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.errors import InvalidFile
from engine.model_registry.exchange.mlflow_values import NOT_FINITE, moment, point, text
from engine.model_registry.exchange.records import ForeignModel, ForeignRun, ForeignVersion, Ledger

_CHUNK = 400
_STEPS_PER_QUERY = 400_000_000
_PULSE = 1_000_000
_NEEDED = ("experiments", "runs", "metrics", "params", "tags")
_KNOWN = (
    *_NEEDED,
    "logged_models",
    "model_version_tags",
    "model_versions",
    "registered_model_aliases",
    "registered_model_tags",
    "registered_models",
)
DELETED_RUN = "A run that was deleted in MLflow."
DELETED_EXPERIMENT = "An experiment that was deleted in MLflow."


class SqliteStore:
    """An open store; `folder` is where the file lies."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.folder = path.parent
        rows = self._all("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._tables = {row["name"] for row in rows} & set(_KNOWN)
        missing = [table for table in _NEEDED if table not in self._tables]
        if missing:
            raise InvalidFile(
                f"{path} has no table {', '.join(missing)}.",
                "It is the SQLite file of an MLflow tracking store, such as mlflow.db.",
                "Look for the file that MLFLOW_TRACKING_URI names.",
            )

    def fingerprint(self) -> str:
        """A name made from the store's first experiment."""
        first = min(self._table("experiments"), key=lambda row: int(row["experiment_id"]), default={})
        marks = [text(first.get(key)) for key in ("experiment_id", "name", "creation_time", "artifact_location")]
        return hashlib.sha256("\0".join(marks).encode()).hexdigest()[:16]

    def experiments(self) -> Sequence[str]:
        """Names of the live experiments, the oldest first."""
        return list(self._live().values())

    def runs(self, left: Ledger) -> Iterator[list[ForeignRun]]:
        """All live runs, the oldest first, in chunks."""
        live = self._live()
        for row in self._table("experiments"):
            if row["experiment_id"] not in live:
                left.add(DELETED_EXPERIMENT, text(row["name"]))
        models = defaultdict(list)
        for row in self._table("logged_models"):
            models[text(row.get("source_run_id"))].append(text(row["artifact_location"]))
        rows = []
        for row in self._table("runs", "ORDER BY start_time, run_uuid"):
            if row["experiment_id"] not in live or row.get("lifecycle_stage") == "deleted":
                left.add(DELETED_RUN, text(row["run_uuid"]))
            else:
                rows.append(row)
        for start in range(0, len(rows), _CHUNK):
            yield self._whole(rows[start : start + _CHUNK], live, models, left)

    def _whole(
        self, rows: list[dict[str, Any]], live: dict[Any, str], models: dict[str, list[str]], left: Ledger
    ) -> list[ForeignRun]:
        runs = {row["run_uuid"]: _run(row, live, models) for row in rows}
        among = f"WHERE run_uuid IN ({', '.join('?' * len(rows))})"
        ids = list(runs)
        for row in self._table("params", among, ids):
            runs[row["run_uuid"]].params[text(row["key"], 250)] = text(row["value"])
        for row in self._table("tags", among, ids):
            runs[row["run_uuid"]].tags[text(row["key"], 250)] = text(row["value"])
        for row in self._table("metrics", f"{among} ORDER BY run_uuid, key, step, timestamp", ids):
            if row.get("is_nan"):
                left.add(NOT_FINITE, f"{row['run_uuid']}: {row['key']} at step {row.get('step')}")
                continue
            found = point(row["key"], row.get("step"), row["value"], row["timestamp"], left, text(row["run_uuid"]))
            if found is not None:
                runs[row["run_uuid"]].points.append(found)
        return list(runs.values())

    def models(self, left: Ledger) -> list[ForeignModel]:
        """All registered models, by name."""
        versions: dict[str, list[ForeignVersion]] = defaultdict(list)
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        aliases: dict[str, dict[str, str]] = defaultdict(dict)
        version_tags: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for row in self._table("registered_model_tags"):
            tags[_name(row)][text(row["key"], 250)] = text(row["value"])
        for row in self._table("registered_model_aliases"):
            aliases[_name(row)][text(row["alias"], 256)] = text(row["version"])
        for row in self._table("model_version_tags"):
            version_tags[_name(row), text(row["version"])][text(row["key"], 250)] = text(row["value"])
        folders = {text(row["model_id"]): text(row["artifact_location"]) for row in self._table("logged_models")}
        for row in self._table("model_versions", "ORDER BY name, version"):
            key = (_name(row), text(row["version"]))
            versions[key[0]].append(_version(row, version_tags[key], folders))
        return [
            ForeignModel(
                name=_name(row),
                created=moment(row.get("creation_time")),
                description=text(row.get("description")),
                tags=tags[_name(row)],
                aliases=aliases[_name(row)],
                versions=tuple(versions[_name(row)]),
            )
            for row in self._table("registered_models", "ORDER BY name")
        ]

    def _live(self) -> dict[Any, str]:
        rows = self._table("experiments", "ORDER BY experiment_id")
        return {
            row["experiment_id"]: _spaced(row, text(row["name"], 256))
            for row in rows
            if row.get("lifecycle_stage") != "deleted"
        }

    def _table(self, name: str, rest: str = "", values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a known table; none where this version of MLflow has no such table."""
        return self._all(f"SELECT * FROM {name} {rest}", values) if name in self._tables else []  # noqa: S608

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        try:
            cursor = self._connection.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except (sqlite3.Error, KeyError, TypeError) as error:
            raise _unreadable(self._path, error) from error


@contextmanager
def open_store(path: Path) -> Iterator[SqliteStore]:
    """Open a file read-only and unchanged (`immutable`); a query that runs on without end is cut.

    Raises
    ------
    InvalidFile
        It is no MLflow store, or holds changes that are not folded into the file yet.
    """
    for tail in ("-wal", "-journal"):
        beside = path.with_name(path.name + tail)
        if beside.exists() and beside.stat().st_size:
            raise InvalidFile(
                f"{path} has changes in {beside.name} that are not in the file yet.",
                "The store is read as it lies, while nobody writes to it.",
                "Stop MLflow, or copy the store with sqlite3's .backup, and import that.",
            )
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        left = iter(range(_STEPS_PER_QUERY // _PULSE * 100))
        connection.set_progress_handler(lambda: next(left, None) is None, _PULSE)
        yield SqliteStore(connection, path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    finally:
        connection.close()


def _unreadable(path: Path, error: Exception) -> InvalidFile:
    return InvalidFile(
        f"{path} cannot be read as an MLflow store: {error}."[:300],
        "It is the SQLite file of an MLflow tracking store, such as mlflow.db.",
    )


def _spaced(row: dict[str, Any], name: str) -> str:
    """The name, with MLflow's workspace before it where that is not the default one."""
    space = text(row.get("workspace"))
    return name if space in ("", "default") else f"{space}/{name}"


def _name(row: dict[str, Any]) -> str:
    return _spaced(row, text(row["name"], 256))


def _run(row: dict[str, Any], live: dict[Any, str], models: dict[str, list[str]]) -> ForeignRun:
    run_id = text(row["run_uuid"], 64)
    return ForeignRun(
        run_id=run_id,
        experiment=live[row["experiment_id"]],
        name=text(row.get("name"), 250),
        status=text(row.get("status"), 20),
        user=text(row.get("user_id"), 256),
        started=moment(row.get("start_time")),
        ended=moment(row.get("end_time")),
        artifacts=text(row.get("artifact_uri")),
        folders=tuple(models.get(run_id, ())),
    )


def _version(row: dict[str, Any], tags: dict[str, str], folders: dict[str, str]) -> ForeignVersion:
    source = text(row.get("source"))
    folder = text(row.get("storage_location")) or folders.get(source.removeprefix("models:/"), source)
    return ForeignVersion(
        model=_name(row),
        version=text(row["version"], 20),
        created=moment(row.get("creation_time")),
        description=text(row.get("description")),
        user=text(row.get("user_id"), 256),
        stage=text(row.get("current_stage"), 20),
        run_id=text(row.get("run_id"), 64) or None,
        folder=folder,
        tags=tags,
    )
