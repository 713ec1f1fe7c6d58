"""How much an import may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`bytes` of all files together, unpacked; `rows` and `columns` a table."""

    bytes: int = 512 * 2**20
    rows: int = 20_000_000
    columns: int = 200
