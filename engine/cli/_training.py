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
from engine.training import JobInfo, Recipe, TrainingService, Tuning

_POLL_S = 0.3


def train(
    kind: Annotated[str | None, typer.Argument(help="Kind of model; recommender when left out.")] = None,
    shop: Annotated[str | None, typer.Option("--shop", help="Shop; the only one when left out.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model; SHOP.KIND when left out.")] = None,
    config: Annotated[
        str | None, typer.Option(help="Settings as JSON, or a file of them; the champion's when left out.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="quick, balanced or best; settings count before it.")] = None,
    tune: Annotated[float | None, typer.Option(metavar="MINUTES", help="Search for better settings first.")] = None,
    trials: Annotated[int | None, typer.Option(help="Trials of the search at most.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="A recipe as JSON, of 'skyy jobs --recipe JOB --json'; options count before it.")
    ] = None,
    snapshot: Annotated[int | None, typer.Option(help="Snapshot; the newest when left out.")] = None,
    priority: Annotated[int, typer.Option(help="Place in the queue, -100 to 100; the highest starts first.")] = 0,
    promote: Annotated[bool, typer.Option("--promote", help="Promote when the gate passes.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the end.")] = True,
    as_json: Json = False,
) -> None:
    """Train a model in a worker and say how it compares with the champion."""
    given = read_recipe(recipe) if recipe else None
    wanted: dict[str, Any] = {"kind": kind, "shop": shop, "model": model, "snapshot": snapshot, "preset": preset}
    if given is not None:
        taken = given.model_dump(include={"kind", "shop", "model", "snapshot", "preset"})
        wanted = {name: taken[name] if value is None else value for name, value in wanted.items()}
    with engine() as opened:
        job = opened.call(
            TrainingService.submit,
            actor=Actor.local("cli"),
            **{**wanted, "kind": wanted["kind"] or "recommender", "shop": wanted["shop"] or only_shop(opened)},
            config=read_config(config) if config or given is None else given.config,
            tuning=_tuning(tune, trials) or (given.tuning if given else None),
            priority=priority,
            promote_if_passed=promote,
        )
        _finish(opened, job, wait=wait, as_json=as_json)


def jobs(
    shop: Annotated[str | None, typer.Option("--shop")] = None,
    show: Annotated[str | None, typer.Option(metavar="JOB", help="How far this job is, and what it came to.")] = None,
    cancel: Annotated[str | None, typer.Option(metavar="JOB", help="Cancel this job.")] = None,
    rerun: Annotated[str | None, typer.Option(metavar="JOB", help="Repeat this job exactly.")] = None,
    recipe: Annotated[str | None, typer.Option(metavar="JOB", help="What makes this job again.")] = None,
    prioritise: Annotated[str | None, typer.Option(metavar="JOB", help="Give this queued job --priority.")] = None,
    priority: Annotated[int, typer.Option(help="-100 to 100; the highest starts first.")] = 0,
    wait: Annotated[bool, typer.Option(help="Wait for the end of a repetition.")] = True,
    as_json: Json = False,
) -> None:
    """List training jobs, newest first, or show, cancel, repeat or move one."""
    actor = Actor.local("cli")
    with engine() as opened:
        if cancel is not None:
            job = opened.call(TrainingService.cancel, actor=actor, job_id=cancel)
            answer(job, as_json=as_json, text=f"{job.job_id} is {job.state}.")
        elif show is not None:
            _show(opened, show, as_json=as_json)
        elif rerun is not None:
            job = opened.call(TrainingService.rerun, actor=actor, job_id=rerun)
            _finish(opened, job, wait=wait, as_json=as_json)
        elif recipe is not None:
            found = opened.call(TrainingService.recipe, job_id=recipe)
            answer(found, as_json=as_json, text=found.command)
        elif prioritise is not None:
            job = opened.call(TrainingService.prioritise, actor=actor, job_id=prioritise, priority=priority)
            answer(job, as_json=as_json, text=f"{job.job_id} waits with priority {job.priority}.")
        else:
            _list(opened.call(TrainingService.list_jobs, shop=shop), as_json=as_json)


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


def read_recipe(path: Path) -> Recipe:
    """A recipe from a file, as `skyy jobs --recipe JOB --json` or the dashboard gave it.

    Raises
    ------
    InvalidFile
        The file cannot be read or is no recipe.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return Recipe.model_validate({"command": "", **found})
    except (OSError, ValueError, TypeError) as error:  # what pydantic raises is a ValueError too
        raise InvalidFile(
            f"The recipe {path} cannot be read.",
            "It is a JSON file with kind, shop, model, snapshot, preset, config and tuning.",
            "Write one with 'skyy jobs --recipe JOB --json'.",
        ) from error


def read_config(given: str | None) -> dict[str, Any] | None:
    """Settings from JSON on the command line, or from a file of it.

    Raises
    ------
    InvalidFile
        Neither can be read.
    """
    if given is None:
        return None
    try:
        written = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(written)
    except (OSError, ValueError) as error:
        raise InvalidFile(f"The settings {given[:200]} cannot be read: {error}.", "They are JSON.") from error
    return found


def _tuning(minutes: float | None, trials: int | None) -> Tuning | None:
    if minutes is None and trials is None:
        return None
    if minutes is None:
        raise InvalidInput("Trials were given without a time.", hint="Add --tune MINUTES.")
    try:
        return Tuning(minutes=minutes, trials=trials)
    except ValueError as error:
        raise InvalidInput(
            f"A search of {minutes:g} minutes and {trials or 'any number of'} trials is not possible.",
            "It takes 0.1 to 600 minutes and 1 to 10,000 trials.",
        ) from error


def _finish(opened: Engine, job: JobInfo, *, wait: bool, as_json: bool) -> None:
    """Follow a job to its end and tell what it came to; exits with 1 where it failed."""
    if wait:
        job = follow(opened, job)
    answer({**job.model_dump(mode="json"), **_outcome(opened, job)}, as_json=as_json, text=_told(opened, job))
    if job.error is not None:
        raise typer.Exit(1)


def _show(opened: Engine, job_id: str, *, as_json: bool) -> None:
    job = opened.call(TrainingService.get_job, job_id=job_id)
    now = opened.call(TrainingService.progress, job_id=job_id)
    told = f"{_told(opened, job)}\n{now.stage}, {now.share:.0%} done after {now.elapsed_s:.0f} s."
    shown = {**job.model_dump(mode="json"), **_outcome(opened, job), "progress": now.model_dump(mode="json")}
    answer(shown, as_json=as_json, text=told)


def _list(found: list[JobInfo], *, as_json: bool) -> None:
    answer_table(
        found,
        ("job", "model", "snapshot", "state", "version", "priority", "started", "by"),
        (
            (
                j.job_id,
                j.model,
                j.snapshot,
                j.state,
                j.version,
                j.priority,
                f"{j.created_at:%Y-%m-%d %H:%M}",
                j.created_by,
            )
            for j in found
        ),
        as_json=as_json,
        empty="No jobs yet. Run 'skyy train'.",
    )


def _outcome(opened: Engine, job: JobInfo) -> dict[str, Any]:
    """Figures, verdict and seconds by stage of what a job registered; nothing where it registered nothing."""
    if job.version is None:
        return {}
    info = opened.call(RegistryService.get_version, model=job.model, reference=job.version)
    verdict = opened.call(RegistryService.verdicts, model=job.model, version=job.version)[0].verdict
    return {
        "metrics": info.metrics,
        "evaluation": info.evaluation,
        "verdict": verdict,
        "seconds": info.params.get("seconds", {}),
    }


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


COMMANDS = (train, jobs)
