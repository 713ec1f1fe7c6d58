"""Feeds: a watched folder or an HTTPS address that is imported on a schedule.

Time since a feed was made is cut into occurrences of `every` minutes. An occurrence is claimed by an
event before anything is read, so that it fires once however many runners there are, whatever the
clock does and whenever the process dies; what was missed while no owner ran is not made up for.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine import outbound
from engine.actor import Actor
from engine.catalog.feed_sources import Fetched, Unsettled, fetched, is_address, settled
from engine.catalog.records import ImportReport, Mode
from engine.catalog.service import CatalogService
from engine.core import Engine, Service
from engine.errors import Conflict, EngineError, InvalidInput, NotFound
from engine.failpoints import failpoint
from engine.naming import check_name
from engine.store import Reader, Transaction, operation

ACTOR = Actor.system("feeds")
_MOST_MINUTES = 366 * 24 * 60
_LONGEST_ERROR = 500
_SELECT = "SELECT * FROM feeds WHERE ($feed IS NULL OR feed = $feed) AND ($shop IS NULL OR shop = $shop) ORDER BY created_at, feed"
_TIMES = ("started_at", "ended_at", "created_at")


class FeedInfo(BaseModel):
    """A feed and how its last run ended.

    `result` is `imported`, `unchanged`, `failed` or `interrupted`; `snapshot` the last one it made;
    `next_at` when it fires next, None while paused.
    """

    model_config = ConfigDict(frozen=True)

    feed: str
    shop: str
    source: str
    importer: str | None
    mapping: dict[str, Any] | None
    mode: Mode
    every: int = Field(description="Minutes.")
    paused: bool
    running: bool
    occurrence: int = Field(description="The last one that was claimed, from 0; -1 before the first.")
    result: str | None
    snapshot: int | None
    error: str | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    created_by: str
    next_at: datetime | None
    content: str | None = Field(default=None, description="Digest of what was last taken in.")

    def occurrence_at(self, now: datetime) -> int:
        """The occurrence that a moment belongs to."""
        return (now - self.created_at) // timedelta(minutes=self.every)


class FeedService(Service):
    """Makes feeds, lists them, runs them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.resolver: outbound.Resolver = outbound.resolve

    @operation("feeds.create")
    def create(
        self,
        *,
        actor: Actor,
        shop: str,
        source: str,
        importer: str | None = None,
        mapping: dict[str, dict[str, Any]] | None = None,
        mode: Mode = Mode.UPSERT,
        every: int = 60,
        feed: str | None = None,
    ) -> FeedInfo:
        """Import a source every so many minutes, from now on.

        Parameters
        ----------
        source : str
            A file or folder of the owner's machine, or an https address.
        every : int
            Minutes between two occurrences.
        feed : str or None
            A name; made up when None.

        Raises
        ------
        InvalidInput, InvalidName, Conflict
        """
        check_name(shop, "shop")
        if not 1 <= every <= _MOST_MINUTES:
            raise InvalidInput(
                f"A feed cannot fire every {every} minutes.", "Every 1 minute to 366 days.", "Choose another pace."
            )
        name = check_name(feed, "feed") if feed is not None else f"feed-{secrets.token_hex(4)}"
        payload = {
            "feed": name,
            "shop": shop,
            "source": self._source(source),
            "importer": _importer(importer),
            "mapping": mapping,
            "mode": str(mode),
            "every": every,
        }
        with self.store.write(actor) as transaction:
            if _feeds(transaction, self.engine, feed=name):
                raise Conflict(f"There is a feed {name!r} already.", hint="Remove it first, or choose another name.")
            transaction.emit("feed.created", name, payload)
            return _feed(transaction, self.engine, name)

    @operation("feeds.list")
    def list_feeds(self, *, shop: str | None = None) -> list[FeedInfo]:
        """All feeds, oldest first."""
        with self.store.read() as reader:
            return _feeds(reader, self.engine, shop=shop)

    @operation("feeds.remove")
    def remove(self, *, actor: Actor, feed: str) -> FeedInfo:
        """Take a feed away; what it brought stays.

        Raises
        ------
        NotFound
        """
        with self.store.write(actor) as transaction:
            info = _feed(transaction, self.engine, feed)
            transaction.emit("feed.removed", feed, {"feed": feed})
        return info

    @operation("feeds.pause")
    def pause(self, *, actor: Actor, feed: str, paused: bool = True) -> FeedInfo:
        """Stop a feed's schedule, or let it go on.

        Raises
        ------
        NotFound
        """
        with self.store.write(actor) as transaction:
            if _feed(transaction, self.engine, feed).paused != paused:
                transaction.emit("feed.paused", feed, {"feed": feed, "paused": paused})
            return _feed(transaction, self.engine, feed)

    @operation("feeds.run")
    def run_now(self, *, actor: Actor, feed: str) -> FeedInfo:
        """Import now, beside the schedule; how it ended is told by the answer, never by an error.

        Raises
        ------
        NotFound
        Conflict
            The feed is running.
        """
        with self.store.write(actor) as transaction:
            info = _feed(transaction, self.engine, feed)
            if info.running:
                raise Conflict(f"The feed {feed!r} is running.", hint="Wait until it has ended.")
            transaction.emit("feed.started", feed, {"feed": feed, "occurrence": info.occurrence})
        return self._run(actor, info)

    def run_due(self) -> list[FeedInfo]:
        """Fire every feed whose present occurrence nobody claimed; returns those that ran."""
        fired = []
        for info in self.list_feeds():
            if self._is_due(info) and self._claim(info):
                fired.append(self._run(ACTOR, info))
        return fired

    def mark_interrupted(self) -> None:
        """End the runs that an earlier owner did not live to end."""
        for info in self.list_feeds():
            if info.running:
                self._end(ACTOR, info, "interrupted", error="The process ended while the feed ran.")

    def _is_due(self, info: FeedInfo) -> bool:
        """A folder that is being written to waits for a later look; its occurrence is not claimed yet."""
        now = self.engine.clock.now()
        due = info.occurrence_at(now) > info.occurrence and not info.paused and not info.running
        return due and (is_address(info.source) or settled(info.source, now))

    def _claim(self, info: FeedInfo) -> bool:
        """Take the present occurrence; False when somebody was faster."""
        with self.store.write(ACTOR) as transaction:
            found = _feeds(transaction, self.engine, feed=info.feed)
            if not found or not self._is_due(found[0]):
                return False
            occurrence = info.occurrence_at(self.engine.clock.now())
            transaction.emit("feed.started", info.feed, {"feed": info.feed, "occurrence": occurrence})
        failpoint("feeds.claimed")
        return True

    def _run(self, actor: Actor, info: FeedInfo) -> FeedInfo:
        try:
            with fetched(info.source, info.feed, self.engine, self.resolver) as found:
                if found.digest == info.content:
                    return self._end(actor, info, "unchanged")
                report = self._import(actor, info, found)
        except Unsettled:
            return self._end(
                actor,
                info,
                "failed",
                error="A file was written a moment ago and may not be whole. Run the feed again in a few seconds.",
            )
        except (EngineError, OSError) as error:
            return self._end(actor, info, "failed", error=str(error)[:_LONGEST_ERROR])
        failpoint("feeds.imported")
        result = "unchanged" if report.unchanged else "imported"
        return self._end(actor, info, result, snapshot=report.snapshot, content=found.digest)

    def _import(self, actor: Actor, info: FeedInfo, found: Fetched) -> ImportReport:
        return self.engine.service(CatalogService).run_import(
            actor=actor,
            shop=info.shop,
            path=found.path,
            importer=info.importer,
            mapping=info.mapping,
            mode=info.mode,
        )

    def _end(
        self,
        actor: Actor,
        info: FeedInfo,
        result: str,
        *,
        error: str | None = None,
        snapshot: int | None = None,
        content: str | None = None,
    ) -> FeedInfo:
        payload = {"feed": info.feed, "result": result, "error": error, "snapshot": snapshot, "content": content}
        with self.store.write(actor) as transaction:
            if not _feeds(transaction, self.engine, feed=info.feed):  # removed while it ran
                return info
            transaction.emit("feed.ended", info.feed, payload)
            return _feed(transaction, self.engine, info.feed)

    def _source(self, source: str) -> str:
        text = source.strip()
        if re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
            outbound.check_url(text, settings=self.engine.settings)
            return text
        path = Path(text).expanduser()
        if not text or not path.is_absolute():
            raise InvalidInput(
                f"The source {text[:120]!r} is neither an https address nor a whole path.",
                "A feed reads one of these.",
                "Give the path from its root.",
            )
        return str(path)


