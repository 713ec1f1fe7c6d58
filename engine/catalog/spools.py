"""Lines about shoppers that lie beside the store: `SKYY_HOME/spools/<what>/<shop>/<day>.jsonl`.

They hold what happened since the last import, each with the pseudonym under `shopper`. Forgetting a
shopper takes their lines out; the time of `generation` tells every process that it must read again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from engine.files import write_atomic

ENDING = ".jsonl"
FOLDER = "spools"
_GENERATION = "generation"


def spool_folder(home: Path, what: str, shop: str) -> Path:
    """Where lines of one sort and shop lie."""
    return home / FOLDER / what / shop


def forget_everywhere(home: Path, shop: str, shoppers: Collection[str]) -> None:
    """Take shoppers out of all lines of a shop."""
    for folder in sorted((home / FOLDER).glob(f"*/{shop}")):
        forget_lines(folder, shoppers)


def forget_lines(folder: Path, shoppers: Collection[str]) -> None:
    """Rewrite the days that name one of the shoppers."""
    if not folder.is_dir():
        return
    marks = [name.encode() for name in shoppers]
    for path in sorted(folder.glob(f"*{ENDING}")):
        data = path.read_bytes()
        if any(mark in data for mark in marks):
            kept = [line for line in data.splitlines(keepends=True) if not _about(line, shoppers)]
            write_atomic(path, b"".join(kept))
            path.chmod(0o600)
    write_atomic(folder / _GENERATION, b"")


def generation(folder: Path) -> int:
    """A number that changes whenever lines were taken out of a folder."""
    try:
        return (folder / _GENERATION).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _about(line: bytes, shoppers: Collection[str]) -> bool:
    """Whether a line names one of the shoppers; one that cannot be read goes too."""
    try:
        found = json.loads(line)
    except ValueError:
        return True
    return isinstance(found, dict) and found.get("shopper") in shoppers
