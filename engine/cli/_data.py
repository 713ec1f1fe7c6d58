"""`skyy data`: what is in, and what comes in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.actor import Actor
from engine.catalog.forgetting import ForgettingService
from engine.catalog.profile_records import ColumnProfile
from engine.catalog.records import ForgetReport, ImportReport, MendedRow, Mode, RowChange
from engine.catalog.service import CatalogService
from engine.catalog.sheets import unguarded
from engine.catalog.views import SnapshotViews
from engine.cli import _feeds
from engine.cli._options import Fills, How, Importer, Mapping, read_mapping
from engine.cli._output import Json, answer, answer_table, engine, note
from engine.errors import InvalidFile, InvalidInput

app = typer.Typer(help="Import data, list snapshots, look at what was set aside.", no_args_is_help=True)

app.add_typer(_feeds.app, name="feed")

Source = Annotated[Path, typer.Argument(help="A CSV, Parquet or zip file, or a folder.")]
Number = Annotated[int, typer.Argument(help="Snapshot number.")]
_DATA = "data."
_SHOWN_EXAMPLES = 3
_LONGEST_EXAMPLE = 120


@app.command("import")
def import_(
    path: Source,
    shop: Annotated[str, typer.Option("--shop", help="Shop that takes the data; opened when new.")],
    importer: Importer = None,
    mapping: Mapping = None,
    table: Fills = None,
    mode: How = Mode.APPEND,
    preview: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Import files into a shop, as a new snapshot."""
    if table is not None and mapping is not None:
        raise InvalidInput("Both --table and --mapping say where columns go.", hint="Give one of them.")
    with engine() as opened:
        arguments: dict[str, Any] = {
            "shop": shop,
            "path": path.expanduser().absolute(),
            "importer": importer,
            "mapping": read_mapping(mapping) if table is None else {path.name: {"table": table}},
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
            (
                s.number,
                s.shop,
                s.importer,
                sum(t.rows for t in s.summary.values()),
                s.quarantined,
                f"{s.created_at:%Y-%m-%d %H:%M}",
            )
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
        ("index", "table", "source", "row", "column", "reason", "taken in by"),
        ((row.index, row.table, row.source, row.row, row.column, row.reason, row.mended_in) for row in rows),
        as_json=as_json,
        empty="Nothing was set aside.",
    )


@app.command()
def profile(
    number: Number,
    table: Annotated[str, typer.Argument(help="items, interactions, ...")],
    as_json: Json = False,
) -> None:
    """Show types, ranges, gaps, joins and drift of a table."""
    with engine() as opened:
        found = opened.call(SnapshotViews.profile, number=number, table=table)
    if as_json:
        answer(found, as_json=True, text="")
        return
    note(f"{found.table} of snapshot {found.number}: {found.rows:,} rows")
    for check in found.joins:
        note(f"  {check.column}: {check.lost:,} of {check.rows:,} join no row of {check.target}")
    answer_table(
        found.columns,
        ("column", "kind", "nulls", "distinct", "from", "to", "most frequent", "drift"),
        (
            (c.name, c.kind, c.nulls, c.distinct, c.minimum, c.maximum, c.top[0].value if c.top else None, _drift(c))
            for c in found.columns
        ),
        as_json=False,
        empty="The table has no columns.",
    )


@app.command()
def diff(
    before: Annotated[int, typer.Argument(help="Snapshot number.")],
    after: Annotated[int, typer.Argument(help="A later one of the same shop.")],
    as_json: Json = False,
) -> None:
    """Show what changed between two snapshots of a shop."""
    with engine() as opened:
        found = opened.call(SnapshotViews.diff, before=before, after=after)
    lines = [
        f"{name}: {table.added:,} added, {table.changed:,} changed, {table.removed:,} removed ({table.before:,} -> {table.after:,} rows)"
        for name, table in found.tables.items()
    ]
    answer(found, as_json=as_json, text="\n".join(lines) or f"Snapshots {before} and {after} hold the same rows.")


@app.command()
def sample(
    number: Number,
    table: Annotated[str, typer.Argument(help="items, interactions, ...")],
    limit: Annotated[int, typer.Option(min=1)] = 20,
    as_json: Json = False,
) -> None:
    """Print the first rows of a table as CSV, safe to open in a spreadsheet."""
    with engine() as opened:
        if as_json:
            answer(opened.call(CatalogService.sample, number=number, table=table, limit=limit), as_json=True, text="")
        else:
            text = opened.call(SnapshotViews.table_csv, number=number, table=table, limit=limit)
            answer(text, as_json=False, text=text.rstrip("\n"))


