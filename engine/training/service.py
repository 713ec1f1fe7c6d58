"""Training jobs, as the store's owner keeps them."""

from __future__ import annotations

import secrets
from typing import Any

from engine.actor import Actor
from engine.catalog.records import SnapshotInfo
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import InvalidInput, InvalidTransition, ModelNotFound
from engine.estimators import Estimator, kind_of
from engine.labelling import LabellingService
from engine.model_registry.schema import CHAMPION, VersionInfo
from engine.model_registry.service import RegistryService
from engine.naming import check_name
from engine.store import operation
from engine.training.expectation import expected, past_jobs, rows_of
from engine.training.folder import JobFolder
from engine.training.recipes import clash, recipe_of, resolve
from engine.training.records import ending, many_jobs, one_job
from engine.training.schema import (
    Expectation,
    JobInfo,
    JobPreview,
    JobSpec,
    JobState,
    Progress,
    Recipe,
    Rival,
    Tuning,
)
from engine.training.train import check_trainable, parse_config, wants_vectors
from engine.training.vectors import Sources

_MOST_PRIORITY = 100


class TrainingService(Service):
    """Submits, shows and cancels jobs; the supervisor carries them out."""

    @operation("jobs.preview")
    def preview(
        self,
        *,
        kind: str,
        shop: str,
        config: dict[str, Any] | None = None,
        preset: str | None = None,
        snapshot: int | None = None,
        model: str | None = None,
    ) -> JobPreview:
        """What a submission with the same arguments would do; data that is missing is told, not refused.

        Raises
        ------
        InvalidInput
            The kind, the preset or a setting is unknown, or a setting is outside its bounds.
        SnapshotNotFound, ShopNotFound
        """
        name = check_name(model or f"{shop}.{kind}", "model")
        estimator = kind_of(kind)
        champion = self.champion(name)
        settings = resolve(estimator, config=config, preset=preset, champion=_config_of(champion))
        found = self._snapshot(shop, snapshot)
        dataset = self.engine.service(CatalogService).dataset(found.number)
        typed = parse_config(estimator, settings)
        missing = estimator.missing(dataset, typed)
        clashing = clash(estimator, settings, _config_of(champion))
        return JobPreview(
            kind=kind,
            shop=shop,
            model=name,
            snapshot=found.number,
            preset=preset,
            config=settings,
            missing=[*missing, clashing] if clashing else missing,
            outlook=None if missing else estimator.outlook(dataset, typed),
            expected=self._expected(kind, settings, preset, found.number),
            champion=champion.version if champion else None,
        )

    @operation("jobs.submit")
    def submit(
        self,
        *,
        actor: Actor,
        kind: str,
        shop: str,
        config: dict[str, Any] | None = None,
        preset: str | None = None,
        tuning: Tuning | None = None,
        priority: int = 0,
        snapshot: int | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        promote_if_passed: bool = False,
    ) -> JobInfo:
        """Queue a training on a snapshot (the newest when left out).

        Parameters
        ----------
        config : dict, optional
            Settings of the kind; without them and a preset those of the champion, else the kind's defaults.
        preset : str, optional
            One of the kind's; settings in `config` count before it.
        tuning : Tuning, optional
            Search for better settings first.
        priority : int
            Of queued jobs the one with the highest starts first, -100 to 100; of equal ones the oldest.
        model : str, optional
            Name of the model; `<shop>.<kind>` when left out.
        idempotency_key : str, optional
            A second submission with the same key returns the first one's job.
        promote_if_passed : bool
            Promote without asking when the gate passes.

        Raises
        ------
        InvalidInput
            The kind, the preset or a setting is unknown, or the data lacks what the kind needs.
        SnapshotNotFound, ShopNotFound
        """
        name = check_name(model or f"{shop}.{kind}", "model")
        estimator = kind_of(kind)
        _check_priority(priority)
        champion = _config_of(self.champion(name))
        settings = resolve(estimator, config=config, preset=preset, champion=champion)
        clashing = clash(estimator, settings, champion)
        if clashing:
            raise InvalidInput(f"{name} cannot be trained like this.", clashing)
        spec = {
            "config": settings,
            "snapshot": self._trainable(estimator, settings, shop, snapshot),
            "promote_if_passed": promote_if_passed,
            "preset": preset,
            "tuning": tuning.model_dump() if tuning else None,
        }
        return self._queue(
            actor, {"kind": kind, "shop": shop, "model": name, "spec": spec, "priority": priority}, idempotency_key
        )

    @operation("jobs.rerun")
    def rerun(self, *, actor: Actor, job_id: str) -> JobInfo:
        """Queue a job's exact repetition: same snapshot, seed and settings; nothing is promoted.

        A job whose search ended well is repeated with what that found; one whose search was cut off goes on with
        its trials.

        Raises
        ------
        JobNotFound
        InvalidInput
            The data lacks by now what the kind needs.
        SnapshotNotFound
        """
        recipe = self.recipe(job_id=job_id)
        spec = {
            "config": recipe.config,
            "snapshot": self._trainable(kind_of(recipe.kind), recipe.config, recipe.shop, recipe.snapshot),
            "promote_if_passed": False,
            "preset": recipe.preset,
            "tuning": recipe.tuning.model_dump() if recipe.tuning else None,
            "rerun_of": job_id,
        }
        about = recipe.model_dump(include={"kind", "shop", "model"})
        return self._queue(actor, {**about, "spec": spec, "priority": 0}, None)

    def _queue(self, actor: Actor, job: dict[str, Any], idempotency_key: str | None) -> JobInfo:
        """Store a job as queued and have it carried out, unless the key has one already."""
        key = idempotency_key or secrets.token_hex(8)
        with self.store.write(actor) as transaction:
            present = transaction.row("SELECT job_id FROM jobs WHERE idempotency_key = ?", [key])
            if present is not None:
                return one_job(transaction, present["job_id"])
            job_id = f"job-{secrets.token_hex(6)}"
            transaction.emit("job.submitted", job_id, {"job_id": job_id, "idempotency_key": key, **job})
            queued = one_job(transaction, job_id)
        self._carry_out()
        return queued

    def _snapshot(self, shop: str, number: int | None) -> SnapshotInfo:
        """The shop's snapshot that was asked for, or its newest."""
        found = self.engine.service(CatalogService).get_snapshot(number=number, shop=shop)
        if found.shop != shop:
            raise InvalidInput(
                f"Snapshot {found.number} belongs to {found.shop!r}, not to {shop!r}.",
                hint="Leave it out to take the newest.",
            )
        return found

    def _trainable(self, kind: type[Estimator], settings: dict[str, Any], shop: str, snapshot: int | None) -> int:
        """The number of the snapshot, if the kind can learn from it."""
        number = self._snapshot(shop, snapshot).number
        check_trainable(kind, parse_config(kind, settings), self.engine.service(CatalogService).dataset(number))
        return number

    def _expected(self, kind: str, settings: dict[str, Any], preset: str | None, snapshot: int) -> Expectation | None:
        with self.store.read() as reader:
            past = past_jobs(reader, kind)
            return expected(past, config=settings, preset=preset, rows=rows_of(reader, snapshot))

    def _carry_out(self) -> None:
        """Whoever owns the store when a job comes in sees it through."""
        from engine.training.supervisor import start_background

        start_background(self.engine)

    @operation("jobs.list")
    def list_jobs(self, *, shop: str | None = None, state: JobState | None = None, limit: int = 100) -> list[JobInfo]:
        """Jobs, newest first."""
        with self.store.read() as reader:
            return many_jobs(reader, shop=shop, state=state, limit=limit)

    @operation("jobs.get")
    def get_job(self, *, job_id: str) -> JobInfo:
        """One job.

        Raises
        ------
        JobNotFound
        """
        with self.store.read() as reader:
            return one_job(reader, job_id)

    @operation("jobs.recipe")
    def recipe(self, *, job_id: str) -> Recipe:
        """What makes a job again; of a search that ended well, with the settings that it found.

        Raises
        ------
        JobNotFound
        """
        return recipe_of(self.get_job(job_id=job_id))

    @operation("jobs.progress")
    def progress(self, *, job_id: str) -> Progress:
        """How far the worker is; for a job that ended, where it stood then."""
        self.get_job(job_id=job_id)
        return self.folder(job_id).progress()

    @operation("jobs.prioritise")
    def prioritise(self, *, actor: Actor, job_id: str, priority: int) -> JobInfo:
        """Move a queued job forward or back in the queue.

        Raises
        ------
        InvalidTransition
            The job runs or has ended.
        """
        _check_priority(priority)
        with self.store.write(actor) as transaction:
            job = one_job(transaction, job_id)
            if job.state is not JobState.QUEUED:
                raise InvalidTransition(f"The job {job_id} is {job.state}.", "Only queued jobs have a place to change.")
            transaction.emit("job.prioritised", job_id, {"job_id": job_id, "priority": priority})
            return one_job(transaction, job_id)

    @operation("jobs.cancel")
    def cancel(self, *, actor: Actor, job_id: str) -> JobInfo:
        """Take a queued job out, or ask for the end of a running one; the supervisor stops its worker.

        Raises
        ------
        InvalidTransition
            The job has ended.
        """
        peak = self.folder(job_id).progress().peak_memory_mb
        with self.store.write(actor) as transaction:
            job = one_job(transaction, job_id)
            if job.state.final:
                raise InvalidTransition(
                    f"The job {job_id} has {job.state} already.", "Only queued and running jobs can be cancelled."
                )
            transaction.emit("job.ended", job_id, ending(job_id, JobState.CANCELLED, memory_mb=peak or None))
            return one_job(transaction, job_id)

    def folder(self, job_id: str) -> JobFolder:
        """Where a job's files lie."""
        return JobFolder(self.engine.settings.jobs / check_name(job_id, "job"))

    def champion(self, model: str) -> VersionInfo | None:
        """The model's champion, if it has one."""
        registry = self.engine.service(RegistryService)
        try:
            target = registry.get_model(model=model).aliases.get(CHAMPION)
        except ModelNotFound:
            return None
        return registry.get_version(model=model, reference=target) if target else None

    def prepare(self, job: JobInfo) -> JobFolder:
        """Lay out the folder of a queued job: its data, and the champion to beat."""
        snapshot = self.engine.service(CatalogService).get_snapshot(number=job.snapshot)
        parts = {table: [part.digest for part in parts] for table, parts in snapshot.tables.items()}
        champion = self.champion(job.model)
        rival = None
        if champion is not None and champion.artifact is not None and champion.lineage.config is not None:
            until = champion.params.get("trained_until")
            rival = Rival(version=champion.version, config=champion.lineage.config, trained_until=until)
        spec = JobSpec(
            job_id=job.job_id,
            kind=job.kind,
            shop=job.shop,
            model=job.model,
            snapshot=job.snapshot,
            config=job.config,
            tables={table: [f"{digest}.parquet" for digest in digests] for table, digests in parts.items()},
            rival=rival,
            memory_mb=self.engine.settings.job_memory_mb,
            tuning=job.tuning,
        )
        folder = self.folder(job.job_id)
        data = [
            (f"{digest}.parquet", self.engine.artifacts.path(digest))
            for digests in parts.values()
            for digest in digests
        ]
        if wants_vectors(spec):
            data += Sources.of(self.engine, self.engine.service(CatalogService).dataset(job.snapshot)).lent()
        files = self.engine.artifacts.open(champion.artifact) if rival and champion and champion.artifact else None
        trials = self.folder(job.rerun_of).trials() if job.tuning and job.rerun_of else b""
        labels = self.engine.service(LabellingService).all_corrections(job.shop)
        folder.prepare(spec, data, files, trials, labels)
        return folder


def _config_of(champion: VersionInfo | None) -> dict[str, Any] | None:
    return champion.lineage.config if champion else None


def _check_priority(priority: int) -> None:
    if not -_MOST_PRIORITY <= priority <= _MOST_PRIORITY:
        raise InvalidInput(
            f"The priority {priority} is not possible.", f"It lies between -{_MOST_PRIORITY} and {_MOST_PRIORITY}."
        )
