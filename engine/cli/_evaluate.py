"""`skyy evaluate`: how well models foretell held-out choices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli._output import Json, answer, engine, note, plain, progress
from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation import (
    EvaluationPlan,
    EvaluationReport,
    Format,
    Protocol,
    evaluate_shop,
    read,
)
from engine.recommendation_engine.evaluation import evaluate as measure
from engine.recommendation_engine.evaluation.evaluate import Tell
from engine.recommendation_engine.evaluation.schema import DEFAULT_WINDOWS, METRICS

_SHOWN = ("ndcg_at_10", "hit_rate_at_10", "recall_at_20", "map_at_12", "mrr_at_20", "coverage_at_10", "novelty_at_10")


def evaluate(
    data: Annotated[Path | None, typer.Option(help="File of events; or use --shop.")] = None,
    shop: Annotated[str | None, typer.Option("--shop", help="Shop whose recommender is measured.")] = None,
    form: Annotated[Format, typer.Option("--format", help="What the file holds.")] = Format.INTERACTIONS,
    protocol: Annotated[Protocol, typer.Option(help="What is held out.")] = Protocol.TEMPORAL,
    models: Annotated[list[str] | None, typer.Option(help="Models, again for each; all that fit.")] = None,
    windows: Annotated[int, typer.Option(help="Test windows of the temporal protocol.")] = DEFAULT_WINDOWS,
    days: Annotated[int | None, typer.Option(help="Days of a window; 28, or less for a short time.")] = None,
    refit: Annotated[
        bool, typer.Option(help="Leave-last-out: fit again with the validation item; papers do not.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Of draws and resamples.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure recommenders on held-out choices, every item ranked, with intervals."""
    if (data is None) == (shop is None):
        raise InvalidInput(
            "Both --data and --shop were given." if data else "Neither --data nor --shop was given.",
            "One of them says what is measured.",
            "Run 'skyy evaluate --data FILE' or 'skyy evaluate --shop NAME'.",
        )
    names = tuple(part.strip() for name in models or [] for part in name.split(",") if part.strip())
    if not 1 <= windows <= 12 or (days is not None and not 1 <= days <= 366) or seed < 0:
        raise InvalidInput("Windows, days or seed are out of range.", "1 to 12 windows of 1 to 366 days, seed from 0.")
    plan = EvaluationPlan(protocol=protocol, windows=windows, days=days, models=names, refit=refit, seed=seed)
    with progress("Evaluating") as bar:
        task = bar.add_task("reading", total=1.0)

        def tell(stage: str, share: float) -> None:
            bar.update(task, completed=share, description=stage)

        report = measure(read(data, form), plan, tell=tell) if data else _shop(str(shop), plan, tell)
        bar.update(task, completed=1.0, description="done")
    answer(plain(report), as_json=as_json, text=told(report))


def told(report: EvaluationReport) -> str:
    """The report as lines for a terminal."""
    data = report.data
    lines = [
        f"{data.name}: {data.shoppers:,} shoppers, {data.items:,} items, {data.events:,} events.",
        *data.notes,
        f"{report.about}.",
        f"{report.units:,} tested shoppers; 95% intervals by bootstrap.",
        "",
        f"{'model':<28}" + "".join(f"{METRICS[name].removesuffix(' (bits)'):>14}" for name in _SHOWN),
    ]
    for model in sorted(report.models, key=lambda model: -model.metrics["ndcg_at_10"].value):
        figures = "".join(f"{model.metrics[name].value:>14.4f}" for name in _SHOWN)
        lines.append(f"{model.title[:27]:<28}{figures}")
    best, *others = sorted(report.models, key=lambda model: -model.metrics["ndcg_at_10"].value)
    if others:
        pair = report.pair(best.name, others[0].name)
        gap = pair.difference
        verdict = "" if pair.decided else " The interval holds zero: not told apart."
        lines += [
            "",
            f"{best.title} against {others[0].title}, NDCG@10: "
            f"{gap.value:+.4f} ({gap.low:+.4f} to {gap.high:+.4f}).{verdict}",
        ]
    return "\n".join(lines)


def _shop(shop: str, plan: EvaluationPlan, tell: Tell) -> EvaluationReport:
    """Measure a shop here, from the snapshot's files; the store is only asked where they lie."""
    from engine.recommendation_engine.evaluation.service import EvaluationService
    from engine.training.vectors import Sources

    with engine() as opened:
        source = opened.call(EvaluationService.source, shop=shop)
        dataset = source.dataset(opened.artifacts)
        sources = Sources.of(opened, dataset)
    note(f"Snapshot {source.snapshot}, settings of {source.model_version or 'the kind (no champion yet)'}.")
    return evaluate_shop(dataset, shop, plan, source.config, sources=sources, tell=tell)


COMMANDS = (evaluate,)
