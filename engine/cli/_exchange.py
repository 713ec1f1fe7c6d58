"""`skyy models export|import|retention|gc`, `skyy mlflow`, `skyy webhooks`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from engine.actor import Actor
from engine.cli._output import Json, answer, answer_table, engine
from engine.model_registry.exchange import ExchangeService, LeftBehind
from engine.model_registry.garbage import GRACE_HOURS, GarbageService
from engine.model_registry.garbage import told as garbage_told
from engine.model_registry.retention import EVERY_MODEL, RetentionPlan, RetentionService, rule_of
from engine.model_registry.webhooks import Delivery, HookKind, WebhookService

mlflow_app = typer.Typer(help="Take runs and versions over from MLflow, or give it runs.", no_args_is_help=True)
webhooks_app = typer.Typer(
    help="Tell other programs of promotions, roll-backs, versions and jobs.", no_args_is_help=True
)

Model = Annotated[str, typer.Argument(help="Model name, such as demo.recommender.")]
Hook = Annotated[str, typer.Argument(help="Id that 'skyy webhooks list' shows.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")]
Expected = Annotated[
    str | None, typer.Option("--expected", help="Digest of the plan that was shown; refuse another one.")
]


def export(
    model: Model,
    reference: Annotated[str, typer.Argument(help="Exact version, an alias, or 'latest'.")],
    path: Annotated[Path, typer.Argument(help="File to write, such as fit.skyy-model.")],
    as_json: Json = False,
) -> None:
    """Write one version as one verified file."""
    with engine() as opened:
        done = opened.call(
            ExchangeService.export_version, model=model, reference=reference, path=path.expanduser().absolute()
        )
    text = f"{done.path}: {done.model} {done.version}, {done.files} files, {done.bytes / 1e6:,.1f} MB\nsha256 {done.sha256}"
    answer(done, as_json=as_json, text=text)


def import_(
    path: Annotated[Path, typer.Argument(help="File that 'skyy models export' wrote.")],
    as_model: Annotated[str | None, typer.Option(help="Another model name.")] = None,
    as_version: Annotated[str | None, typer.Option(help="Another version number.")] = None,
    as_json: Json = False,
) -> None:
    """Take in a version from a file; everything in it is checked first."""
    with engine() as opened:
        done = opened.call(
            ExchangeService.import_version,
            actor=Actor.local("cli"),
            path=path.expanduser().absolute(),
            as_model=as_model,
            as_version=as_version,
        )
    words = f"{done.version.model} {done.version.version} " + (
        "was added." if done.status == "added" else "is here already."
    )
    answer(done, as_json=as_json, text="\n".join([words, *done.notes]))


def retention(
    model: Annotated[str | None, typer.Argument(help="One model; all when left out.")] = None,
    keep_last: Annotated[int | None, typer.Option(help="Set the rule: keep the newest N versions.")] = None,
    keep_days: Annotated[int | None, typer.Option(help="Set the rule: keep versions of the last D days.")] = None,
    keep_best: Annotated[int | None, typer.Option(help="Set the rule: keep the best K by --metric.")] = None,
    metric: Annotated[str | None, typer.Option(help="What the best are chosen by.")] = None,
    lower_is_better: Annotated[bool, typer.Option("--lower-is-better", help="The metric is an error.")] = False,
    no_rule: Annotated[bool, typer.Option("--no-rule", help="Take the rule away.")] = False,
    apply: Apply = False,
    expected: Expected = None,
    as_json: Json = False,
) -> None:
    """Show which versions the rules would remove and why the others stay; --apply removes them."""
    actor = Actor.local("cli")
    sets = any(value is not None for value in (keep_last, keep_days, keep_best, metric))
    with engine() as opened:
        if sets or no_rule:
            rule = None
            if not no_rule:
                rule = rule_of(
                    keep_last=keep_last,
                    keep_days=keep_days,
                    keep_best=keep_best,
                    metric=metric,
                    higher_is_better=not lower_is_better,
                )
            opened.call(RetentionService.set_rule, actor=actor, model=model or EVERY_MODEL, rule=rule)
        plan = opened.call(RetentionService.plan, model=model)
        if apply:
            plan = opened.call(RetentionService.apply, actor=actor, expected=expected or plan.digest, model=model)
    answer(plan, as_json=as_json, text=_plan_told(plan, applied=apply))


def _plan_told(plan: RetentionPlan, *, applied: bool) -> str:
    lines = [
        f"{'removed' if applied else 'would go'}  {v.model} {v.version}, made {v.created_at:%Y-%m-%d}"
        for v in plan.going
    ]
    lines += [f"stays  {v.model} {v.version}: {', '.join(v.because)}" for v in plan.kept]
    if not plan.going:
        lines.append("Nothing goes." if plan.kept else "No model has a rule yet; set one with --keep-last 10.")
    elif not applied:
        lines.append(f"Nothing was removed. To do it: skyy models retention --apply --expected {plan.digest}")
    return "\n".join(lines)


def gc(
    grace_hours: Annotated[float, typer.Option(help="Spare files that were stored in these last hours.")] = GRACE_HOURS,
    apply: Apply = False,
    expected: Expected = None,
    as_json: Json = False,
) -> None:
    """Show files that nothing names any more; --apply removes them."""
    with engine() as opened:
        if apply:
            done = opened.call(
                GarbageService.collect, actor=Actor.local("cli"), expected=expected, grace_hours=grace_hours
            )
            answer(done, as_json=as_json, text=f"Removed {done.files:,} files, {done.bytes / 1e6:,.1f} MB.")
            return
        plan = opened.call(GarbageService.plan, grace_hours=grace_hours)
    answer(plan, as_json=as_json, text=garbage_told(plan))


@mlflow_app.command("import")
def mlflow_import(
    path: Annotated[Path, typer.Argument(help="mlflow.db, the folder mlruns, or a folder with one of them.")],
    source: Annotated[str | None, typer.Option(help="A name for the store; made from it when left out.")] = None,
    artifacts: Annotated[Path | None, typer.Option(help="Where its files lie, when not beside it.")] = None,
    as_json: Json = False,
) -> None:
    """Take over runs, versions and native model files; a second import adds what is new."""
    with engine() as opened:
        done = opened.call(
            ExchangeService.import_mlflow,
            actor=Actor.local("cli"),
            path=path.expanduser().absolute(),
            source=source,
            artifacts=artifacts.expanduser().absolute() if artifacts else None,
        )
    lines = [
        f"Runs: {done.runs_added:,} added, {done.runs_updated:,} brought up to date, {done.runs_known:,} known;"
        f" {done.points:,} metric points.",
        f"Versions: {done.versions_added:,} added, {done.versions_known:,} known; models: {done.models_added:,} added.",
        f"Model files kept: {done.files_kept:,} ({done.bytes_kept / 1e6:,.1f} MB).",
        *(_left_told(left) for left in done.left_behind),
    ]
    answer(done, as_json=as_json, text="\n".join(lines))


def _left_told(left: LeftBehind) -> str:
    return f"Left behind {left.count:,}: {left.reason}" + (f" Such as {left.examples[0]}." if left.examples else "")


@mlflow_app.command("export")
def mlflow_export(
    path: Annotated[Path, typer.Argument(help="Folder to make, which MLflow then opens as its store.")],
    experiment: Annotated[str | None, typer.Option(help="Only this experiment.")] = None,
    as_json: Json = False,
) -> None:
    """Write runs as an MLflow file store."""
    with engine() as opened:
        done = opened.call(ExchangeService.export_mlflow, path=path.expanduser().absolute(), experiment=experiment)
    text = (
        f"{done.path}: {done.runs:,} runs in {done.experiments:,} experiments, {done.points:,} metric points,"
        f" {done.files:,} files."
    )
    answer(done, as_json=as_json, text=text)


@webhooks_app.command("add")
def webhooks_add(
    url: Annotated[str, typer.Argument(help="https address that is posted to.")],
    kind: Annotated[
        list[HookKind] | None, typer.Option(help="What it is told of; repeat it. All when left out.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    as_json: Json = False,
) -> None:
    """Make a webhook; its secret is shown this once."""
    with engine() as opened:
        made = opened.call(WebhookService.add, actor=Actor.local("cli"), url=url, kinds=kind, model=model)
    text = (
        f"{made.webhook.hook_id} tells {url} of {', '.join(made.webhook.kinds)}.\nSecret, shown only now: {made.secret}"
    )
    answer(made, as_json=as_json, text=text)


@webhooks_app.command("list")
def webhooks_list(as_json: Json = False) -> None:
    """List webhooks with their last delivery."""
    with engine() as opened:
        hooks = opened.call(WebhookService.list_hooks)
    answer_table(
        hooks,
        ("id", "url", "of", "model", "last delivery"),
        ((h.hook_id, h.url, ", ".join(h.kinds), h.model or "all", _delivery_told(h.last)) for h in hooks),
        as_json=as_json,
        empty="No webhooks. Make one with 'skyy webhooks add URL'.",
    )


@webhooks_app.command("remove")
def webhooks_remove(hook_id: Hook, as_json: Json = False) -> None:
    """Remove a webhook and its secret."""
    with engine() as opened:
        opened.call(WebhookService.remove, actor=Actor.local("cli"), hook_id=hook_id)
    answer({"removed": hook_id}, as_json=as_json, text=f"{hook_id} was removed.")


@webhooks_app.command("test")
def webhooks_test(hook_id: Hook, as_json: Json = False) -> None:
    """Send a test event now, and say how it went."""
    with engine() as opened:
        delivery = opened.call(WebhookService.test, hook_id=hook_id)
    answer(delivery, as_json=as_json, text=_delivery_told(delivery))
    if not delivery.ok:
        raise typer.Exit(1)


def _delivery_told(delivery: Delivery | None) -> str:
    if delivery is None:
        return "none yet"
    result = "delivered" if delivery.ok else "failed"
    why = delivery.error or f"status {delivery.status}"
    return f"{delivery.time:%Y-%m-%d %H:%M} {delivery.kind} {result}: {why}"


MODEL_COMMANDS: dict[str, Callable[..., None]] = {"export": export, "import": import_, "retention": retention, "gc": gc}
