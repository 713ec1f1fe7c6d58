"""`skyy`: the product from a terminal."""

from __future__ import annotations

import sys

import typer

from engine.cli import _care, _data, _models, _serve, _training, _up
from engine.cli._output import fail
from engine.errors import EngineError

app = typer.Typer(
    name="skyy",
    help="DevSkyy ML: the models that run a fashion shop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(_data.app, name="data")
app.add_typer(_models.app, name="models")
for module in (_up, _training, _serve, _care):
    for command in module.COMMANDS:
        app.command()(command)


def main() -> None:
    """Run a command; an error of the engine becomes one sentence and the exit code 1."""
    try:
        app()
    except EngineError as error:
        sys.exit(fail(error))


__all__ = ["app", "main"]
