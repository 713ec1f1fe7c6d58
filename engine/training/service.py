"""Training jobs, as the store's owner keeps them."""

from __future__ import annotations

import json
import secrets
from typing import Any

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import InvalidInput, InvalidTransition, JobNotFound, ModelNotFound
from engine.estimators import Estimator, kind_of
from engine.model_registry._rows import utc
from engine.model_registry.schema import CHAMPION, VersionInfo
from engine.model_registry.service import RegistryService
from engine.naming import check_name
from engine.store import Reader, operation
from engine.training.folder import JobFolder
from engine.training.schema import Failure, JobInfo, JobSpec, JobState, Progress, Rival
from engine.training.train import parse_config, wants_vectors
from engine.training.vectors import Sources

_JOBS = """
SELECT j.*, EXISTS (
    SELECT 1 FROM alias_history h WHERE h.model = j.model AND h.alias = 'champion'
    AND h.version = json_extract_string(j.result, '$.version')
) AS promoted
FROM jobs j WHERE ($job IS NULL OR job_id = $job) AND ($shop IS NULL OR shop = $shop)
AND ($state IS NULL OR state = $state) ORDER BY created_at DESC, job_id LIMIT $limit
"""


class TrainingService(Service):
    """Submits, shows and cancels jobs; the supervisor carries them out."""

    @operation("jobs.submit")
    def submit(
        self,
        *,
        actor: Actor,
        kind: str,
        shop: str,
        config: dict[str, Any] | None = None,
        snapshot: int | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        promote_if_passed: bool = False,
    ) -> JobInfo:
        """Queue a training on a snapshot (the newest when left out).

        Parameters
        ----------
        config : dict, optional
            Settings of the kind; those of the champion when left out, else the kind's defaults.
        model : str, optional
            Name of the model; `<shop>.<kind>` when left out.
        idempotency_key : str, optional
            A second submission with the same key returns the first one's job.
        promote_if_passed : bool
            Promote without asking when the gate passes.

        Raises
        ------
        InvalidInput
            The kind or a setting is unknown, or the data lacks what the kind needs.
        SnapshotNotFound, ShopNotFound
        """
        name = check_name(model or f"{shop}.{kind}", "model")
        estimator = kind_of(kind)
        number = self._trainable(estimator, shop, snapshot)
        champion = self.champion(name)
        recipe = config if config is not None else (champion.lineage.config or {} if champion else {})
        spec = {
            "config": parse_config(estimator, recipe).model_dump(mode="json"),
            "snapshot": number,
            "promote_if_passed": promote_if_passed,
        }
        key = idempotency_key or secrets.token_hex(8)
        with self.store.write(actor) as transaction:
            present = transaction.row("SELECT job_id FROM jobs WHERE idempotency_key = ?", [key])
            if present is not None:
                return _job(transaction, present["job_id"])
            job_id = f"job-{secrets.token_hex(6)}"
            transaction.emit(
                "job.submitted",
                job_id,
                {"job_id": job_id, "kind": kind, "shop": shop, "model": name, "idempotency_key": key, "spec": spec},
            )
            job = _job(transaction, job_id)
        self._carry_out()
        return job

    def _trainable(self, kind: type[Estimator], shop: str, snapshot: int | None) -> int:
        """The number of the shop's snapshot that was asked for, or of the newest, if the kind can learn from it."""
        catalog = self.engine.service(CatalogService)
        found = catalog.get_snapshot(number=snapshot, shop=shop)
        if found.shop != shop:
            raise InvalidInput(
                f"Snapshot {found.number} belongs to {found.shop!r}, not to {shop!r}.",
                hint="Leave it out to take the newest.",
            )
        missing = kind.missing(catalog.dataset(found.number))
        if missing:
            raise InvalidInput(
                f"Snapshot {found.number} cannot train a {kind.kind}.", " ".join(missing), "Import the missing data."
            )
        return found.number

    def _carry_out(self) -> None:
        """Whoever owns the store when a job comes in sees it through."""
        from engine.training.supervisor import start_background

        start_background(self.engine)

    @operation("jobs.list")
    def list_jobs(self, *, shop: str | None = None, state: JobState | None = None, limit: int = 100) -> list[JobInfo]:
        """Jobs, newest first."""
        with self.store.read() as reader:
            return _jobs(reader, shop=shop, state=state, limit=limit)

    @operation("jobs.get")
    def get_job(self, *, job_id: str) -> JobInfo:
        """One job.

        Raises
        ------
        JobNotFound
        """
        with self.store.read() as reader:
            return _job(reader, job_id)

    @operation("jobs.progress")
    def progress(self, *, job_id: str) -> Progress:
        """How far the worker is; for a job that ended, where it stood then."""
        self.get_job(job_id=job_id)
        return self.folder(job_id).progress()

    @operation("jobs.cancel")
    def cancel(self, *, actor: Actor, job_id: str) -> JobInfo:
        """Take a queued job out, or ask for the end of a running one; the supervisor stops its worker.

        Raises
        ------
        InvalidTransition
            The job has ended.
        """
        with self.store.write(actor) as transaction:
            job = _job(transaction, job_id)
            if job.state.final:
                raise InvalidTransition(
                    f"The job {job_id} has {job.state} already.", "Only queued and running jobs can be cancelled."
                )
            transaction.emit("job.ended", job_id, ending(job_id, JobState.CANCELLED))
            return _job(transaction, job_id)

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
        folder.prepare(spec, data, files)
        return folder


def ending(
    job_id: str, state: JobState, *, result: dict[str, Any] | None = None, error: Failure | None = None
) -> dict[str, Any]:
    """The payload of a job's end."""
    return {"job_id": job_id, "state": state, "result": result, "error": error.model_dump() if error else None}


def _job(reader: Reader, job_id: str) -> JobInfo:
    found = _jobs(reader, job=job_id)
    if not found:
        raise JobNotFound(f"There is no job {job_id[:80]!r}.", hint="List them with 'skyy jobs'.")
    return found[0]


def _jobs(
    reader: Reader, *, job: str | None = None, shop: str | None = None, state: JobState | None = None, limit: int = 100
) -> list[JobInfo]:
    rows = reader.rows(_JOBS, {"job": job, "shop": shop, "state": state, "limit": limit})
    return [_info(row) for row in rows]


def _info(row: dict[str, Any]) -> JobInfo:
    spec = json.loads(row["spec"])
    return JobInfo(
        **{key: row[key] for key in ("job_id", "kind", "shop", "model", "state", "created_by", "promoted")},
        snapshot=spec["snapshot"],
        config=spec["config"],
        version=json.loads(row["result"])["version"] if row["result"] else None,
        error=Failure(**json.loads(row["error"])) if row["error"] else None,
        created_at=utc(row["created_at"]),
        started_at=utc(row["started_at"]) if row["started_at"] else None,
        ended_at=utc(row["ended_at"]) if row["ended_at"] else None,
    )
