"""`skyy recommend`, `skyy observe`, `skyy batch recommend`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli._output import Json, Shop, answer, answer_table, engine, progress
from engine.errors import InvalidInput
from engine.recommendation_engine import Act, RecommendationService, Surface

batch_app = typer.Typer(help="Answers for everybody at once, into files.", no_args_is_help=True)

User = Annotated[str | None, typer.Option("--user", help="Shopper id; nobody in particular when left out.")]
Session = Annotated[str | None, typer.Option("--session", help="Anonymous session id.")]


def recommend(
    user: User = None,
    shop: Shop = None,
    basket: Annotated[list[str] | None, typer.Option("--basket", help="Product id in the basket; may repeat.")] = None,
    context: Annotated[str, typer.Option(help='JSON, such as \'{"category": "dresses"}\'.')] = "{}",
    surface: Annotated[Surface | None, typer.Option(help="Where the list is shown; home when left out.")] = None,
    item: Annotated[str | None, typer.Option("--item", help="Product that the list is about.")] = None,
    session: Session = None,
    market: Annotated[str | None, typer.Option(help="Market of the request.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 10,
    as_json: Json = False,
) -> None:
    """Recommend products, with the reason for each."""
    with engine() as opened:
        found = opened.call(
            RecommendationService.recommend,
            shop=shop,
            user_id=user,
            basket=list(basket or ()),
            context=_context(context),
            limit=limit,
            surface=surface,
            item_id=item,
            session_id=session,
            market=market,
        )
    if as_json:
        answer(found, as_json=True, text="")
        return
    answer_table(
        found.items,
        ("", "item", "title", "price", "score", "because"),
        (
            (item.position, item.item_id, item.card.title, item.card.price, item.score, item.reason)
            for item in found.items
        ),
        as_json=False,
        empty="Nothing fits these filters. Loosen one of them.",
    )
    told = [f"{found.model} {found.version}, plan {found.plan}, {found.latency_ms:.1f} ms.", found.note]
    told += [warning.text for warning in found.warnings]
    answer(found, as_json=False, text=" ".join(told).strip())


def observe(
    item: Annotated[str, typer.Argument(help="Product id.")],
    event: Annotated[Act, typer.Argument(help="What was done.")],
    user: User = None,
    session: Session = None,
    request: Annotated[str | None, typer.Option("--request", help="Recommendation that was followed.")] = None,
    shop: Shop = None,
    as_json: Json = False,
) -> None:
    """Take in what a shopper just did; the next answer counts it."""
    with engine() as opened:
        taken = opened.call(
            RecommendationService.observe,
            shop=shop,
            user_id=user,
            session_id=session,
            item_id=item,
            event=event,
            request_id=request,
        )
    told = f"Taken in: {taken.event.value} of {taken.item_id}; recent events held: {taken.events}."
    answer(taken, as_json=as_json, text=told)


@batch_app.command("recommend")
def recommend_all(
    output: Annotated[Path, typer.Option("--output", help="Parquet file to write.")],
    shop: Shop = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Products a shopper.")] = 10,
    as_json: Json = False,
) -> None:
    """Write a list for every shopper to a Parquet file, with the plan in force."""
    path = output.expanduser().absolute()
    with engine() as opened, progress("Recommending") as bar:
        task = bar.add_task("", total=None)
        report = opened.service(RecommendationService).recommend_all(
            path, shop=shop, limit=limit, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    told = f"{report.rows:,} rows for {report.shoppers:,} shoppers in {report.seconds:.1f} s: {report.path}"
    answer(report, as_json=as_json, text=told)


def _context(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The context is not JSON: {error}.", 'Such as \'{"category": "dresses"}\'.') from error
    if not isinstance(found, dict):
        raise InvalidInput(f"The context is {text[:60]!r}.", "It is a JSON object.")
    return found


COMMANDS = (recommend, observe)
