"""What a shopper is told: how each size would fit, and which to take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.fit_advisor.rows import FITS, FitRows
from engine.estimators.fit_advisor.sizes import ladder, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.fit_advisor.model import Model

UP, DOWN, SAME = "Take one size up.", "Take one size down.", "Your usual size."
_FEWEST, _LEAST_SHARE, _LONGEST = 3, 0.01, 60
_EQUAL = 0.02
"""Chances of a fit that differ by less are alike: the nearer size is taken."""


def category_ladders(rows: FitRows) -> dict[str, list[str]]:
    """The size labels that each category comes in, rare ones left out; '' is the whole shop."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for category, size in zip(rows.category, rows.size, strict=True):
        counts[category][size] += 1
        if category:
            counts[""][size] += 1
    found = {}
    for category, sizes in counts.items():
        least = max(_FEWEST, _LEAST_SHARE * sum(sizes.values()))
        found[category] = ladder(size for size, count in sizes.items() if count >= least)
    return found


def answers(model: Model, rows: FitRows, ladders: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One answer for each row, its piece's other sizes among them."""
    sizes = [_sizes(rows, at, ladders) for at in range(len(rows))]
    owner = np.repeat(np.arange(len(rows)), [len(each) for each in sizes])
    asked = replace(rows.at(owner), size=np.array([size for each in sizes for size in each], dtype=object))
    chances = model.chances(asked)
    ends = np.cumsum([len(each) for each in sizes])
    return [
        _answer(model, rows, at, labels, chances[end - len(labels) : end])
        for at, (labels, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def _sizes(rows: FitRows, at: int, ladders: Mapping[str, Sequence[str]]) -> list[str]:
    """Sizes of the piece in order, the asked one among them."""
    known = rows.shop.ladders.get(rows.item[at]) or ladders.get(rows.category[at]) or ()
    asked = rows.size[at]
    system = place(asked)[0]
    return ladder([asked, *(label for label in known[:_LONGEST] if place(label)[0] == system)])


def _answer(model: Model, rows: FitRows, at: int, labels: list[str], chances: NDArray[Any]) -> dict[str, Any]:
    here = labels.index(rows.size[at])
    likely = int(model.decider.verdicts(chances[here : here + 1])[0])
    advice, best = _best(likely, labels, chances, here)
    return {
        "likely": FITS[likely],
        **{name: float(value) for name, value in zip(FITS, chances[here], strict=True)},
        "advice": advice,
        "best_size": best,
        "sizes": [
            {"size": label, **{name: float(value) for name, value in zip(FITS, row, strict=True)}}
            for label, row in zip(labels, chances, strict=True)
        ],
        "note": _note(model, rows, at),
    }


def _best(likely: int, labels: list[str], chances: NDArray[Any], here: int) -> tuple[str, str | None]:
    """Another size is advised only where the piece comes in it and it fits more surely; None where it does not."""
    if likely == 1:
        return SAME, labels[here]
    step = 1 if likely == 0 else -1
    further = range(here + step, len(labels) if step > 0 else -1, step)
    better = [at for at in further if chances[at, 1] > chances[here, 1]]
    if better:
        most = max(chances[at, 1] for at in better)
        nearest = next(at for at in better if chances[at, 1] >= most - _EQUAL)
        return UP if step > 0 else DOWN, labels[nearest]
    if len(further):
        return SAME, labels[here]
    return UP if step > 0 else DOWN, None


def _note(model: Model, rows: FitRows, at: int) -> str:
    """How much is known of the two."""
    worn = rows.shopper[at] in model.history.shopper_place
    seen = rows.item[at] in model.history.item_place
    if model.config.model in ("multinomial", "baseline"):
        return "This model does not read earlier reviews of the shopper or the piece."
    measured = bool(np.isfinite(rows.measures[at, :4]).any() or rows.usual[at])
    parts = []
    if not worn:
        parts.append(
            "Nothing that this shopper wore is known: judged by measures and usual size."
            if measured
            else "Nothing is known of this shopper but the size."
        )
    if not seen:
        parts.append("Nobody has told how this piece fits: judged by its category.")
    return " ".join(parts) or "Judged by what this shopper wore before and how the piece fitted others."
