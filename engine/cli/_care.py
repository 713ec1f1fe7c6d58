"""`skyy backup`, `skyy restore`, `skyy doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine import backup as backups
from engine.actor import Actor
from engine.cli._output import Json, answer, engine
from engine.clock import SystemClock
from engine.core import Engine, set_current_engine
from engine.doctor import examine
from engine.settings import Settings
from engine.store.repair import repair as repair_store


def backup(
    path: Annotated[Path, typer.Argument(help="File to write.")],
    as_json: Json = False,
) -> None:
    """Write store, artifacts and keys into one file, while the app runs."""
    with engine() as opened:
        info = opened.call(backups.BackupService.create, actor=Actor.local("cli"), path=path.expanduser().absolute())
    answer(
        info,
        as_json=as_json,
        text=f"{info.path}: {info.files:,} files, {info.bytes / 1e6:,.1f} MB, up to event {info.head:,}.",
    )


def restore(
    path: Annotated[Path, typer.Argument(help="File that 'skyy backup' wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Set the present store aside.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in place; what was there is set aside, never deleted."""
    info = backups.restore(Settings(), path.expanduser().absolute(), replace=replace)
    kept = f" The store that was there is in {info.aside}." if info.aside else ""
    told = f"Restored {info.files:,} files, up to event {info.head:,}.{kept} Start with 'skyy up'."
    answer(info, as_json=as_json, text=told)


def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Bring back from the journal what the database lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what works on this machine, and how to mend what does not."""
    if repair:
        told = repair_store(Settings().database, clock=SystemClock())
        answer({"repaired": told}, as_json=as_json, text=told)
        return
    settings = Settings()
    opened = Engine.open(settings)
    set_current_engine(opened)
    with opened:
        checks = examine(opened)
    lines = [f"{'ok  ' if c.ok else 'MEND'} {c.name}: {c.detail}" + (f" {c.hint}" if c.hint else "") for c in checks]
    answer(checks, as_json=as_json, text="\n".join(lines))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


COMMANDS = (backup, restore, doctor)
