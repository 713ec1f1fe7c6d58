"""Places in the queue, in words."""

from __future__ import annotations

PRIORITIES = {-1: "Later", 0: "Normal", 1: "Sooner"}
"""Priority to its name; a job with a higher one starts first."""


def priority_named(priority: int) -> str:
    """The name of a priority; one in between takes the name of its side."""
    return PRIORITIES[(priority > 0) - (priority < 0)]


def number_of(name: str | None) -> int:
    """The priority that a name stands for."""
    return next((number for number, known in PRIORITIES.items() if known == name), 0)
