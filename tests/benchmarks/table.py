"""Figures of one benchmark: printed as a table, written as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "bench-results"


@dataclass(frozen=True)
class Figure:
    """One measured thing; `bar` is what it has to meet, in words, where there is one."""

    what: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    rounds: int = 1
    bar: str = ""


def timed(what: str, unit: str, values: Sequence[float], bar: str = "") -> Figure:
    """The median of rounds, with the fastest and the slowest."""
    return Figure(what, statistics.median(values), unit, min(values), max(values), len(values), bar)


@dataclass
class Table:
    """A benchmark's figures in order."""

    name: str
    data: str
    figures: list[Figure] = field(default_factory=list)

    def show(self) -> None:
        print(f"\n{self.name} ({self.data})")
        for figure in self.figures:
            spread = f" ({figure.low:.4g} to {figure.high:.4g}, n={figure.rounds})" if figure.low is not None else ""
            bar = f"   bar: {figure.bar}" if figure.bar else ""
            print(f"  {figure.what:<58} {figure.value:>10.4g} {figure.unit:<8}{spread}{bar}")

    def write(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        content = {"machine": platform.platform(), "python": platform.python_version(), **asdict(self)}
        (RESULTS / f"{self.name.replace(' ', '-')}.json").write_text(json.dumps(content, indent=2) + "\n")


Benchmark = Callable[[], Table]
