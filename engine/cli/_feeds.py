"""`skyy data feed`: folders and addresses that are imported on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.actor import Actor
from engine.catalog.feeds import FeedInfo, FeedService
from engine.catalog.records import Mode
from engine.cli._options import How, Importer, Mapping, read_mapping
from engine.cli._output import Json, answer, answer_table, engine

app = typer.Typer(help="Import a folder or an https address on a schedule.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The feed, as 'skyy data feed list' names it.")]


@app.command()
def add(
    source: Annotated[str, typer.Argument(help="A file, a folder or an https address.")],
    shop: Annotated[str, typer.Option("--shop", help="Shop that takes the data; opened when new.")],
    every: Annotated[int, typer.Option(min=1, help="Minutes between two imports.")] = 60,
    name: Annotated[str | None, typer.Option(help="What to call the feed; made up when left out.")] = None,
    importer: Importer = None,
    mapping: Mapping = None,
    mode: How = Mode.UPSERT,
    as_json: Json = False,
) -> None:
    """Import a source every so many minutes, as long as the dashboard runs."""
    with engine() as opened:
        info = opened.call(
            FeedService.create,
            actor=Actor.local("cli"),
            shop=shop,
            source=source if "://" in source else str(Path(source).expanduser().absolute()),
            importer=importer,
            mapping=read_mapping(mapping),
            mode=mode,
            every=every,
            feed=name,
        )
    answer(
        info, as_json=as_json, text=f"{info.feed} imports {info.source} into {info.shop} every {info.every} minutes."
    )


@app.command("list")
def list_(shop: Annotated[str | None, typer.Option("--shop")] = None, as_json: Json = False) -> None:
    """List feeds and how their last run ended."""
    with engine() as opened:
        feeds = opened.call(FeedService.list_feeds, shop=shop)
    answer_table(
        feeds,
        ("feed", "shop", "source", "every", "last", "snapshot", "error", "next"),
        ((f.feed, f.shop, f.source, f"{f.every} min", f.result, f.snapshot, f.error, _when(f)) for f in feeds),
        as_json=as_json,
        empty="No feeds yet. Run 'skyy data feed add SOURCE --shop NAME'.",
    )


@app.command()
def remove(feed: Name, as_json: Json = False) -> None:
    """Take a feed away; what it brought stays."""
    with engine() as opened:
        info = opened.call(FeedService.remove, actor=Actor.local("cli"), feed=feed)
    answer(info, as_json=as_json, text=f"{info.feed} is gone; the data that it brought stays.")


@app.command()
def pause(
    feed: Name, resume: Annotated[bool, typer.Option("--resume", help="Let it go on.")] = False, as_json: Json = False
) -> None:
    """Stop a feed's schedule, or let it go on."""
    with engine() as opened:
        info = opened.call(FeedService.pause, actor=Actor.local("cli"), feed=feed, paused=not resume)
    answer(info, as_json=as_json, text=f"{info.feed} {'pauses' if info.paused else 'goes on'}.")


@app.command()
def run(feed: Name, as_json: Json = False) -> None:
    """Import from a feed now."""
    with engine() as opened:
        info = opened.call(FeedService.run_now, actor=Actor.local("cli"), feed=feed)
    answer(info, as_json=as_json, text=_told(info))
    if info.error is not None:
        raise typer.Exit(1)


def _told(info: FeedInfo) -> str:
    if info.result == "unchanged":
        return f"{info.feed}: nothing new; {info.shop} stays at snapshot {info.snapshot or '-'}."
    return f"{info.feed}: {info.error}" if info.error else f"{info.feed}: snapshot {info.snapshot} of {info.shop}."


def _when(info: FeedInfo) -> str:
    return f"{info.next_at:%Y-%m-%d %H:%M}" if info.next_at else "paused"
