"""Releases: what a shop serves, as a folder that needs no store.

`<releases>/<shop>/<number>/` holds `manifest.json` and the artifacts it names; `current.json` beside
it says which number serves. A replica needs nothing else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from engine.actor import Actor
from engine.artifacts import Artifact, ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.core import Engine, Service
from engine.errors import ArtifactError, ArtifactNotFound, CorruptArtifact, ReleaseNotFound, StoreError
from engine.failpoints import failpoint
from engine.files import link_or_copy, write_json
from engine.model_registry import _rows
from engine.model_registry.schema import CHAMPION, ReleaseInfo, VersionInfo
from engine.store import Event, Reader, Transaction, operation

SERVED_TABLES = (Table.ITEMS, Table.VARIANTS, Table.STOCK_LEVELS, Table.PRICES)
_KEPT = 5
_NEW_ROWS = ("snapshot.taken", "shopper.forgotten")

_CHAMPIONS = """
SELECT m.kind, v.model, v.version, v.artifact FROM models m
JOIN aliases a ON a.model = m.model AND a.alias = ?
JOIN versions v ON v.model = m.model AND v.version = a.version
WHERE m.shop = ? ORDER BY m.kind, m.model
"""
_PLAN = "SELECT number, plan FROM plans WHERE shop = ? ORDER BY number DESC LIMIT 1"
_CATALOGUE = "SELECT number, manifest FROM snapshots WHERE shop = ? ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True)
class Release:
    """A published release, its files checked against their digests.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest : dict
        `shop`, `number`, `models` by kind, `snapshot`, `tables`, `plan` and `plan_number`.
    """

    folder: Path
    manifest: dict[str, Any]
    blobs: ArtifactStore

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The current release of a shop's folder, or the newest older one that is whole.

        Raises
        ------
        ReleaseNotFound
            Nothing was published there, or nothing of it is whole.
        """
        number = current_number(folder)
        numbers = sorted((n for n in _numbers(folder) if n <= number), reverse=True)
        damage: ArtifactError | ArtifactNotFound | None = None
        for candidate in numbers:
            try:
                return cls._checked(folder / str(candidate))
            except (ArtifactError, ArtifactNotFound) as error:
                damage = damage or error
        raise ReleaseNotFound(
            f"No whole release lies in {folder}." + (f" {damage.found}" if damage else ""),
            "A release holds every file that its manifest names.",
            "Promote a model, or publish again with 'skyy release'.",
        )

    @classmethod
    def _checked(cls, folder: Path) -> Self:
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
        except (OSError, ValueError) as error:
            raise CorruptArtifact(f"The manifest of {folder} cannot be read.") from error
        release = cls(folder, manifest, ArtifactStore(folder / "blobs"))
        for digest in _digests(release.blobs, manifest):
            release.blobs.read_blob(digest)
        return release

    @property
    def number(self) -> int:
        return int(self.manifest["number"])

    @property
    def shop(self) -> str:
        return str(self.manifest["shop"])

    def artifact(self, kind: str) -> Artifact:
        """Files of the model of a kind.

        Raises
        ------
        ReleaseNotFound
            The release serves no such kind.
        """
        if kind not in self.manifest["models"]:
            raise ReleaseNotFound(
                f"The release of {self.shop!r} serves no {kind}.",
                f"It serves: {', '.join(self.manifest['models']) or 'nothing'}.",
                "Train and promote one.",
            )
        return self.blobs.open(self.manifest["models"][kind]["artifact"])

    def dataset(self) -> Dataset:
        """The catalogue tables that are served: items, variants, stock and prices."""
        files = {
            Table(name): [self.blobs.path(part["digest"]) for part in parts]
            for name, parts in self.manifest["tables"].items()
        }
        return Dataset(files, snapshot=self.manifest["snapshot"])


