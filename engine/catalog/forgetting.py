"""Forgetting a shopper, so that no file of the store leads back to them.

The order makes every step repeatable. First a note says who goes (it lies outside `keys`, so that no
backup takes it along). Then new parts without the shopper are written, and one event lets all
snapshots name them; it tells old and new digests only. Last, everything that the event made
needless goes: the key-ring record, old parts, copies in job and release folders, waiting uploads.
Whoever starts next finishes what a crash cut short.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.actor import Actor
from engine.catalog import _rows
from engine.catalog.erasure import Erasure, is_parquet, is_part
from engine.catalog.key_ring import spellings
from engine.catalog.pseudonyms import is_pseudonym, pseudonym, write_private
from engine.catalog.records import ForgetReport, Forgetting, ForgottenIn, SnapshotInfo
from engine.catalog.references import parts_in_use
from engine.catalog.service import CatalogService
from engine.catalog.spools import forget_everywhere
from engine.core import Engine, Service
from engine.errors import InvalidInput
from engine.failpoints import failpoint
from engine.files import link_or_copy, sync_folder
from engine.store import Event, operation

_NOTE = "forgetting.json"
_EVENTS = "SELECT seq, payload FROM events WHERE kind = 'shopper.forgotten' AND seq > ? ORDER BY seq"
_LOG = "SELECT * FROM events WHERE kind = 'shopper.forgotten' ORDER BY seq DESC"
_VERSIONS = "SELECT model, version, lineage FROM versions ORDER BY model, version"
_BACKUPS = "Backups made before now still hold the shopper; delete them, or forget again after a restore."
_ALL = 1_000_000

Listener = Callable[[str, frozenset[str]], None]


class _Note(BaseModel):
    """Who is being forgotten, for whoever has to finish it."""

    shop: str
    names: list[str]
    words: list[str]
    marks: list[str]
    after: int


class ForgettingService(Service):
    """Takes a shopper out of everything that a shop has stored."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._listeners: list[Listener] = []

    @property
    def _catalog(self) -> CatalogService:
        return self.engine.service(CatalogService)

    def when_forgotten(self, listener: Listener) -> None:
        """Call `listener(shop, pseudonyms)` for every forgotten shopper, while it can still be told who.

        For logs that hold pseudonyms. It may be called again after a crash.
        """
        self._listeners.append(listener)

    @operation("shoppers.forget")
    def forget(self, *, actor: Actor, shop: str, shopper: str) -> ForgetReport:
        """Delete a shopper from all snapshots, quarantines, job folders and the key ring of a shop.

        Parameters
        ----------
        shopper : str
            The shop's own id or the pseudonym.

        Returns
        -------
        ForgetReport
            With the models that learned from the shopper; nobody of that name is no error.

        Raises
        ------
        ShopNotFound, InvalidInput
        """
        with self.store.read() as reader:
            _rows.shop(reader, shop)
        shopper = shopper.strip()
        if not shopper:
            raise InvalidInput("No shopper was named.", "The shop's own id, or a pseudonym.")
        with self._catalog.alone():
            earlier, finished = self._finish(actor)
            note = self._note(shop, shopper)
            if earlier is not None and earlier.shop == shop and set(earlier.names) & set(note.names):
                return finished  # the call that a crash cut short
            write_private(self._note_path, note.model_dump_json().encode())
            failpoint("forget.noted")
            return self._carry_out(actor, note)

    @operation("shoppers.forgotten")
    def list_forgotten(self, *, shop: str | None = None) -> list[Forgetting]:
        """When shoppers were forgotten, and the models that had learned from them; newest first, nobody named."""
        with self.store.read() as reader:
            events = [Event.from_row(row) for row in reader.rows(_LOG)]
        return [
            Forgetting(
                shop=event.payload["shop"],
                time=event.time,
                by=event.actor.name,
                snapshots=tuple(sorted(map(int, event.payload["snapshots"]))),
                models=tuple(self._models(set(map(int, event.payload["snapshots"])))),
            )
            for event in events
            if shop is None or event.payload["shop"] == shop
        ]

    def resume(self) -> None:
        """Finish what a crash cut short; the owner does this when it starts."""
        if self._note_path.exists():
            with self._catalog.alone():
                self._finish(Actor.system("forgetting"))

    @property
    def _note_path(self) -> Path:
        return self.engine.settings.home / _NOTE

    def _finish(self, actor: Actor) -> tuple[_Note | None, ForgetReport]:
        """What a crash cut short, and the report of it now."""
        if not self._note_path.exists():
            return None, ForgetReport(shop="", found=False)
        note = _Note.model_validate_json(self._note_path.read_bytes())
        return note, self._carry_out(actor, note)

    def _note(self, shop: str, shopper: str) -> _Note:
        ring = self._catalog.ring(shop)
        marks = ring.marks(shopper)
        names = ring.names(marks)
        if is_pseudonym(shopper):
            names.add(shopper)
        else:
            names |= {pseudonym(ring.key, shop, spelling) for spelling in spellings(shopper)}
        return _Note(
            shop=shop,
            names=sorted(names),
            words=[shopper.lower()] if "@" in shopper else [],
            marks=sorted(mark.hex() for mark in marks),
            after=self.store.head[0],
        )

    def _carry_out(self, actor: Actor, note: _Note) -> ForgetReport:
        snapshots = self._catalog.list_snapshots(shop=note.shop, limit=_ALL)
        held, rows, quarantined = self._rewrite(actor, note, snapshots)
        for listener in self._listeners:
            listener(note.shop, frozenset(note.names))
        forget_everywhere(self.engine.settings.home, note.shop, note.names)
        self._catalog.ring(note.shop).remove({bytes.fromhex(mark) for mark in note.marks})
        failpoint("forget.ring")
        jobs = self._sweep()
        failpoint("forget.swept")
        self._note_path.unlink()
        sync_folder(self.engine.settings.home)
        elsewhere = tuple(str(path) for path in sorted(self.engine.settings.home.glob("replaced-*")))
        return ForgetReport(
            shop=note.shop,
            found=bool(held or note.marks),
            snapshots=tuple(sorted(held)),
            rows=rows,
            quarantined=quarantined,
            models=tuple(self._models(held)),
            jobs=tuple(jobs),
            kept_elsewhere=elsewhere,
            notes=(_BACKUPS,),
        )

    def _rewrite(
        self, actor: Actor, note: _Note, snapshots: list[SnapshotInfo]
    ) -> tuple[set[int], dict[str, int], int]:
        """Snapshots that held the shopper, rows of the newest by table, and quarantined rows."""
        earlier = [payload for payload in self._events(note.after) if payload["shop"] == note.shop]
        if earlier:
            return {int(number) for payload in earlier for number in payload["snapshots"]}, {}, 0
        erasure = Erasure(self.engine.artifacts, note.names, note.words)
        erasure.run(snapshots)
        failpoint("forget.parts")
        swapped = {str(info.number): erasure.of(info) for info in snapshots}
        payload = {
            number: {old: new.model_dump() for old, new in parts.items()} for number, parts in swapped.items() if parts
        }
        if payload:
            with self.store.write(actor, checkpoint=True) as transaction:
                transaction.emit("shopper.forgotten", note.shop, {"shop": note.shop, "snapshots": payload})
        newest = snapshots[0].tables if snapshots else {}
        rows = {name: sum(erasure.removed.get(part.digest, 0) for part in parts) for name, parts in newest.items()}
        aside = {part.digest for info in snapshots for part in info.quarantine}
        quarantined = sum(count for digest, count in erasure.removed.items() if digest in aside)
        return {int(number) for number in payload}, {name: count for name, count in rows.items() if count}, quarantined

    def _events(self, after: int) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            return [json.loads(row["payload"]) for row in reader.rows(_EVENTS, [after])]

    def _sweep(self) -> list[str]:
        """Remove every file that an event made needless; returns the jobs whose data held one."""
        swapped = {
            old: new["digest"]
            for payload in self._events(0)
            for parts in payload["snapshots"].values()
            for old, new in parts.items()
        }
        with self.store.read() as reader:
            used = parts_in_use(reader)
        gone = {old: new for old, new in swapped.items() if old not in used}
        jobs = self._swap_in_jobs(gone)
        releases = self.engine.settings.releases
        copies = (path for old in gone for path in releases.glob(f"*/*/blobs/{old[:2]}/{old}"))
        _unlink(copies)
        failpoint("forget.copies")
        artifacts = self.engine.artifacts
        _unlink(artifacts.root / old[:2] / old for old in gone)
        _unlink(self._leftovers(used))
        shutil.rmtree(self.engine.settings.staging, ignore_errors=True)
        self._catalog.drop_caches()
        return jobs

    def _leftovers(self, used: set[str]) -> Iterator[Path]:
        """What processes that died left: drafts, and parts that no snapshot came to name.

        Only imports write parts, and those wait now.
        """
        home = self.engine.settings.home
        yield from home.glob(f".{_NOTE}.*.tmp")
        yield from (home / "keys" / "shoppers").glob(".*.tmp")
        for path in self.engine.artifacts.root.glob("*/*"):
            is_draft = path.name.startswith(".")
            if path.name not in used and is_parquet(path) and (is_draft or is_part(path)):
                yield path

    def _swap_in_jobs(self, gone: dict[str, str]) -> list[str]:
        """A worker that reads on finds the table without the shopper under the name that it knows."""
        jobs = []
        for data in self.engine.settings.jobs.glob("*/data"):
            theirs = [path for path in data.glob("*.parquet") if path.stem in gone]
            swapped = [self._swap_file(path, _last(gone, path.stem)) for path in theirs]
            if any(swapped):
                jobs.append(data.parent.name)
        return sorted(jobs)

    def _swap_file(self, path: Path, digest: str) -> bool:
        """Put other bytes under a name; False where they are there already."""
        draft = path.with_name(f".{path.name}.tmp")
        draft.unlink(missing_ok=True)
        link_or_copy(self.engine.artifacts.path(digest), draft)
        fresh = not draft.samefile(path)
        if fresh:
            draft.replace(path)
        draft.unlink(missing_ok=True)  # renaming one link of a file to another leaves both
        return fresh

    def _models(self, held: set[int]) -> Iterator[ForgottenIn]:
        with self.store.read() as reader:
            rows = reader.rows(_VERSIONS)
        for row in rows:
            snapshot = (json.loads(row["lineage"]) or {}).get("snapshot")
            if snapshot in held:
                yield ForgottenIn(model=row["model"], version=row["version"], snapshot=snapshot)


def _last(gone: dict[str, str], digest: str) -> str:
    """What a part became in the end, after several shoppers left it."""
    while digest in gone:
        digest = gone[digest]
    return digest


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
