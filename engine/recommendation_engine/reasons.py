"""Why a product is there, in words that follow from the arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter

from engine.recommendation_engine.evidence import Said, Sources, evidence, sources
from engine.recommendation_engine.plan import Rule, RuleKind
from engine.recommendation_engine.schema import Contribution
from engine.recommendation_engine.scoring import Scored
from engine.recommendation_engine.words import LIFTS, OTHER_LIFT, linked, popularity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.recommender.model import Model
    from engine.recommendation_engine.shelf import Shelf

RULE = "rule:"
_NEGLIGIBLE = 1e-12
_TOP_SHARE = 0.05
_SECOND = 0.3
_SAMPLE = 512


@dataclass(frozen=True)
class Told:
    """One signal of the asked products: values, words and, where it has some, sources.

    Parameters
    ----------
    values : ndarray of float64, shape (n_asked,)
    words : sequence of str
    """

    name: str
    values: NDArray[np.float64]
    words: Sequence[str]
    found: Sources | None = None

    @cached_property
    def numbers(self) -> list[float]:
        """The values as plain numbers."""
        numbers: list[float] = self.values.tolist()
        return numbers


class Explainer:
    """Words for some products of one request; nothing is computed for the others.

    Parameters
    ----------
    said : Said
        How products were met.
    timed : bool
        Whether the shop tells times; without them nothing can be called recent.
    """

    def __init__(self, model: Model, shelf: Shelf, scored: Scored, said: Said) -> None:
        self._model, self._shelf, self._scored, self._said = model, shelf, scored, said
        self._timed = model.memory.last_day is not None

    def contributions(self, items: NDArray[np.int64]) -> list[list[Contribution]]:
        """Contributions of each product, the largest first; what adds nothing is left out."""
        told = [self._told(name, part, items) for name, part in self._scored.parts.items()]
        told += [self._by_rule(added.rule, added.at(items)) for added in self._scored.force.added]
        if not told:
            return [[] for _ in items]
        sizes = np.array([np.abs(each.values) for each in told])
        shares = (sizes / np.maximum(sizes.sum(axis=0), _NEGLIGIBLE)).T.tolist()
        order = np.argsort(-sizes, axis=0, kind="stable").T.tolist()
        counts = (sizes > _NEGLIGIBLE).sum(axis=0).tolist()
        fields = [
            [self._fields(told[at], place, shares[place][at]) for at in order[place][: counts[place]]]
            for place in range(len(items))
        ]
        return _records().validate_python(fields)

    def usual(self) -> dict[str, float]:
        """Mean of each signal over an even sample of the products that could have appeared."""
        rows = np.flatnonzero(self._scored.allowed)
        rows = rows[:: max(len(rows) // _SAMPLE, 1)]
        if len(rows) == 0:
            return {}
        parts = {
            name: float(part[rows].mean()) if len(part) > 1 else float(part[0])
            for name, part in self._scored.parts.items()
        }
        return parts | {RULE + added.rule.rule_id: float(added.at(rows).mean()) for added in self._scored.force.added}

    def _told(self, name: str, part: NDArray[Any], items: NDArray[np.int64]) -> Told:
        values = part[items].astype(np.float64) if len(part) > 1 else np.full(len(items), float(part[0]))
        if name in self._scored.blend.popularity:
            return Told(name, values, self._popularity(name, items))
        found = sources(self._scored, name, items)
        if found is not None:
            return Told(name, values, self._linked(name, found, items), found)
        return Told(name, values, self._lift(name, items, values))

    def _fields(self, told: Told, place: int, share: float) -> dict[str, Any]:
        """Fields of a `Contribution`."""
        found, value = told.found, told.numbers[place]
        return {
            "signal": told.name,
            "value": value,
            "share": share,
            "because": told.words[place],
            "evidence": [] if found is None else evidence(found, place, self._shelf.cards, self._said, value),
        }

    def _popularity(self, name: str, items: NDArray[np.int64]) -> list[str]:
        signal = self._scored.blend.popularity[name]
        top = signal[items] >= self._floor(name, signal)
        return [popularity(name, top=bool(high), timed=self._timed) for high in top]

    def _floor(self, name: str, signal: NDArray[Any]) -> float:
        """The value from which on a product is one of the most popular."""
        return float(
            np.partition(signal, int((1 - _TOP_SHARE) * (len(signal) - 1)))[int((1 - _TOP_SHARE) * (len(signal) - 1))]
        )

    def _linked(self, name: str, found: Sources, items: NDArray[np.int64]) -> list[str]:
        """Each product's strongest link to something the shopper met."""
        words = []
        for place, item in enumerate(items.tolist()):
            row = found.strongest(place)
            words.append(
                "" if row is None else linked(name, self._shelf.cards[row], self._shelf.cards[item], self._said.of(row))
            )
        return words

    def _lift(self, name: str, items: NDArray[np.int64], values: NDArray[np.float64]) -> list[str]:
        """The value through which a lift comes about."""
        more, less = LIFTS.get(name, OTHER_LIFT)
        facet, taste = self._scored.blend.facets.get(name), self._scored.taste.facets.get(name)
        if facet is None or taste is None:
            return [(more if value > 0 else less).format(name.replace("_", " ")) for value in values]
        told = facet.side == "item"
        own = self._model.item_codes[name][items] if told else (taste[0] * facet.ratio[items]).argmax(axis=1)
        return [
            more.format(facet.labels[place]) if value > 0 and place >= 0 else less.format(name.replace("_", " "))
            for place, value in zip(own, values, strict=True)
        ]

    def _by_rule(self, rule: Rule, values: NDArray[np.float64]) -> Told:
        title = rule.name or rule.rule_id
        strength = rule.strength or 0.0
        if rule.kind in (RuleKind.BOOST, RuleKind.BURY):
            sign = "+" if rule.kind is RuleKind.BOOST else "-"
            words = f"{sign}{strength:g}% {rule.kind.value} by rule {title}"
        else:
            words = f"Weight of {rule.kind.value} by rule {title}"
        return Told(RULE + rule.rule_id, values, [words] * len(values))


@lru_cache(maxsize=1)
def _records() -> TypeAdapter[list[list[Contribution]]]:
    """Makes all records of an answer in one go, which is faster than one by one."""
    return TypeAdapter(list[list[Contribution]])


def reason(contributions: Sequence[Contribution], usual: Mapping[str, float]) -> str:
    """The one or two signals that lift the product most above the usual product.

    Parameters
    ----------
    usual : mapping of str to float
        Mean of each signal's contribution over the products that could have appeared.
    """
    lift = {part.signal: part.value - usual.get(part.signal, 0.0) for part in contributions if part.value > 0}
    best = sorted(
        (part for part in contributions if lift.get(part.signal, 0.0) > 0), key=lambda part: -lift[part.signal]
    )
    chosen = best[:1] + _second(best[1:], best[:1], lift)
    texts = [text for text in dict.fromkeys(part.because for part in chosen) if text]
    if not texts:
        return "Among the best of what is left after the filters"
    return "; ".join([texts[0], *(text[0].lower() + text[1:] for text in texts[1:])])


def _second(
    rest: Sequence[Contribution], first: Sequence[Contribution], lift: Mapping[str, float]
) -> list[Contribution]:
    """One more reason, if it weighs enough and does not name another link to an item."""
    for part in rest:
        if lift[part.signal] < _SECOND * lift[first[0].signal]:
            return []
        if not (part.evidence and first[0].evidence):
            return [part]
    return []
