"""`skyy`: the product from a terminal."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from engine.cli import (
    _care,
    _data,
    _evaluate,
    _exchange,
    _impact,
    _models,
    _plans,
    _predict,
    _recommend,
    _serve,
    _training,
    _up,
)
from engine.cli._output import fail
from engine.errors import EngineError, InvalidInput, StoreError
from engine.settings import Settings

app = typer.Typer(
    name="skyy",
    help="DevSkyy ML: the models that run a fashion shop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(_data.app, name="data")
for command_name, model_command in _exchange.MODEL_COMMANDS.items():
    _models.app.command(command_name)(model_command)
app.add_typer(_models.app, name="models")
app.add_typer(_plans.app, name="plans")
app.add_typer(_recommend.batch_app, name="batch")
app.add_typer(_exchange.mlflow_app, name="mlflow")
app.add_typer(_exchange.webhooks_app, name="webhooks")
for module in (_up, _training, _predict, _recommend, _evaluate, _impact, _serve, _care):
    for command in module.COMMANDS:
        app.command()(command)


def main() -> None:
    """Run a command; an error becomes one sentence and the exit code 1."""
    try:
        app()
    except EngineError as error:
        sys.exit(fail(error))
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        first = error.errors(include_url=False)[0]
        name = "SKYY_" + str(first["loc"][0] if first["loc"] else "*").upper()
        sys.exit(
            fail(
                InvalidInput(
                    f"{name} is {str(first['input'])[:80]!r}.", f"{first['msg']}.", "Set it right, or unset it."
                )
            )
        )
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(
            fail(
                StoreError(
                    f"The system refused: {error.strerror or error}{where}.",
                    hint="SKYY_HOME names the folder that is written.",
                )
            )
        )


__all__ = ["app", "main"]
