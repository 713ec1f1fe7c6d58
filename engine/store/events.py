"""One event: what happened to what, by whom, chained to the event before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from engine.actor import Actor
from engine.files import canonical_json

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """A change of control state.

    Parameters
    ----------
    seq : int
        1, 2, 3, ... without gaps.
    time : datetime
        UTC, microseconds.
    actor : Actor
        Who did it.
    kind : str
        Past tense, dotted: `version.registered`.
    subject : str
        What it happened to: `demo.recommender/1.2.0`.
    payload : dict
        JSON values; enough to rebuild the state.
    previous : str
        Hash of the event before; 64 zeros for the first.
    """

    seq: int
    time: datetime
    actor: Actor
    kind: str
    subject: str
    payload: dict[str, Any]
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 over the event and the hash before it."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def body(self) -> str:
        """Canonical JSON that is hashed and mirrored."""
        return canonical_json(
            {
                "seq": self.seq,
                "time": self.time.isoformat(),
                "actor": self.actor.to_dict(),
                "kind": self.kind,
                "subject": self.subject,
                "payload": self.payload,
                "previous": self.previous,
            }
        )

    @property
    def naive_time(self) -> datetime:
        """The time as the database keeps it: UTC without a zone."""
        return self.time.astimezone(UTC).replace(tzinfo=None)

    @classmethod
    def from_body(cls, body: str) -> Self:
        """Parse what `body` wrote."""
        data = json.loads(body)
        return cls(
            seq=data["seq"],
            time=datetime.fromisoformat(data["time"]),
            actor=Actor.from_dict(data["actor"]),
            kind=data["kind"],
            subject=data["subject"],
            payload=data["payload"],
            previous=data["previous"],
        )

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Rebuild from a row of the `events` table."""
        return cls(
            seq=row["seq"],
            time=row["time"].replace(tzinfo=UTC),
            actor=Actor.from_dict(json.loads(row["actor"])),
            kind=row["kind"],
            subject=row["subject"],
            payload=json.loads(row["payload"]),
            previous=row["previous"],
        )
