"""`skyy models`: versions, comparison, promotion, roll-back."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.actor import Actor
from engine.cli._output import Json, answer, answer_table, engine
from engine.estimators.kinds import KINDS, kind_of
from engine.model_registry.schema import CHAMPION, AliasMove, VersionInfo
from engine.model_registry.service import RegistryService

app = typer.Typer(help="List, show, compare, promote and roll back models.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(help="Model name, such as demo.recommender.")]
Reference = Annotated[str, typer.Argument(help="Exact version, an alias, or 'latest'.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")]


@app.command("list")
def list_(
    model: Annotated[str | None, typer.Argument(help="Only versions of this model.")] = None, as_json: Json = False
) -> None:
    """List versions, newest first within each model."""
    with engine() as opened:
        versions = opened.call(RegistryService.list_versions, model=model)
        kinds = {info.model: info.kind for info in opened.call(RegistryService.list_models)}
    answer_table(
        versions,
        ("model", "version", "stage", "aliases", "metrics", "made"),
        (
            (
                v.model,
                v.version,
                v.stage,
                ", ".join(v.aliases),
                _metrics(v, kinds[v.model]),
                f"{v.created_at:%Y-%m-%d %H:%M}",
            )
            for v in versions
        ),
        as_json=as_json,
        empty="No models yet. Run 'skyy train --shop NAME'.",
    )


@app.command()
def show(model: Model, reference: Reference = "latest", as_json: Json = False) -> None:
    """Show one version: metrics, lineage, how it came to serve."""
    with engine() as opened:
        version = opened.call(RegistryService.get_version, model=model, reference=reference)
        moves = opened.call(RegistryService.history, model=model, alias=CHAMPION)
    lineage = version.lineage
    lines = [
        f"{version.model} {version.version}  ({version.stage}{', ' + ', '.join(version.aliases) if version.aliases else ''})",
        f"Made {version.created_at:%Y-%m-%d %H:%M} UTC by {version.created_by}, {version.framework}",
        f"Trained on snapshot {lineage.snapshot or '-'} by {lineage.job_id or '-'}, code {lineage.code_version or '-'}",
        *(f"  {name} = {value:.5g}" for name, value in version.metrics.items()),
        *(_told(move) for move in moves if version.version in (move.version, move.previous)),
    ]
    answer(version, as_json=as_json, text="\n".join(lines))


@app.command()
def compare(
    model: Model, versions: Annotated[list[str], typer.Argument(help="Two to five versions.")], as_json: Json = False
) -> None:
    """Compare versions: all metrics, and the settings that differ."""
    with engine() as opened:
        found = opened.call(RegistryService.compare, model=model, versions=versions)
    rows = {**found.metrics, **found.params, **found.lineage}
    if as_json:
        answer(found, as_json=True, text="")
        return
    answer_table(
        list(rows.items()),
        ("", *found.versions),
        ((name, *(row[version] for version in found.versions)) for name, row in rows.items()),
        as_json=False,
        empty="Nothing to compare.",
    )


@app.command()
def promote(
    model: Model,
    version: Reference,
    reason: Reason = "",
    overrule: Annotated[bool, typer.Option(help="Promote against the gate; needs a reason.")] = False,
    as_json: Json = False,
) -> None:
    """Make a version the champion, if the gate passed it."""
    with engine() as opened:
        champion = opened.call(RegistryService.get_model, model=model).aliases.get(CHAMPION)
        move = opened.call(
            RegistryService.promote,
            actor=Actor.local("cli"),
            model=model,
            version=version,
            expected=champion,
            reason=reason,
            overrule=overrule,
        )
    answer(move, as_json=as_json, text=_told(move))


@app.command()
def rollback(
    model: Model,
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="An earlier champion; the one before when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Bring an earlier champion back."""
    with engine() as opened:
        champion = opened.call(RegistryService.get_model, model=model).aliases.get(CHAMPION)
        move = opened.call(
            RegistryService.rollback, actor=Actor.local("cli"), model=model, expected=champion, reason=reason, to=to
        )
    answer(move, as_json=as_json, text=_told(move))


def _told(move: AliasMove) -> str:
    why = f": {move.reason}" if move.reason else ""
    return (
        f"{move.time:%Y-%m-%d %H:%M} {move.actor} {move.action.replace('_', ' ')} {move.model}"
        f" {move.previous or 'nothing'} -> {move.version or 'nothing'}{why}"
    )


def _metrics(version: VersionInfo, kind: str) -> str:
    """The metric by which the kind is judged, and the first two others."""
    first = kind_of(kind).primary_metric if kind in KINDS else ""
    ordered = sorted(version.metrics.items(), key=lambda metric: metric[0] != first)
    return ", ".join(f"{name} {value:.4g}" for name, value in ordered[:3])
