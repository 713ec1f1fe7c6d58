"""`skyy data`: what is in, and what comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.actor import Actor
from engine.catalog.records import ImportReport, Mode
from engine.catalog.service import CatalogService
from engine.cli._output import Json, answer, answer_table, engine, note
from engine.errors import InvalidFile

app = typer.Typer(help="Import data, list snapshots, look at what was set aside.", no_args_is_help=True)

Source = Annotated[Path, typer.Argument(help="A CSV, Parquet or zip file, or a folder.")]
Importer = Annotated[str | None, typer.Option(help="generic, rent_the_runway or hm; recognised when left out.")]
Mapping = Annotated[Path | None, typer.Option(help="JSON file: source table to canonical table and columns.")]
How = Annotated[Mode, typer.Option(help="append adds rows, replace swaps tables, upsert updates by key.")]


@app.command("import")
def import_(
    path: Source,
    shop: Annotated[str, typer.Option("--shop", help="Shop that takes the data; opened when new.")],
    importer: Importer = None,
    mapping: Mapping = None,
    mode: How = Mode.APPEND,
    preview: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Import files into a shop, as a new snapshot."""
    with engine() as opened:
        arguments: dict[str, Any] = {
            "shop": shop,
            "path": path.expanduser().absolute(),
            "importer": importer,
            "mapping": _mapping(mapping),
            "mode": mode,
        }
        if preview:
            report = opened.call(CatalogService.preview, **arguments)
        else:
            note(f"Importing {path} ...")
            report = opened.call(CatalogService.run_import, actor=Actor.local("cli"), **arguments)
    answer(report, as_json=as_json, text=_told(report, preview=preview))


@app.command("list")
def list_(shop: Annotated[str | None, typer.Option("--shop")] = None, as_json: Json = False) -> None:
    """List snapshots, newest first."""
    with engine() as opened:
        snapshots = opened.call(CatalogService.list_snapshots, shop=shop)
    answer_table(
        snapshots,
        ("snapshot", "shop", "from", "rows", "set aside", "taken"),
        (
            (s.number, s.shop, s.importer, sum(t.rows for t in s.summary.values()), s.quarantined, f"{s.created_at:%Y-%m-%d %H:%M}")
            for s in snapshots
        ),
        as_json=as_json,
        empty="No data yet. Run 'skyy demo', or 'skyy data import FILE --shop NAME'.",
    )


@app.command()
def check(path: Source, importer: Importer = None, as_json: Json = False) -> None:
    """Say what files hold and where their columns would go, without importing."""
    with engine() as opened:
        found = opened.call(CatalogService.inspect, path=path.expanduser().absolute(), importer=importer)
    lines = [f"Recognised by: {found.importer}"]
    for table in found.tables:
        lines.append(f"\n{table.name}: {table.rows:,} rows -> {table.table or 'no table'}")
        lines += [f"  {column.name} ({column.kind}) -> {column.target or '-'}" for column in table.columns]
    answer(found, as_json=as_json, text="\n".join([*lines, *found.notes]))


@app.command()
def quarantine(
    number: Annotated[int, typer.Argument(help="Snapshot number.")],
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: Json = False,
) -> None:
    """Show rows that an import set aside, and why."""
    with engine() as opened:
        rows = opened.call(CatalogService.quarantine, number=number, limit=limit)
    answer_table(
        rows,
        ("table", "source", "row", "column", "reason"),
        ((row.table, row.source, row.row, row.column, row.reason) for row in rows),
        as_json=as_json,
        empty="Nothing was set aside.",
    )


def _mapping(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFile(f"The mapping {path} cannot be read: {error}.", "It is a JSON file.") from error
    return found


def _told(report: ImportReport, *, preview: bool) -> str:
    if report.unchanged:
        return f"These files are in {report.shop} already (snapshot {report.snapshot}); nothing changed."
    head = "This import would give" if preview else f"Snapshot {report.snapshot} of {report.shop}:"
    lines = [head]
    for name, table in report.summary.items():
        if table.read:
            lines.append(
                f"  {name}: {table.read:,} read, {table.accepted:,} accepted, {table.quarantined:,} set aside;"
                f" {table.added:,} added, {table.changed:,} changed, {table.removed:,} removed"
            )
    lines += [f"  set aside: {count:,} x {reason}" for reason, count in report.reasons.items()]
    return "\n".join([*lines, *report.notes])
