"""`skyy train` and `skyy jobs`."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.cli._output import Json, answer, answer_table, engine, note, progress
from engine.core import Engine
from engine.errors import InvalidFile, InvalidInput, ShopNotFound
from engine.model_registry.service import RegistryService
from engine.training import JobInfo, TrainingService

_POLL_S = 0.3


def train(
    kind: Annotated[str, typer.Argument(help="Kind of model.")] = "recommender",
    shop: Annotated[str | None, typer.Option("--shop", help="Shop; the only one when left out.")] = None,
    config: Annotated[Path | None, typer.Option(help="JSON file with settings; the champion's when left out.")] = None,
    snapshot: Annotated[int | None, typer.Option(help="Snapshot; the newest when left out.")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Promote when the gate passes.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the end.")] = True,
    as_json: Json = False,
) -> None:
    """Train a model in a worker and say how it compares with the champion."""
    with engine() as opened:
        job = opened.call(
            TrainingService.submit,
            actor=Actor.local("cli"),
            kind=kind,
            shop=shop or only_shop(opened),
            config=_read_config(config),
            snapshot=snapshot,
            promote_if_passed=promote,
        )
        if wait:
            job = follow(opened, job)
        told = _told(opened, job)
    answer(job, as_json=as_json, text=told)
    if job.error is not None:
        raise typer.Exit(1)


def jobs(
    shop: Annotated[str | None, typer.Option("--shop")] = None,
    cancel: Annotated[str | None, typer.Option(help="Cancel this job.")] = None,
    as_json: Json = False,
) -> None:
    """List training jobs, newest first, or cancel one."""
    with engine() as opened:
        if cancel is not None:
            job = opened.call(TrainingService.cancel, actor=Actor.local("cli"), job_id=cancel)
            answer(job, as_json=as_json, text=f"{job.job_id} is {job.state}.")
            return
        found = opened.call(TrainingService.list_jobs, shop=shop)
    answer_table(
        found,
        ("job", "model", "snapshot", "state", "version", "started", "by"),
        (
            (j.job_id, j.model, j.snapshot, j.state, j.version, f"{j.created_at:%Y-%m-%d %H:%M}", j.created_by)
            for j in found
        ),
        as_json=as_json,
        empty="No jobs yet. Run 'skyy train'.",
    )


def follow(opened: Engine, job: JobInfo) -> JobInfo:
    """Show a job's progress until it ends."""
    pause = threading.Event()
    with progress(f"Training {job.model}") as bar:
        task = bar.add_task("waiting", total=1.0)
        while not job.state.final:
            pause.wait(_POLL_S)
            job = opened.call(TrainingService.get_job, job_id=job.job_id)
            now = opened.call(TrainingService.progress, job_id=job.job_id)
            bar.update(task, completed=now.share, description=now.stage)
    return job


def only_shop(opened: Engine) -> str:
    """The shop when there is one, else `demo`.

    Raises
    ------
    ShopNotFound, InvalidInput
    """
    shops = [shop.shop for shop in opened.call(CatalogService.list_shops)]
    if not shops:
        raise ShopNotFound("There is no data yet.", hint="Run 'skyy demo', or 'skyy data import FILE --shop NAME'.")
    if len(shops) == 1:
        return shops[0]
    if "demo" in shops:
        note("Several shops: taking 'demo'. Name another with --shop.")
        return "demo"
    raise InvalidInput(f"There are {len(shops)} shops.", f"They are: {', '.join(shops)}.", "Name one with --shop.")


def _told(opened: Engine, job: JobInfo) -> str:
    if job.error is not None:
        return f"{job.job_id} {job.state}: {job.error}"
    if job.version is None:
        return f"{job.job_id} is {job.state}."
    verdict = opened.call(RegistryService.verdicts, model=job.model, version=job.version)[0].verdict
    state = "It serves now." if job.promoted else f"Promote it with 'skyy models promote {job.model} {job.version}'."
    if not verdict["passed"]:
        state = "It did not pass the gate; the champion stays."
    return "\n".join([f"{job.model} {job.version} is registered.", *verdict["reasons"], state])


def _read_config(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFile(f"The settings {path} cannot be read: {error}.", "They are a JSON file.") from error
    return found


COMMANDS = (train, jobs)
