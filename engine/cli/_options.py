"""Options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.catalog.records import Mode
from engine.errors import InvalidFile

Importer = Annotated[
    str | None,
    typer.Option(
        help="generic, rent_the_runway, hm, shopify, woocommerce, movielens or amazon_sequences; recognised when left out."
    ),
]
Mapping = Annotated[Path | None, typer.Option(help="JSON file: source table to canonical table and columns.")]
Fills = Annotated[
    str | None,
    typer.Option("--table", help="Canonical table that a single file fills; records takes any other table."),
]
How = Annotated[Mode, typer.Option(help="append adds rows, replace swaps tables, upsert updates by key.")]


def read_mapping(path: Path | None) -> dict[str, Any] | None:
    """The mapping in a JSON file.

    Raises
    ------
    InvalidFile
    """
    if path is None:
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFile(f"The mapping {path} cannot be read: {error}.", "It is a JSON file.") from error
    return found
