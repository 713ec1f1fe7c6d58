"""LightGBM's text models: the frame that its own reader relies on, and figures that are finite."""

from __future__ import annotations

import math
import re

_FIGURES = ("leaf_value", "threshold", "internal_value", "split_gain", "leaf_weight", "internal_weight")
_BLOCK = re.compile(rb"^Tree=(\d+)$", re.MULTILINE)


def check(data: bytes) -> None:
    """Check head, tree count and the end, and every list of figures.

    Raises
    ------
    ValueError
    """
    text = data.decode()
    lines = text.splitlines()
    if not lines or lines[0] != "tree" or not any(line.startswith("version=v") for line in lines[:3]):
        raise ValueError("it does not start as one")
    if "end of trees" not in lines:
        raise ValueError("it is cut short")
    sizes = next((line.removeprefix("tree_sizes=").split() for line in lines if line.startswith("tree_sizes=")), [])
    numbers = [int(number) for number in _BLOCK.findall(data)]
    if numbers != list(range(len(sizes))):
        raise ValueError(f"it names {len(sizes)} trees and holds {len(numbers)}")
    for line in lines:
        name, _, values = line.partition("=")
        if name in _FIGURES and not all(_fits(name, float(value)) for value in values.split()):
            raise ValueError(f"{name} holds NaN or infinite values")


def _fits(name: str, value: float) -> bool:
    """Finite; a split that sets missing values apart from all others has an infinite threshold."""
    return math.isfinite(value) or (name == "threshold" and value == math.inf)
