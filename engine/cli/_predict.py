"""`skyy predict`: what a model answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli._output import Json, answer, engine
from engine.errors import InvalidFile, InvalidInput
from engine.model_registry.predictions import PredictionService
from engine.model_registry.schema import CHAMPION


def predict(
    model: Annotated[str, typer.Argument(help="Model, such as demo.fit_advisor.")],
    row: Annotated[
        list[str] | None, typer.Option("--row", help='One input as JSON, such as \'{"size": "40"}\'; may repeat.')
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Inputs: a JSON list, or one JSON object a line; - reads them.")
    ] = None,
    version: Annotated[str, typer.Option(help="A version, an alias or 'latest'.")] = CHAMPION,
    sample: Annotated[bool, typer.Option("--sample", help="Print an input to start from.")] = False,
    as_json: Json = False,
) -> None:
    """Ask any model of the registry."""
    inputs = [_parsed(line, "--row") for line in row or ()] + _read(file)
    with engine() as opened:
        if sample:
            found = opened.call(PredictionService.sample, model=model, reference=version)
            answer(found, as_json=True, text="")
            return
        if not inputs:
            raise InvalidInput("No input was given.", "An input is a JSON object.", "Name one with --row or --file.")
        told = opened.call(PredictionService.predict, model=model, reference=version, inputs=inputs)
    lines = [json.dumps(each, ensure_ascii=False) for each in told.answers]
    answer(told, as_json=as_json, text="\n".join([*lines, f"{told.model} {told.version}, {told.took_ms:.1f} ms."]))


def _read(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidFile(f"The inputs {path} cannot be read: {error}.", "They are JSON.") from error
    if not text.lstrip().startswith("["):
        return [_parsed(line, str(path)) for line in text.splitlines() if line.strip()]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidFile(f"The inputs {path} are not JSON: {error}.", "They are a list of JSON objects.") from error
    return [_checked(each, str(path)) for each in found]


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"{where} has {text[:80]!r}, which is not JSON: {error}.", 'An input is an object such as {"size": "40"}.'
        ) from error
    return _checked(found, where)


def _checked(found: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise InvalidInput(f"{where} has {str(found)[:80]!r}.", 'An input is an object such as {"size": "40"}.')
    return found


COMMANDS = (predict,)
"""Asking models."""
