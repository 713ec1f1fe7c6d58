"""Evaluations of shops, each in a child process of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.background import BackgroundState
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import Conflict, InvalidInput, JobNotFound, ModelNotFound
from engine.estimators import kind_of
from engine.model_registry.service import RegistryService
from engine.recommendation_engine.evaluation.folder import (
    EvaluationFolder,
    EvaluationInfo,
    EvaluationSpec,
    Source,
)
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, EvaluationReport
from engine.store import operation
from engine.training.processes import is_alive
from engine.training.train import parse_config
from engine.training.vectors import Sources

_KEPT = 50
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Children that this process started, so that it reaps them."""


class EvaluationService(Service):
    """Starts, shows and cancels evaluations; one runs at a time."""

    @operation("evaluations.start")
    def start(self, *, actor: Actor, shop: str, plan: EvaluationPlan, snapshot: int | None = None) -> EvaluationInfo:
        """Measure a shop's recommender, with its champion's settings, beside other models.

        Raises
        ------
        Conflict
            Another evaluation runs.
        ShopNotFound, SnapshotNotFound, InvalidInput
        """
        running = [info for info in self.list_evaluations() if not info.state.final]
        if running:
            raise Conflict(
                f"An evaluation of {running[0].shop!r} is running.", "One runs at a time.", "Wait for it, or cancel it."
            )
        spec = EvaluationSpec(
            id=f"ev-{secrets.token_hex(6)}",
            shop=shop,
            plan=plan,
            source=self.source(shop=shop, snapshot=snapshot),
            started=self.engine.clock.now(),
            started_by=actor.name,
        )
        folder = EvaluationFolder(self._root / spec.id)
        folder.prepare(spec, self.engine.artifacts, self._lent(spec.source))
        folder.write_worker(_start(folder))
        self._forget_oldest()
        return self.get(evaluation=spec.id)

    @operation("evaluations.source")
    def source(self, *, shop: str, snapshot: int | None = None) -> Source:
        """What of the shop would be measured now.

        Raises
        ------
        ShopNotFound, SnapshotNotFound, InvalidInput
        """
        found = self.engine.service(CatalogService).get_snapshot(number=snapshot, shop=shop)
        if found.shop != shop:
            raise InvalidInput(f"Snapshot {found.number} belongs to {found.shop!r}, not to {shop!r}.")
        version, config = self._champion(shop)
        tables = {str(table): [part.digest for part in parts] for table, parts in found.tables.items()}
        return Source(snapshot=found.number, config=config, model_version=version, tables=tables)

    @operation("evaluations.get")
    def get(self, *, evaluation: str) -> EvaluationInfo:
        """One evaluation as it stands.

        Raises
        ------
        JobNotFound
        """
        return _info(self._folder(evaluation))

    @operation("evaluations.list")
    def list_evaluations(self, *, shop: str | None = None, limit: int = 50) -> list[EvaluationInfo]:
        """All that are kept, newest first."""
        folders = [EvaluationFolder(path.parent) for path in self._root.glob("ev-*/spec.json")]
        found = [info for info in map(_info, folders) if shop is None or info.shop == shop]
        return sorted(found, key=lambda info: (info.started, info.id), reverse=True)[:limit]

    @operation("evaluations.report")
    def report(self, *, evaluation: str) -> EvaluationReport | None:
        """What was measured, None as long as it is not done.

        Raises
        ------
        JobNotFound, CorruptArtifact
        """
        return self._folder(evaluation).report()

    @operation("evaluations.cancel")
    def cancel(self, *, actor: Actor, evaluation: str) -> EvaluationInfo:
        """End an evaluation; one that has ended stays as it is.

        Raises
        ------
        JobNotFound
        """
        folder = self._folder(evaluation)
        if not _info(folder).state.final:
            folder.write_end(BackgroundState.CANCELLED)
            _stop(folder.worker() or {})
            folder.drop_data()
        return _info(folder)

    @property
    def _root(self) -> Path:
        return self.engine.settings.home / "evaluations"

    def _folder(self, evaluation: str) -> EvaluationFolder:
        known = {path.parent.name: path.parent for path in self._root.glob("ev-*/spec.json")}
        if evaluation not in known:
            raise JobNotFound(f"There is no evaluation {evaluation[:80]!r}.", f"The last {_KEPT} are kept.")
        return EvaluationFolder(known[evaluation])

    def _lent(self, source: Source) -> list[tuple[str, Path]]:
        """What a recipe that reads words and pictures needs of the owner."""
        if not parse_config(kind_of("recommender"), source.config).wants_vectors:
            return []
        return Sources.of(self.engine, source.dataset(self.engine.artifacts)).lent()

    def _champion(self, shop: str) -> tuple[str | None, dict[str, Any]]:
        """Version and settings of the recommender that serves, or the kind's defaults."""
        try:
            found = self.engine.service(RegistryService).get_version(model=f"{shop}.recommender", reference="champion")
        except ModelNotFound:
            return None, {}
        return found.version, found.lineage.config or {}

    def _forget_oldest(self) -> None:
        for info in self.list_evaluations(limit=10_000)[_KEPT:]:
            if info.state.final:
                shutil.rmtree(self._root / info.id, ignore_errors=True)


def _start(folder: EvaluationFolder) -> dict[str, Any]:
    import psutil

    with folder.log_path.open("ab") as log:
        child = subprocess.Popen(  # noqa: S603  # our own module in our own interpreter
            [sys.executable, "-m", "engine.recommendation_engine.evaluation.worker", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    _CHILDREN[child.pid] = child
    started = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(child.pid).create_time()
    return {"pid": child.pid, "started": started}


def _stop(worker: dict[str, Any]) -> None:
    """End the child's whole session; it only reads, so there is nothing to wait for."""
    if worker and is_alive(worker):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(worker["pid"]), signal.SIGKILL)
    child = _CHILDREN.pop(int(worker.get("pid", -1)), None)
    if child is not None:
        child.wait()


def _info(folder: EvaluationFolder) -> EvaluationInfo:
    spec, worker = folder.spec(), folder.worker()
    running = worker is None or is_alive(worker)
    end = folder.end()
    if end is None and not running:
        folder.write_end(BackgroundState.FAILED, "Its process ended without a word; memory may have run out.")
        end = folder.end()
    if end is not None:
        child = _CHILDREN.pop(int((worker or {}).get("pid", -1)), None)
        if child is not None:
            child.wait()
        folder.drop_data()
    stage, share = folder.progress()
    state = BackgroundState(end["state"]) if end else BackgroundState.RUNNING
    return EvaluationInfo(
        id=spec.id,
        shop=spec.shop,
        snapshot=spec.source.snapshot,
        plan=spec.plan,
        model_version=spec.source.model_version,
        started=spec.started,
        started_by=spec.started_by,
        state=state,
        stage=state.capitalize() if state.final else stage,
        share=1.0 if state is BackgroundState.DONE else share,
        error=end["error"] if end else None,
    )
