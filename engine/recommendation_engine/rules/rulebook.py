"""A plan held against a catalogue: each rule's products are looked up once, not at every request."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommendation_engine.context import select
from engine.recommendation_engine.plan import ABOUT_PRODUCTS, ABOUT_SCORES, Plan, Rule, RuleKind, Surface, Warned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.shelf import Shelf

_KEPT = 32


@dataclass(frozen=True)
class Situation:
    """What decides which rules hold for a request.

    Parameters
    ----------
    moment : datetime or None
        None counts every rule that is on, whatever its schedule.
    groups : frozenset of str
        Segment and age band of the shopper, in lower case.
    categories : frozenset of str
        Categories that the request names, in lower case.
    """

    moment: datetime | None = None
    groups: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    market: str | None = None
    surface: Surface = Surface.HOME


@dataclass(frozen=True)
class Pin:
    """A product at a place, counted from 1."""

    row: int
    position: int
    rule: Rule


@dataclass(frozen=True)
class Cap:
    """At most `most` products with one value; `codes` has one row a product, -1 pads.

    Parameters
    ----------
    codes : ndarray of int32, shape (n_products, n_values_of_one)
    rows : tuple of ndarray
        Products by code.
    """

    rule: Rule
    most: int
    codes: NDArray[np.int32]
    rows: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True)
class Added:
    """What a rule adds to scores: `factor * of`.

    Parameters
    ----------
    of : ndarray of bool or float64, shape (n_products,)
        The products that it names, or a property of all.
    """

    rule: Rule
    factor: float
    of: NDArray[Any]

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """What some products get."""
        found: NDArray[np.float64] = self.factor * self.of[rows]
        return found


@dataclass(frozen=True)
class InForce:
    """The rules that hold for one request, resolved to rows.

    Parameters
    ----------
    barred : ndarray of bool, shape (n_products,), or None
        Hidden and filtered-out products.
    bonus : ndarray of float64, shape (n_products,), or None
        What all rules together add to scores.
    added : tuple of Added
        What each rule adds, in the plan's order; they sum to `bonus`.
    """

    barred: NDArray[np.bool_] | None = None
    bonus: NDArray[np.float64] | None = None
    added: tuple[Added, ...] = ()
    hides: tuple[tuple[Rule, NDArray[np.bool_]], ...] = ()
    filters: tuple[tuple[Rule, NDArray[np.bool_]], ...] = ()
    pins: tuple[Pin, ...] = ()
    caps: tuple[Cap, ...] = ()
    diversity: float = 0.0
    spread_by: Rule | None = None
    warnings: tuple[Warned, ...] = ()


@dataclass
class _Entry:
    """A rule with its products; `problem` says why it cannot be read here."""

    rule: Rule
    rows: NDArray[np.bool_] | None = None
    cap: Cap | None = None
    problem: str = ""


@dataclass
class Rulebook:
    """A plan's rules over the products of a shelf."""

    plan: Plan
    shelf: Shelf
    entries: list[_Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries = [self._entry(rule) for rule in self.plan.rules]
        self._resolved: dict[tuple[int, ...], InForce] = {}
        self._guard = threading.Lock()

    def in_force(self, situation: Situation) -> InForce:
        """The rules that hold, resolved; the same set of rules is resolved once."""
        holding = tuple(place for place, entry in enumerate(self.entries) if holds(entry.rule, situation))
        if not holding:
            return InForce()
        with self._guard:
            found = self._resolved.get(holding)
        if found is None:
            found = self._resolve([self.entries[place] for place in holding])
            with self._guard:
                if len(self._resolved) >= _KEPT:
                    self._resolved.clear()
                self._resolved[holding] = found
        return found

    def rows(self, rule_id: str) -> NDArray[np.bool_]:
        """Products that a rule names; none where it cannot be read here."""
        for entry in self.entries:
            if entry.rule.rule_id == rule_id and entry.rows is not None:
                return entry.rows
        return np.zeros(len(self.shelf.cards), dtype=bool)

    def problems(self) -> list[Warned]:
        """Rules that cannot be read against this catalogue."""
        return [
            Warned(rules=(e.rule.rule_id,), text=f"{named(e.rule)}: {e.problem}") for e in self.entries if e.problem
        ]

    def _entry(self, rule: Rule) -> _Entry:
        entry = _Entry(rule)
        try:
            if rule.kind in ABOUT_PRODUCTS:
                entry.rows = select(rule.where, self.shelf.facets)
            elif rule.kind is RuleKind.CAP:
                entry.cap = self._cap(rule)
        except InvalidInput as error:
            entry.problem = f"{error.found} {error.expected}"
        return entry

    def _cap(self, rule: Rule) -> Cap:
        by_value = self.shelf.facets.by_value(str(rule.facet))
        rows = tuple(by_value.values())
        size = len(self.shelf.cards)
        many = np.bincount(np.concatenate(rows), minlength=size) if rows else np.zeros(size, dtype=np.int64)
        codes = np.full((size, max(int(many.max(initial=1)), 1)), -1, dtype=np.int32)
        filled = np.zeros(size, dtype=np.int64)
        for code, found in enumerate(rows):
            codes[found, filled[found]] = code
            filled[found] += 1
        return Cap(rule, int(rule.most or 1), codes, rows)

    def _resolve(self, entries: Sequence[_Entry]) -> InForce:
        hides = [(e.rule, self._named(e)) for e in entries if e.rule.kind is RuleKind.HIDE]
        filters = [(e.rule, self._named(e)) for e in entries if e.rule.kind is RuleKind.FILTER]
        added = [found for e in entries if (found := self._added(e)) is not None]
        spreads = [e.rule for e in entries if e.rule.kind is RuleKind.DIVERSITY]
        widest = max(spreads, key=lambda rule: rule.strength or 0.0, default=None)
        barred = [rows for _, rows in hides] + [~rows for _, rows in filters]
        return InForce(
            barred=np.logical_or.reduce(barred) if barred else None,
            bonus=_bonus(added, len(self.shelf.cards)) if added else None,
            added=tuple(added),
            hides=tuple(hides),
            filters=tuple(filters),
            pins=tuple(pin for e in entries if e.rule.kind is RuleKind.PIN for pin in self._pins(e.rule)),
            caps=tuple(e.cap for e in entries if e.cap is not None),
            diversity=float(widest.strength or 0.0) if widest else 0.0,
            spread_by=widest,
            warnings=tuple(
                Warned(rules=(e.rule.rule_id,), text=f"{named(e.rule)}: {e.problem}") for e in entries if e.problem
            ),
        )

    def _named(self, entry: _Entry) -> NDArray[np.bool_]:
        return np.zeros(len(self.shelf.cards), dtype=bool) if entry.rows is None else entry.rows

    def _added(self, entry: _Entry) -> Added | None:
        """What a rule adds; None for kinds that add nothing."""
        rule = entry.rule
        strength = rule.strength or 0.0
        if rule.kind in (RuleKind.BOOST, RuleKind.BURY):
            return Added(rule, log_odds(rule.kind, strength), self._named(entry))
        if rule.kind in ABOUT_SCORES:
            return Added(rule, strength, getattr(self.shelf, rule.kind.value))
        return None

    def _pins(self, rule: Rule) -> list[Pin]:
        """The named products in the order of the rule, from its place on."""
        given = rule.where["item_id"]
        ids = [str(item) for item in (given if isinstance(given, (list, tuple)) else [given])]
        rows = [self.shelf.facets.place[item] for item in ids if item in self.shelf.facets.place]
        rest = self._named(next(entry for entry in self.entries if entry.rule is rule))
        first = int(rule.position or 1)
        kept = [row for row in dict.fromkeys(rows) if rest[row]]
        return [Pin(row, first + place, rule) for place, row in enumerate(kept)]


def _bonus(added: Sequence[Added], size: int) -> NDArray[np.float64]:
    total = np.zeros(size)
    for each in added:
        total += each.factor * each.of
    return total


def log_odds(kind: RuleKind, percent: float) -> float:
    """What a boost or bury adds to a score: the log of the factor on the odds of being chosen."""
    return math.log1p(percent / 100) if kind is RuleKind.BOOST else math.log1p(-percent / 100)


def holds(rule: Rule, situation: Situation) -> bool:
    """Whether a rule is on, in its time and in its scope."""
    if not rule.on or (situation.moment is not None and not rule.holds_at(situation.moment)):
        return False
    scope = rule.scope
    return (
        (not scope.surfaces or situation.surface in scope.surfaces)
        and (not scope.markets or (situation.market or "").casefold() in {each.casefold() for each in scope.markets})
        and (not scope.segments or bool(situation.groups & {each.casefold() for each in scope.segments}))
        and (not scope.categories or bool(situation.categories & {each.casefold() for each in scope.categories}))
    )


def named(rule: Rule) -> str:
    """How a rule is called in a sentence."""
    return f"{rule.kind.value.capitalize()} rule {rule.name or rule.rule_id!r}"
