"""`make bench`: every benchmark, or those named: `make bench ARGS="start recommender"`."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    "start",
    "pages",
    "data",
    "recommender",
    "ablation",
    "registry",
    "serving",
    "peers",
    "sequences",
    "impact",
    "nearest",
    "classifier",
    "demand",
    "reviews",
    "fit",
    "elasticity",
)


def main(names: list[str]) -> None:
    for name in names or NAMES:
        table = import_module(f"tests.benchmarks.bench_{name}").run()
        table.show()
        table.write()


if __name__ == "__main__":
    main(sys.argv[1:])
