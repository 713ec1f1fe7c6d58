"""What a review says about what: clauses, the aspects they name, and how they speak of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASPECTS: dict[str, str] = {
    "fit": "fits? fitted fitting size[ds]? sizing small large big tight loose snug roomy wide narrow short long length "
    "waist hips? shoulders? sleeves? bust chest inseam petite true runs? ran boxy",
    "fabric": "fabrics? materials? cotton wool linen silk polyester denim cashmere lace knit texture thin thick "
    "sheer soft itchy scratch(?:y|es)? stretch(?:y|es)? lining creases?",
    "quality": "quality made workmanship finish(?:ed)? seams? stitch(?:ing|ed)? zippers? zip buttons? durable cheap "
    "cheaply fell apart hole wash(?:ed|es|ing)? shrunk shrank pill(?:s|ed|ing)? lasts?",
    "look": "looks? looked colou?rs? print pattern style stylish design beautiful gorgeous pretty cute flattering "
    "unflattering shade picture photo pictured details?",
    "comfort": "comfort comfortable comfy uncomfortable cozy cosy easy wearable heavy light lightweight breathable warm",
    "delivery": "deliver(?:y|ed) shipping shipped arriv(?:ed|es) packag(?:e|ing) late returns?",
    "price": "price[ds]? pricey expensive cheaper value worth cost money sale bargain overpriced",
}
"""Aspect to the words that name it, as patterns."""

_NAMED = {name: re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE) for name, words in ASPECTS.items()}
_BREAK = re.compile(r"[.!?;\n]+|,?\s+(?:but|however|although|though|yet|except)\s+|,\s+and\s+", re.IGNORECASE)
_LONGEST = 240


@dataclass(frozen=True)
class Mention:
    """A clause of review number `review` that names an aspect."""

    review: int
    aspect: str
    quote: str


def mentions(texts: Sequence[str]) -> list[Mention]:
    """Every aspect that a clause names, in order."""
    return [
        Mention(number, aspect, clause)
        for number, text in enumerate(texts)
        for clause in _clauses(text)
        for aspect, named in _NAMED.items()
        if named.search(clause)
    ]


def judged(found: Sequence[Mention], sentiment: Callable[[list[str]], NDArray[np.float64]]) -> NDArray[np.float64]:
    """How each mention speaks, -1 to 1; each distinct clause is judged once."""
    clauses = list(dict.fromkeys(each.quote for each in found))
    if not clauses:
        return np.zeros(0)
    told = dict(zip(clauses, sentiment(clauses), strict=True))
    return np.array([told[each.quote] for each in found])


def by_aspect(found: Sequence[Mention], said: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Aspects in order of how often they are named: mean sentiment, its standard error, and the clearest quotes."""
    rows = []
    for aspect in ASPECTS:
        places = [place for place, each in enumerate(found) if each.aspect == aspect]
        if not places:
            continue
        values = said[places]
        spread = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        worst, best = places[int(values.argmin())], places[int(values.argmax())]
        rows.append(
            {
                "aspect": aspect,
                "mentions": len(places),
                "sentiment": round(float(values.mean()), 4),
                "error": None if spread is None else round(spread, 4),
                "negative": round(float((values < 0).mean()), 4),
                "best": found[best].quote,
                "worst": found[worst].quote,
            }
        )
    return sorted(rows, key=lambda row: -int(row["mentions"]))


def _clauses(text: str) -> Iterator[str]:
    for part in _BREAK.split(text):
        clause = " ".join(part.split())
        if clause:
            yield clause[:_LONGEST]