@app.command()
def mend(
    number: Number,
    path: Annotated[Path | None, typer.Argument(help="CSV of corrected rows: 'index' and 'data.COLUMN'.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the waiting rows to this CSV instead.")] = None,
    mode: How = Mode.APPEND,
    as_json: Json = False,
) -> None:
    """Take corrected rows of a quarantine in; without a file, print those that wait."""
    with engine() as opened:
        if path is None:
            text = opened.call(SnapshotViews.quarantine_csv, number=number)
            if write is not None:
                write.write_text(text, encoding="utf-8")
            told = f"Wrote {write}." if write is not None else text.rstrip("\n")
            answer({"csv": text}, as_json=as_json, text=told)
            return
        rows = read_mended(path)
        report = opened.call(CatalogService.mend, actor=Actor.local("cli"), number=number, rows=rows, mode=mode)
    answer(report, as_json=as_json, text=_told(report, preview=False))


@app.command()
def forget(
    shopper: Annotated[str, typer.Argument(help="The shop's own id, or the pseudonym.")],
    shop: Annotated[str, typer.Option("--shop", help="The shop that knows the shopper.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a shopper from everything that a shop has stored; this cannot be undone."""
    if not yes and not as_json:
        typer.confirm(f"Delete this shopper from all snapshots of {shop}? This cannot be undone", abort=True, err=True)
    with engine() as opened:
        report = opened.call(ForgettingService.forget, actor=Actor.local("cli"), shop=shop, shopper=shopper)
    answer(report, as_json=as_json, text=_forgotten(report))


def read_mended(path: Path) -> list[MendedRow]:
    """Corrected rows of a CSV: a blank cell of a `data.` column clears the value.

    Raises
    ------
    InvalidFile
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        return [
            MendedRow(
                index=int(row["index"] or ""),
                data={
                    name.removeprefix(_DATA): unguarded(cell) if cell else None
                    for name, cell in row.items()
                    if name is not None and name.startswith(_DATA)
                },
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidFile(
            f"{path} is no list of corrected rows: {error}.",
            "A CSV with the columns 'index' and 'data.COLUMN'.",
            "Start from 'skyy data mend NUMBER --write FILE'.",
        ) from error


def _brief(example: RowChange) -> str:
    """A row in one short line: old and new values where it changes."""
    old, new = example.before or {}, example.after or {}
    if example.change == "changed":
        told = ", ".join(f"{name} {old[name]!r} -> {new[name]!r}" for name in new)
        return f"{' '.join(map(str, example.key.values()))}: {told}"[:_LONGEST_EXAMPLE]
    present = {name: value for name, value in (new or old).items() if value is not None}
    return ", ".join(f"{name}={value}" for name, value in present.items())[:_LONGEST_EXAMPLE]


def _drift(column: ColumnProfile) -> str | None:
    return f"{column.drift.verdict} (PSI {column.drift.psi:.2f})" if column.drift else None


def _forgotten(report: ForgetReport) -> str:
    if not report.found:
        return f"Nobody of that name is in {report.shop}; nothing was stored about them."
    lines = [
        f"Forgotten. Snapshots {', '.join(map(str, report.snapshots)) or '-'} of {report.shop} no longer hold the shopper."
    ]
    lines += [f"  {table}: {rows:,} rows deleted" for table, rows in report.rows.items()]
    if report.models:
        lines.append("These models learned from the shopper; train them again:")
        lines += [f"  {model.model} {model.version} (snapshot {model.snapshot})" for model in report.models]
    lines += [f"A job was reading the rows: {job}; train it again." for job in report.jobs]
    lines += [f"An earlier state still holds the shopper: {folder}" for folder in report.kept_elsewhere]
    return "\n".join([*lines, *report.notes])


def _told(report: ImportReport, *, preview: bool) -> str:
    if report.unchanged:
        return f"These files are in {report.shop} already (snapshot {report.snapshot}); nothing changed."
    if report.snapshot is None and not preview:
        return "\n".join([*report.notes, *(f"  {count:,} x {reason}" for reason, count in report.reasons.items())])
    head = "This import would give" if preview else f"Snapshot {report.snapshot} of {report.shop}:"
    lines = [head]
    for name, table in report.summary.items():
        if table.read:
            lines.append(
                f"  {name}: {table.read:,} read, {table.accepted:,} accepted, {table.quarantined:,} set aside;"
                f" {table.added:,} added, {table.changed:,} changed, {table.removed:,} removed"
            )
    lines += [f"  set aside: {count:,} x {reason}" for reason, count in report.reasons.items()]
    lines += [
        f"  {name}: {example.change} {_brief(example)}"
        for name, examples in report.examples.items()
        for example in examples[:_SHOWN_EXAMPLES]
    ]
    return "\n".join([*lines, *report.notes])