class ReleaseService(Service):
    """Publishes what the champions of a shop are."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._following = False

    def prepare(self, transaction: Transaction, shop: str | None) -> Callable[[], None]:
        """Record the next release inside a promotion; the returned call writes its folder afterwards."""
        manifest = _manifest(transaction, shop) if shop is not None else None
        if manifest is None:
            return lambda: None
        transaction.emit(
            "release.published",
            f"{shop}#{manifest['number']}",
            {"shop": shop, "number": manifest["number"], "manifest": manifest},
        )
        return lambda: self._write(manifest)

    @operation("releases.publish")
    def publish(self, *, actor: Actor, shop: str) -> ReleaseInfo:
        """Publish the present champions with the newest catalogue.

        Raises
        ------
        ReleaseNotFound
            The shop has no champion.
        """
        with self.store.write(actor, checkpoint=True) as transaction:
            write = self.prepare(transaction, shop)
            info = _rows.release(transaction, shop)
        if info is None:
            raise ReleaseNotFound(
                f"{shop!r} has no champion.", "A release serves champions.", "Train and promote a model."
            )
        write()
        return info

    @operation("releases.get")
    def latest(self, *, shop: str) -> ReleaseInfo | None:
        """The release that the shop serves, None before the first promotion."""
        with self.store.read() as reader:
            return _rows.release(reader, shop)

    def reconcile(self) -> None:
        """Write releases that were recorded but not written when a process died."""
        with self.store.read() as reader:
            shops = [row["shop"] for row in reader.rows("SELECT DISTINCT shop FROM releases")]
            latest = [info for shop in shops if (info := _rows.release(reader, shop))]
        for info in latest:
            if not self._is_current(info):
                self._write(info.manifest)

    def _is_current(self, info: ReleaseInfo) -> bool:
        try:
            return current_number(self.engine.settings.releases / info.shop) == info.number
        except ReleaseNotFound:  # none yet, or a damaged current.json
            return False

    def follow(self) -> None:
        """Publish again whenever a shop with a champion gets a new snapshot."""
        if not self._following:
            self._following = True
            self.store.listen(self._on_events)

    def _on_events(self, events: list[Event]) -> None:
        for shop in {event.payload["shop"] for event in events if event.kind in _NEW_ROWS}:
            if self.latest(shop=shop) is not None:
                self.publish(actor=Actor.system("publisher"), shop=shop)

    def _write(self, manifest: dict[str, Any]) -> None:
        shop, number = manifest["shop"], manifest["number"]
        try:
            self._lay_out(manifest)
        except OSError as error:
            raise StoreError(
                f"Release {number} of {shop!r} is recorded but its folder could not be written: {error.strerror}.",
                "Its files are linked or copied to the releases folder.",
                "Free disk space and run 'skyy release', or start the dashboard again.",
            ) from error

    def _lay_out(self, manifest: dict[str, Any]) -> None:
        shop = self.engine.settings.releases / manifest["shop"]
        target, building = shop / str(manifest["number"]), shop / f".building-{manifest['number']}"
        shutil.rmtree(building, ignore_errors=True)
        blobs = ArtifactStore(building / "blobs")
        for digest in _digests(self.engine.artifacts, manifest):
            link_or_copy(self.engine.artifacts.path(digest), blobs.root / digest[:2] / digest)
        write_json(building / "manifest.json", manifest)
        failpoint("release.before_rename")
        shutil.rmtree(target, ignore_errors=True)
        building.rename(target)
        failpoint("release.before_switch")
        write_json(shop / "current.json", {"number": manifest["number"]})
        for number in sorted(_numbers(shop), reverse=True)[_KEPT:]:
            shutil.rmtree(shop / str(number), ignore_errors=True)


def current_number(folder: Path) -> int:
    """The number that serves.

    Raises
    ------
    ReleaseNotFound
    """
    try:
        return int(json.loads((folder / "current.json").read_bytes())["number"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseNotFound(
            f"No release lies in {folder}.", "A promotion publishes one.", "Train and promote a model first."
        ) from error


def _numbers(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def _digests(store: ArtifactStore, manifest: dict[str, Any]) -> set[str]:
    """Every blob that a manifest needs."""
    digests = {part["digest"] for parts in manifest["tables"].values() for part in parts}
    for model in manifest["models"].values():
        digests.add(model["artifact"])
        digests.update(entry.sha256 for entry in store.open(model["artifact"]).entries.values())
    return digests


def _manifest(reader: Reader, shop: str) -> dict[str, Any] | None:
    """The next manifest of a shop; None while it has no champion."""
    champions = reader.rows(_CHAMPIONS, [CHAMPION, shop])
    return _next(reader, shop, {row["kind"]: row for row in champions}) if champions else None


def manifest_after(reader: Reader, shop: str, kind: str, info: VersionInfo) -> dict[str, Any]:
    """The manifest that promoting a version would publish."""
    champions = {row["kind"]: row for row in reader.rows(_CHAMPIONS, [CHAMPION, shop])}
    promoted = {"model": info.model, "version": info.version, "artifact": info.artifact}
    return _next(reader, shop, {**champions, kind: promoted})


def _next(reader: Reader, shop: str, champions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    previous = _rows.release(reader, shop)
    snapshot = reader.row(_CATALOGUE, [shop])
    tables = json.loads(snapshot["manifest"])["tables"] if snapshot else {}
    plan = reader.row(_PLAN, [shop])
    return {
        "shop": shop,
        "number": (previous.number if previous else 0) + 1,
        "models": {
            kind: {key: row[key] for key in ("model", "version", "artifact")} for kind, row in champions.items()
        },
        "snapshot": snapshot["number"] if snapshot else None,
        "tables": {name: tables[name] for name in SERVED_TABLES if tables.get(name)},
        "plan": json.loads(plan["plan"]) if plan else {},
        "plan_number": plan["number"] if plan else 0,
    }
