"""What people add to the registry: comments on versions, saved views of the list, favourite runs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.core import Service
from engine.errors import InvalidInput, RunNotFound
from engine.model_registry import _rows
from engine.naming import check_name
from engine.store import operation

_LONGEST_COMMENT = 4_000


class Comment(BaseModel):
    """One remark on a version, as plain text."""

    model_config = ConfigDict(frozen=True)

    seq: int
    model: str
    version: str
    text: str
    time: datetime
    actor: str


class SavedView(BaseModel):
    """A named state of the list: query, facets, order."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: dict[str, Any]
    time: datetime
    actor: str


class RemarkService(Service):
    """Comments, views and favourites, each change an event."""

    @operation("versions.comment")
    def comment(self, *, actor: Actor, model: str, reference: str, text: str) -> Comment:
        """Add a comment to a version.

        Raises
        ------
        InvalidInput
            It is empty or longer than 4,000 characters.
        """
        text = text.strip()
        if not 0 < len(text) <= _LONGEST_COMMENT:
            raise InvalidInput(f"The comment has {len(text):,} characters.", f"It has 1 to {_LONGEST_COMMENT:,}.")
        with self.store.write(actor) as transaction:
            version = _rows.resolve(transaction, model, reference)
            event = transaction.emit(
                "version.commented", f"{model}/{version}", {"model": model, "version": version, "text": text}
            )
        return Comment(seq=event.seq, model=model, version=version, text=text, time=event.time, actor=actor.name)

    @operation("versions.comments")
    def comments(self, *, model: str, version: str) -> list[Comment]:
        """Comments on a version, oldest first."""
        with self.store.read() as reader:
            rows = reader.rows("SELECT * FROM comments WHERE model = ? AND version = ? ORDER BY seq", [model, version])
        return [Comment(**{**row, "time": _rows.utc(row["time"])}) for row in rows]

    @operation("views.save")
    def save_view(self, *, actor: Actor, name: str, state: dict[str, Any]) -> SavedView:
        """Keep a state of the list under a name; the same name is replaced."""
        check_name(name, "view")
        with self.store.write(actor) as transaction:
            event = transaction.emit("view.saved", name, {"name": name, "state": state})
        return SavedView(name=name, state=state, time=event.time, actor=actor.name)

    @operation("views.remove")
    def remove_view(self, *, actor: Actor, name: str) -> None:
        """Forget a saved view."""
        with self.store.write(actor) as transaction:
            transaction.emit("view.removed", name, {"name": name})

    @operation("views.list")
    def views(self) -> list[SavedView]:
        """Saved views, by name."""
        with self.store.read() as reader:
            rows = reader.rows("SELECT * FROM saved_views ORDER BY name")
        return [SavedView(**{**row, "state": json.loads(row["state"]), "time": _rows.utc(row["time"])}) for row in rows]

    @operation("runs.mark")
    def mark_run(self, *, actor: Actor, run_id: str, favourite: bool) -> None:
        """Make a run a favourite, or no longer.

        Raises
        ------
        RunNotFound
        """
        with self.store.write(actor) as transaction:
            if transaction.row("SELECT 1 FROM runs WHERE run_id = ?", [run_id]) is None:
                raise RunNotFound(f"There is no run {run_id[:80]!r}.")
            transaction.emit("run.marked", run_id, {"run_id": run_id, "favourite": favourite})

    @operation("runs.favourites")
    def favourites(self) -> list[str]:
        """Ids of favourite runs."""
        with self.store.read() as reader:
            return [row["run_id"] for row in reader.rows("SELECT run_id FROM favourites ORDER BY run_id")]
