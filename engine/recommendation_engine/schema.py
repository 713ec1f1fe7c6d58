"""What a recommendation is, as callers in any process see it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from engine.catalog.records import ItemCard
from engine.catalog.schema import EventKind


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class SessionEvent(BaseModel):
    """Something a shopper did after the model was trained; `hours_ago` counts from the request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str = Field(min_length=1, max_length=200)
    event: EventKind = EventKind.VIEW
    hours_ago: float = Field(default=0.0, ge=0, le=24 * 366)


class Contribution(_Record):
    """What one signal adds to a score.

    `share` is its part of all that was added or taken away, 0 to 1; `because` says it in words.
    """

    signal: str
    value: float
    share: float
    because: str


class Recommendation(_Record):
    """One product; `position` counts from 1 and the values of `contributions` sum to `score`."""

    item_id: str
    position: int
    score: float
    card: ItemCard
    contributions: list[Contribution]
    reason: str


class Recommendations(_Record):
    """An answer, with all that is needed to walk it back to model and data.

    `release` is None when a version was tried that need not serve. `cold_start` says that nothing is known of what the shopper did; `note` says what a person should know.
    """

    request_id: str
    shop: str
    model: str
    version: str
    release: int | None
    snapshot: int | None
    cold_start: bool
    note: str
    latency_ms: float
    items: list[Recommendation]