def _importer(name: str | None) -> str | None:
    from engine.catalog.importers import importers

    if name is not None and name not in importers():
        raise InvalidInput(f"There is no importer {name[:60]!r}.", f"Importers: {', '.join(importers())}.")
    return name


def _feed(reader: Reader | Transaction, engine: Engine, name: str) -> FeedInfo:
    found = _feeds(reader, engine, feed=name)
    if not found:
        raise NotFound(f"There is no feed {name[:80]!r}.", hint="List them with 'skyy data feed list'.")
    return found[0]


def _feeds(reader: Reader, engine: Engine, *, feed: str | None = None, shop: str | None = None) -> list[FeedInfo]:
    rows = reader.rows(_SELECT, {"feed": feed, "shop": shop})
    return [_info(row, engine.clock.now()) for row in rows]


def _info(row: dict[str, Any], now: datetime) -> FeedInfo:
    every = row.pop("every_minutes")
    times = {name: row[name].replace(tzinfo=UTC) if row[name] else None for name in _TIMES}
    mapping = json.loads(row["mapping"]) if row["mapping"] else None
    info = FeedInfo(**{**row, **times, "mapping": mapping}, every=every, next_at=None)
    return info.model_copy(update={"next_at": None if info.paused else _next(info, now)})


def _next(info: FeedInfo, now: datetime) -> datetime:
    """Now where an occurrence waits, else the start of the next."""
    due = max(info.occurrence + 1, info.occurrence_at(now))
    return max(info.created_at + due * timedelta(minutes=info.every), now)
