"""`skyy plans`: what lies over a shop's model: show, history, check, publish, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from engine.actor import Actor
from engine.cli._output import Json, Shop, answer, answer_table, engine
from engine.cli._training import only_shop
from engine.errors import InvalidFile
from engine.recommendation_engine import Plan, PlanService, Rule
from engine.recommendation_engine.plan import PlanInfo, Warned

app = typer.Typer(help="Show, check, publish and take back merchandising plans.", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")]
PlanFile = Annotated[Path, typer.Argument(help="JSON file with the plan; '-' reads it from standard input.")]


@app.command()
def show(shop: Shop = None, as_json: Json = False) -> None:
    """Show the plan in force."""
    with engine() as opened:
        info = opened.call(PlanService.current, shop=shop or only_shop(opened))
    answer(info, as_json=as_json, text="\n".join([_told(info), *(f"  {_rule(rule)}" for rule in info.plan.rules)]))


@app.command()
def history(shop: Shop = None, limit: Annotated[int, typer.Option(min=1)] = 50, as_json: Json = False) -> None:
    """List published plans, newest first."""
    with engine() as opened:
        found = opened.call(PlanService.history, shop=shop or only_shop(opened), limit=limit)
    answer_table(
        found,
        ("number", "published", "by", "rules", "reason"),
        (
            (info.number, f"{info.published_at:%Y-%m-%d %H:%M}", info.published_by, len(info.plan.rules), info.reason)
            for info in found
        ),
        as_json=as_json,
        empty="No plan was published yet. Publish one with 'skyy plans publish FILE --reason ...'.",
    )


@app.command()
def check(path: PlanFile, shop: Shop = None, as_json: Json = False) -> None:
    """Say what in a plan conflicts, matches nothing or cannot be."""
    plan = read_plan(path)
    with engine() as opened:
        warnings = opened.call(PlanService.check, shop=shop or only_shop(opened), plan=plan)
    answer(warnings, as_json=as_json, text=_listed(warnings))


@app.command()
def publish(
    path: PlanFile,
    reason: Reason,
    shop: Shop = None,
    expected: Annotated[int | None, typer.Option(help="Number of the plan that this one was made from.")] = None,
    as_json: Json = False,
) -> None:
    """Put a plan in force, with a new release."""
    plan = read_plan(path)
    with engine() as opened:
        name = shop or only_shop(opened)
        info = opened.call(
            PlanService.publish,
            actor=Actor.local("cli"),
            shop=name,
            plan=plan,
            reason=reason,
            expected=expected,
        )
    answer(info, as_json=as_json, text=_told(info))


@app.command()
def undo(reason: Reason, shop: Shop = None, as_json: Json = False) -> None:
    """Bring back the plan before the one in force."""
    with engine() as opened:
        name = shop or only_shop(opened)
        info = opened.call(PlanService.undo, actor=Actor.local("cli"), shop=name, reason=reason)
    answer(info, as_json=as_json, text=_told(info))


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file.

    Raises
    ------
    InvalidFile
    """
    try:
        text = typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return Plan.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(f"The plan {path} cannot be read: {error}.", "It is a JSON file.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the plan"
        raise InvalidFile(
            f"{path} is no plan: {where}: {first['msg']}.", "docs/recommendations.md shows one."
        ) from error


def _told(info: PlanInfo) -> str:
    if info.number == 0:
        return f"{info.shop} has no plan: the model's own order is shown."
    undone = f", takes back {info.undoes}" if info.undoes else ""
    return (
        f"Plan {info.number} of {info.shop}{undone}: {len(info.plan.rules)} rules, published "
        f"{info.published_at:%Y-%m-%d %H:%M} UTC by {info.published_by}: {info.reason}"
    )


def _rule(rule: Rule) -> str:
    parts = [rule.kind.value, rule.name or rule.rule_id]
    parts += [f"{rule.strength:g}"] if rule.strength is not None else []
    parts += [f"place {rule.position}"] if rule.position is not None else []
    parts += [f"at most {rule.most} of one {rule.facet}"] if rule.facet else []
    parts += [str(rule.where)] if rule.where else []
    return ", ".join(parts) + ("" if rule.on else " (off)")


def _listed(warnings: list[Warned]) -> str:
    return (
        "\n".join(f"{', '.join(w.rules) or 'plan'}: {w.text}" for w in warnings) or "Nothing stands against this plan."
    )
