"""`skyy impact`: what a plan would have changed, before it is published."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.background import BackgroundJob
from engine.cli._output import Json, Shop, answer, answer_table, engine, note, progress
from engine.cli._plans import read_plan
from engine.cli._training import only_shop
from engine.core import Engine
from engine.errors import InvalidInput
from engine.estimators.base import Interval
from engine.recommendation_engine.impact import ImpactReport, ImpactService, Method, OffPolicy
from engine.recommendation_engine.plan import Draft, Plan
from engine.recommendation_engine.plans import PlanService

_POLL_S = 0.2
_SHOWN = 5


def impact(
    shop: Shop = None,
    plan: Annotated[
        Path | None, typer.Option(help="JSON file with the plan that is tried; the one in force when left out.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="JSON file with what it is compared with; the plan in force when left out.")
    ] = None,
    price: Annotated[
        list[str] | None, typer.Option(help="A price that is tried, such as g00012=49.90; may repeat.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version of the model; what serves when left out.")] = None,
    sessions: Annotated[int, typer.Option(min=50, max=20_000, help="Most past sessions that are replayed.")] = 2_000,
    as_json: Json = False,
) -> None:
    """Estimate on past sessions what a plan or price would have changed."""
    prices = _prices(price or ())
    tried = None if plan is None else read_plan(plan)
    rival = None if against is None else Draft(plan=read_plan(against))
    with engine() as opened:
        name = shop or only_shop(opened)
        job = opened.call(
            ImpactService.start,
            shop=name,
            draft=Draft(plan=tried or _in_force(opened, name), prices=prices),
            against=rival,
            version=version,
            sessions=sessions,
        )
        found = _wait(opened, job)
    if as_json:
        answer(found, as_json=True, text="")
        return
    _print(found)


def _wait(opened: Engine, job: BackgroundJob[ImpactReport]) -> ImpactReport:
    """The report once it is there; an interrupted command cancels the estimate."""
    pause = threading.Event()
    try:
        with progress("Replaying") as bar:
            task = bar.add_task("waiting", total=1.0)
            while not job.state.final:
                pause.wait(_POLL_S)
                job = opened.call(ImpactService.get, job_id=job.id)
                bar.update(task, completed=job.share, description=job.stage)
    except KeyboardInterrupt:
        opened.call(ImpactService.cancel, job_id=job.id)
        raise
    return job.outcome()


def _print(found: ImpactReport) -> None:
    columns = ("", "before", "after", "difference", "95% interval")
    rows = [
        (
            m.title,
            *(_figure(value.value, m.unit) for value in (m.before, m.after, m.difference)),
            _told(m.difference, m.unit),
        )
        for m in found.measures
    ]
    answer_table(found.measures, columns, rows, as_json=False, empty="")
    for name, values in found.exposure.items():
        changed = sorted(values, key=lambda value: -abs(value.difference.value))[:_SHOWN]
        parts = [f"{value.value} {value.before:.1%} -> {value.after:.1%}" for value in changed]
        answer(None, as_json=False, text=f"Places by {name}: {', '.join(parts)}")
    span = "" if found.since is None else f" since {found.since:%Y-%m-%d}"
    answer(
        None,
        as_json=False,
        text=f"{found.sessions:,} of {found.of:,} held-out sessions{span}, {found.model} {found.version}."
        f" {found.moved.value:.0%} of the places change.",
    )
    for when, rate in (found.off_policy or {}).items():
        answer(None, as_json=False, text=_clicks(when, rate))
    for line in (*found.about, *found.warnings):
        note(line)


def _clicks(when: str, rate: OffPolicy) -> str:
    robust = rate.estimates[Method.DOUBLY_ROBUST]
    return (
        f"Click rate by place {when}: {robust.value:.2%} ({_rate(robust)}), from lists worth"
        f" {rate.effective_sample:,.0f} of its own. {' '.join(rate.warnings)}".strip()
    )


def _rate(interval: Interval) -> str:
    return "-" if interval.low is None or interval.high is None else f"{interval.low:.2%} to {interval.high:.2%}"


def _told(interval: Interval, unit: str) -> str:
    if interval.low is None or interval.high is None:
        return "-"
    return f"{_figure(interval.low, unit)} to {_figure(interval.high, unit)}"


def _figure(value: float, unit: str) -> str:
    return f"{value:.1%}" if unit == "share" else f"{value:.2f}" if unit == "currency" else f"{value:.4f}"


def _prices(given: Sequence[str]) -> dict[str, float]:
    """Prices by product id from `id=price`."""
    found = {}
    for text in given:
        item, _, price = text.rpartition("=")
        try:
            found[item] = float(price)
        except ValueError:
            found[item] = 0.0
        if not item or found[item] <= 0:
            raise InvalidInput(f"The price {text[:80]!r} is not one.", "It is written like g00012=49.90.")
    return found


def _in_force(opened: Engine, shop: str) -> Plan:
    return opened.call(PlanService.current, shop=shop).plan


COMMANDS = (impact,)
