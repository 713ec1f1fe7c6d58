"""The DuckDB file of one process: reads on cursors, writes as events under one lock."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InvalidInput, StoreDamaged, StoreError
from engine.failpoints import failpoint
from engine.files import canonical_json
from engine.store._gate import ReadGate
from engine.store._journal import Journal
from engine.store._lock import OwnerLock
from engine.store._migrations import migrate
from engine.store.events import GENESIS, Event
from engine.store.projections import PROJECTED_TABLES, all_projectors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.actor import Actor
    from engine.clock import Clock

_LOG = logging.getLogger(__name__)
_ALL = 2**62
UNFINISHED = "restore.unfinished"
"""Lies beside the database while a restore moves files."""
_INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Reader:
    """Rows of the store as dictionaries, from one cursor."""

    def __init__(self, cursor: DuckDBPyConnection) -> None:
        self._cursor = cursor

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query.

        Raises
        ------
        StoreDamaged
            A block of the file does not match its checksum.
        """
        with _damage_told():
            result = self._cursor.execute(sql, parameters)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def tuples(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query as tuples, for answers of many thousand rows.

        Raises
        ------
        StoreDamaged
            A block of the file does not match its checksum.
        """
        with _damage_told():
            return self._cursor.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> dict[str, Any] | None:
        """The first row, or None."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None


class Transaction(Reader):
    """A write in progress: reads see its own changes; `emit` is the only way to change anything."""

    def __init__(self, cursor: DuckDBPyConnection, actor: Actor, clock: Clock, head: tuple[int, str]) -> None:
        super().__init__(cursor)
        self.actor = actor
        self.events: list[Event] = []
        self._clock = clock
        self._head = head
        self._projectors = all_projectors()

    @property
    def next_seq(self) -> int:
        """The number that the next event will have."""
        return self._head[0] + 1

    def emit(self, kind: str, subject: str, payload: dict[str, Any]) -> Event:
        """Append an event and let its projector change the tables.

        Raises
        ------
        StoreError
            No projector follows this kind.
        InvalidInput
            The payload is not JSON (NaN included).
        """
        if kind not in self._projectors:
            raise StoreError(f"No table follows events of kind {kind!r}.")
        seq, previous = self._head
        event = Event(seq + 1, self._clock.now(), self.actor, kind, subject, _as_json(kind, payload), previous)
        self._apply(event)
        return event

    def replay(self, event: Event) -> None:
        """Append an event that already happened, as the journal kept it."""
        self._apply(event)

    def _apply(self, event: Event) -> None:
        digest = event.hash
        self._cursor.execute(
            _INSERT_EVENT,
            [
                event.seq,
                event.naive_time,
                canonical_json(event.actor.to_dict()),
                event.kind,
                event.subject,
                canonical_json(event.payload),
                event.previous,
                digest,
            ],
        )
        self._projectors[event.kind](self._cursor, event)
        failpoint("store.event")
        self._head = (event.seq, digest)
        self.events.append(event)


class Store:
    """The owner's store.

    Parameters
    ----------
    path : Path
        The DuckDB file; `events.journal` and `owner.lock` lie beside it.
    clock : Clock
        Times of events.
    repair : bool
        Replay events that the journal has and the database lost, instead of refusing to open.

    Raises
    ------
    StoreOwned
        Another process holds the folder.
    StoreDamaged
        The database and its journal do not agree.
    """

    def __init__(self, path: Path, *, clock: Clock, repair: bool = False) -> None:
        self.path = path
        self._clock = clock
        self._write_lock = threading.RLock()
        self._gate = ReadGate()
        self._listeners: list[Callable[[list[Event]], None]] = []
        self._head_in_doubt = False
        with ExitStack() as undo:
            self._lock = OwnerLock(path.with_name("owner.lock"))
            undo.callback(self._lock.release)
            refuse_unfinished(path)
            self._journal = Journal(path.with_name("events.journal"))
            undo.callback(self._journal.close)
            self._connection = _open(path)
            undo.callback(_close_untouched, self._connection)
            with _damage_told():
                migrate(self._connection)
                self._head = self._read_head()
                self._agree(repair=repair)
            undo.pop_all()

    @property
    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last event."""
        return self._head

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A consistent view of the committed state; writers never hold it up, a checkpoint does for a moment."""
        self._gate.enter()
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN")
            yield Reader(cursor)
        finally:
            cursor.close()
            self._gate.leave()

    @contextmanager
    def write(self, actor: Actor, *, checkpoint: bool = False) -> Iterator[Transaction]:
        """One act: all its events or none, on disk when the block ends.

        Parameters
        ----------
        actor : Actor
            Who acts.
        checkpoint : bool
            Also fold the write-ahead log into the file (promotions do).
        """
        with self._write_lock:
            self._mirror_missing()
            cursor = self._connection.cursor()
            try:
                cursor.execute("BEGIN")
                transaction = Transaction(cursor, actor, self._clock, self._head)
                yield transaction
                failpoint("store.commit.before")
                self._head_in_doubt = True
                _commit(cursor)
                failpoint("store.commit.after")
                self._acknowledge(transaction.events)
                if checkpoint:
                    self._checkpoint()
                    failpoint("store.checkpoint.after")
            finally:
                cursor.close()
        for listener in self._listeners:
            listener(transaction.events)

    def listen(self, listener: Callable[[list[Event]], None]) -> None:
        """Call `listener` with the events of every act, after it is acknowledged and outside the lock."""
        self._listeners.append(listener)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold all writes back: the moment in which a copy of the files is consistent."""
        with self._write_lock:
            self._mirror_missing()
            self._checkpoint()
            yield

    def _checkpoint(self) -> None:
        """Fold the write-ahead log into the file, in a moment without readers.

        DuckDB refuses while any transaction is open. A reader that lasts too long puts it off: the
        log itself is on disk already, so nothing is at risk.
        """
        import duckdb

        with self._gate.closed():
            try:
                self._connection.execute("CHECKPOINT")
            except duckdb.TransactionException:
                _LOG.warning("checkpoint put off: a reader is at work")

    def _acknowledge(self, events: Sequence[Event]) -> None:
        if events:
            self._head = (events[-1].seq, events[-1].hash)
        self._head_in_doubt = False
        if events:
            self._mirror(events, "The act was stored but its journal could not be written")

    def _mirror_missing(self) -> None:
        """Let the journal catch up with what a crash, an interrupt or a full disk kept from it."""
        if self._head_in_doubt:
            self._head = self._read_head()
            self._head_in_doubt = False
        last = self._journal.last()
        known = last[0] if last else 0
        if known < self._head[0]:
            self._mirror(self.events(after=known), "The journal could not catch up with the database")

    def _mirror(self, events: Sequence[Event], what: str) -> None:
        try:
            self._journal.append(events)
        except OSError as error:
            raise StoreError(
                f"{what}: {error.strerror}.",
                "Every act is mirrored in events.journal before it counts as done.",
                "Free disk space; the journal catches up before the next act.",
            ) from error

    def events(self, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """Events in order, those with `seq > after`."""
        with self.read() as reader:
            rows = reader.rows("SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", [after, limit or _ALL])
        return [Event.from_row(row) for row in rows]

    def verify(self) -> int:
        """Check every hash of the chain and that journal and database agree; returns the number of events.

        Raises
        ------
        StoreDamaged
            They do not.
        """
        with self._write_lock:
            count, last = self._verify_chain()
            journal = [(event.seq, event.hash) for event in self._journal.read()]
        if len(journal) != count or (journal and journal[-1][1] != last):
            raise _damaged(f"the journal has {len(journal)} events, the database {count}")
        return count

    def _verify_chain(self) -> tuple[int, str]:
        """Number of events in the database and the hash of the last, each hash checked."""
        count, previous = 0, GENESIS
        with self.read() as reader:
            for row in reader.rows("SELECT * FROM events ORDER BY seq"):
                event = Event.from_row(row)
                if (event.seq, event.previous, event.hash) != (count + 1, previous, row["hash"]):
                    raise _damaged(f"event {row['seq']} of the database does not match the chain")
                count, previous = event.seq, event.hash
        return count, previous

    def rebuild(self, actor: Actor) -> None:
        """Empty every projected table and replay the log into it."""
        with self._write_lock:
            events = self.events()
            cursor = self._connection.cursor()
            try:
                cursor.execute("BEGIN")
                for table in (*PROJECTED_TABLES, "events"):
                    cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # names from a constant
                transaction = Transaction(cursor, actor, self._clock, (0, GENESIS))
                for event in events:
                    transaction.replay(event)
                cursor.execute("COMMIT")
            finally:
                cursor.close()

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every projected table as sorted rows, for comparison."""
        with self.read() as reader:
            return {
                table: sorted(tuple(map(repr, row.values())) for row in reader.rows(f"SELECT * FROM {table}"))  # noqa: S608
                for table in PROJECTED_TABLES
            }

    def close(self) -> None:
        """Fold the log in and give the lock back."""
        with self._write_lock:
            self._connection.close()
            self._journal.close()
            self._lock.release()

    def _read_head(self) -> tuple[int, str]:
        row = self._connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else (0, GENESIS)

    def _agree(self, *, repair: bool) -> None:
        last = self._journal.last()
        if last is None and self._head[0] == 0:
            return
        seq, digest = last or (0, GENESIS)
        if seq > self._head[0]:
            if not repair:
                raise _damaged(
                    f"the database ends at event {self._head[0]}, its journal at event {seq}",
                    "Run 'skyy doctor --repair' to replay the lost events from the journal.",
                )
            self._replay_lost()
        elif seq and self._hash_at(seq) != digest:
            raise _damaged(f"event {seq} differs between database and journal")
        self._mirror_missing()

    def _hash_at(self, seq: int) -> str | None:
        row = self._connection.execute("SELECT hash FROM events WHERE seq = ?", [seq]).fetchone()
        return str(row[0]) if row else None

    def _replay_lost(self) -> None:
        """Bring back acknowledged events that the database dropped."""
        cursor = self._connection.cursor()
        cursor.execute("BEGIN")
        transaction: Transaction | None = None
        for event in self._journal.read():
            if event.seq <= self._head[0]:
                if event.seq == self._head[0] and event.hash != self._head[1]:
                    raise _damaged(f"event {event.seq} differs between database and journal")
                continue
            transaction = transaction or Transaction(cursor, event.actor, self._clock, self._head)
            transaction.replay(event)
        cursor.execute("COMMIT")
        cursor.close()
        self._head = self._read_head()

    def rewrite_journal(self) -> Path | None:
        """Where the journal cannot be read but the database has all its events: set it aside and write it again.

        Raises
        ------
        StoreDamaged
            The database's own chain is broken, or the journal may have held more events.
        """
        try:
            for _ in self._journal.read():
                pass
        except StoreDamaged:
            if self._verify_chain()[0] < self._journal.reach():
                raise
            aside = self._journal.set_aside()
            self._mirror(self.events(), "The journal could not be written")
            return aside
        return None


def refuse_unfinished(path: Path) -> None:
    """Neither open nor mend a store whose files are half moved.

    Raises
    ------
    StoreDamaged
    """
    if path.with_name(UNFINISHED).exists():
        raise _damaged(
            f"a restore into {path.parent} was interrupted",
            "Run 'skyy restore FILE --replace' again; what was there before lies in a folder 'replaced-<number>'.",
        )


def _open(path: Path) -> DuckDBPyConnection:
    import duckdb

    try:
        connection = duckdb.connect(str(path), config={"threads": 2})
        connection.execute("SET TimeZone = 'UTC'")
    except duckdb.Error as error:
        raise _unreadable(error) from error
    path.chmod(0o600)
    return connection


@contextmanager
def _damage_told() -> Iterator[None]:
    """DuckDB's word for a broken block, as ours."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if "Corrupt database file" not in str(error):
            raise
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> StoreDamaged:
    return _damaged(
        f"DuckDB cannot read it: {str(error).splitlines()[0][:200]}",
        "Keep the files as they are; 'skyy doctor --repair' sets them aside and rebuilds all from the journal.",
    )


def _close_untouched(connection: DuckDBPyConnection) -> None:
    """Close without folding the write-ahead log in: it is evidence."""
    import duckdb

    with suppress(duckdb.Error):  # no transaction is open, or the database is past hearing
        connection.execute("ROLLBACK")
    with suppress(duckdb.Error):
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    connection.close()


def _commit(cursor: DuckDBPyConnection) -> None:
    import duckdb

    try:
        cursor.execute("COMMIT")
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise StoreError(
            f"The act could not be stored: {str(error).splitlines()[0][:200]}",
            "The database's folder has free space and can be written.",
            "Free disk space and start again; acts that were acknowledged are safe.",
        ) from error


def _as_json(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it will be read back: what a chain of hashes is built on must not change its spelling."""
    try:
        values: dict[str, Any] = json.loads(canonical_json(payload).encode())
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"The details of '{kind}' cannot be kept: {error}.",
            "Params, tags and texts are JSON: text, finite numbers, lists, and mappings with text keys.",
        ) from error
    return values


def _damaged(what: str, hint: str = "Restore the last good backup with 'skyy restore'.") -> StoreDamaged:
    return StoreDamaged(
        f"The store is damaged: {what}.",
        "Database and journal hold the same chain of events.",
        hint,
    )
