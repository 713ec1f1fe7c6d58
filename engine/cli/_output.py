"""How the command line speaks: records as tables for people, as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from engine.core import Engine, current_engine
from engine.errors import EngineError

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Shop = Annotated[str | None, typer.Option("--shop", help="Shop; the only one, or 'demo', when left out.")]

_IDENTITY = 2
"""The first columns name a record; they are never broken over lines."""

_OUT = Console(highlight=False, soft_wrap=True)
_ERR = Console(stderr=True, highlight=False)


@contextmanager
def engine() -> Iterator[Engine]:
    """The Engine for one command: owner of the store, or a caller of the process that is."""
    opened = current_engine()
    try:
        yield opened
    finally:
        opened.close()


def plain(value: Any) -> Any:
    """A record as JSON values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def answer(value: Any, *, as_json: bool, text: str) -> None:
    """Print one answer."""
    if as_json:
        print(json.dumps(plain(value), ensure_ascii=False, indent=2))
    else:
        _OUT.print(text, markup=False)


def answer_table(
    records: Sequence[Any], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool, empty: str
) -> None:
    """Print records: JSON whole, or the given columns as a table; `empty` says what to do when there are none."""
    if as_json:
        print(json.dumps(plain(list(records)), ensure_ascii=False, indent=2))
        return
    if not records:
        _OUT.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=position < _IDENTITY)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _OUT.print(table)


def note(text: str) -> None:
    """A line for the person at the terminal, apart from the answer."""
    _ERR.print(text, markup=False, soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A progress bar on the error stream."""
    with Progress(
        TextColumn(f"{what}  "),
        BarColumn(28),
        TaskProgressColumn(),
        TextColumn("{task.description}", markup=False),
        console=_ERR,
    ) as bar:
        yield bar


def fail(error: EngineError) -> int:
    """Print an error and return the exit code."""
    if "--json" in sys.argv:
        print(json.dumps({"error": error.to_dict()}, ensure_ascii=False, indent=2))
    note(str(error))
    return 1


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("[", "\\[")
