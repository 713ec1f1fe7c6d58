"""What a merchandiser should know of a plan before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.facets import listing, meant
from engine.recommendation_engine.plan import ABOUT_PRODUCTS, Plan, Rule, RuleKind, Scope, Warned
from engine.recommendation_engine.rules.rulebook import Rulebook, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.shelf import Shelf

USUAL_LIMIT = 10


def check(
    plan: Plan,
    shelf: Shelf,
    signals: Sequence[str],
    segments: Sequence[str],
    now: datetime,
    *,
    limit: int = USUAL_LIMIT,
) -> list[Warned]:
    """Conflicts and blunders of a plan, each with the rules that it is about.

    Parameters
    ----------
    signals : sequence of str
        What weights may name.
    segments : sequence of str
        Groups that a scope may name; a scope is not checked where there are none.
    limit : int
        Length of the lists that are shown.
    """
    rules = Rulebook(plan, shelf)
    active = [rule for rule in plan.rules if rule.on and not _over(rule, now)]
    found = [
        Warned(rules=(), text=f"There is no signal {name!r} here. There is: {listing(signals)}.")
        for name in plan.weights
        if name not in signals
    ]
    found += rules.problems()
    found += _time(plan.rules, now)
    found += _scopes(active, shelf, segments)
    found += _empty(active, rules)
    found += _properties(active, shelf)
    found += _pins(active, rules, shelf, limit)
    found += _opposites(active, rules)
    found += _filters(active, rules, shelf)
    found += _caps(active, shelf, limit)
    return found


def _over(rule: Rule, now: datetime) -> bool:
    return rule.ends is not None and rule.ends <= now


def _time(rules: Sequence[Rule], now: datetime) -> Iterator[Warned]:
    for rule in rules:
        if not rule.on:
            yield Warned(rules=(rule.rule_id,), text=f"{named(rule)} is switched off.")
        elif _over(rule, now):
            yield Warned(
                rules=(rule.rule_id,), text=f"{named(rule)} ended on {rule.ends:%Y-%m-%d} and is never in force."
            )


def _scopes(rules: Sequence[Rule], shelf: Shelf, segments: Sequence[str]) -> Iterator[Warned]:
    categories = shelf.facets.values.get("category", {})
    for rule in rules:
        for value in rule.scope.categories:
            if meant(value, categories, "category") is None:
                text = f"{named(rule)} holds for the category {value!r}, which is not here. There is: {listing(categories)}."
                yield Warned(rules=(rule.rule_id,), text=text)
        known = {segment.casefold() for segment in segments}
        for value in rule.scope.segments:
            if value.casefold() not in known:
                there = f"There is: {listing(segments)}." if segments else "The shop tells no segments."
                text = f"{named(rule)} holds for the segment {value!r}, which is not here. {there}"
                yield Warned(rules=(rule.rule_id,), text=text)


def _empty(rules: Sequence[Rule], book: Rulebook) -> Iterator[Warned]:
    unreadable = {name for problem in book.problems() for name in problem.rules}
    for rule in rules:
        if rule.kind in ABOUT_PRODUCTS and rule.rule_id not in unreadable and not book.rows(rule.rule_id).any():
            yield Warned(rules=(rule.rule_id,), text=f"{named(rule)} matches no product.")


def _properties(rules: Sequence[Rule], shelf: Shelf) -> Iterator[Warned]:
    """Weights of what the shop does not tell."""
    needs = {RuleKind.FRESHNESS: "first days in the shop", RuleKind.MARGIN: "costs and prices", RuleKind.STOCK: "stock"}
    for rule in rules:
        if rule.kind in needs and not getattr(shelf, rule.kind.value).any():
            text = f"{named(rule)} changes nothing: the shop tells no {needs[rule.kind]}."
            yield Warned(rules=(rule.rule_id,), text=text)


def _pins(rules: Sequence[Rule], book: Rulebook, shelf: Shelf, limit: int) -> Iterator[Warned]:
    pins = [rule for rule in rules if rule.kind is RuleKind.PIN]
    hidden = _any([(rule, book.rows(rule.rule_id)) for rule in rules if rule.kind is RuleKind.HIDE])
    left_out = _any([(rule, ~book.rows(rule.rule_id)) for rule in rules if rule.kind is RuleKind.FILTER])
    for pin in pins:
        rows = book.rows(pin.rule_id)
        if (rows & shelf.facets.sold_out).any():
            yield Warned(rules=(pin.rule_id,), text=f"{named(pin)} names a product that is sold out.")
        for barred, verb in ((hidden, "hides"), (left_out, "filters out")):
            for rule, mask in barred:
                if (rows & mask).any() and _meet(pin.scope, rule.scope) and _overlap(pin, rule):
                    text = f"{named(pin)} names a product that {uncapped(named(rule))} {verb}; it will not appear."
                    yield Warned(rules=(pin.rule_id, rule.rule_id), text=text)
        if pin.position is not None and pin.position > limit:
            text = f"{named(pin)} wants place {pin.position}; lists of {limit} do not have it."
            yield Warned(rules=(pin.rule_id,), text=text)
    for first, second in combinations(pins, 2):
        if _meet(first.scope, second.scope) and _overlap(first, second):
            if _places(first) & _places(second):
                text = f"{named(first)} and {uncapped(named(second))} want the same place; the later one moves on."
                yield Warned(rules=(first.rule_id, second.rule_id), text=text)
            if (book.rows(first.rule_id) & book.rows(second.rule_id)).any():
                text = f"{named(first)} and {uncapped(named(second))} pin the same product; the first counts."
                yield Warned(rules=(first.rule_id, second.rule_id), text=text)


def _opposites(rules: Sequence[Rule], book: Rulebook) -> Iterator[Warned]:
    for first, second in combinations([r for r in rules if r.kind in (RuleKind.BOOST, RuleKind.BURY)], 2):
        if first.kind is second.kind or not (_meet(first.scope, second.scope) and _overlap(first, second)):
            continue
        both = int((book.rows(first.rule_id) & book.rows(second.rule_id)).sum())
        if both:
            text = (
                f"{named(first)} and {uncapped(named(second))} pull {both:,} products both ways; their effects add up."
            )
            yield Warned(rules=(first.rule_id, second.rule_id), text=text)


def _filters(rules: Sequence[Rule], book: Rulebook, shelf: Shelf) -> Iterator[Warned]:
    filters = [rule for rule in rules if rule.kind is RuleKind.FILTER]
    for first, second in combinations(filters, 2):
        rows = book.rows(first.rule_id) & book.rows(second.rule_id)
        if not rows.any() and _meet(first.scope, second.scope) and _overlap(first, second):
            text = f"{named(first)} and {uncapped(named(second))} exclude each other: together they leave nothing."
            yield Warned(rules=(first.rule_id, second.rule_id), text=text)
    everywhere = [r for r in rules if r.scope == Scope() and r.kind in (RuleKind.FILTER, RuleKind.HIDE)]
    if everywhere:
        masks = [~book.rows(r.rule_id) if r.kind is RuleKind.HIDE else book.rows(r.rule_id) for r in everywhere]
        left = np.logical_and.reduce([*masks, ~shelf.facets.sold_out, shelf.listed])
        if not left.any():
            ids = tuple(rule.rule_id for rule in everywhere)
            yield Warned(rules=ids, text="Rules for everybody and stock leave nothing to show.")


def _caps(rules: Sequence[Rule], shelf: Shelf, limit: int) -> Iterator[Warned]:
    for cap in (rule for rule in rules if rule.kind is RuleKind.CAP):
        if cap.facet not in shelf.facets.values and cap.facet != "price_range":
            continue
        by_value = shelf.facets.by_value(str(cap.facet))
        most = int(cap.most or 1)
        told = np.zeros(len(shelf.cards), dtype=bool)
        for rows in by_value.values():
            told[rows] = True
        if bool((told | ~shelf.listed).all()) and most * len(by_value) < limit:
            text = f"{named(cap)} leaves at most {most * len(by_value)} of {limit} places filled."
            yield Warned(rules=(cap.rule_id,), text=text)
        for value, rows in by_value.items():
            pinned = [r for r in rules if r.kind is RuleKind.PIN and _meet(r.scope, cap.scope)]
            ids = {item for rule in pinned for item in _ids(rule)}
            held = sum(shelf.cards[int(row)].item_id in ids for row in rows) if ids else 0
            if held > most:
                text = f"{named(cap)} allows {most} of {value!r}, but {held} are pinned; pins stay."
                yield Warned(rules=(cap.rule_id, *(rule.rule_id for rule in pinned)), text=text)


def _any(masks: Sequence[tuple[Rule, NDArray[np.bool_]]]) -> list[tuple[Rule, NDArray[np.bool_]]]:
    return [(rule, mask) for rule, mask in masks if mask.any()]


def _meet(first: Scope, second: Scope) -> bool:
    """Whether one request can lie in both scopes."""
    return all(
        not mine or not theirs or {str(v).casefold() for v in mine} & {str(v).casefold() for v in theirs}
        for mine, theirs in (
            (first.segments, second.segments),
            (first.categories, second.categories),
            (first.markets, second.markets),
            (first.surfaces, second.surfaces),
        )
    )


def _overlap(first: Rule, second: Rule) -> bool:
    """Whether two rules are in force at one time."""
    return not (
        (first.ends is not None and second.starts is not None and first.ends <= second.starts)
        or (second.ends is not None and first.starts is not None and second.ends <= first.starts)
    )


def _ids(pin: Rule) -> list[str]:
    given = pin.where.get("item_id", [])
    return [str(item) for item in (given if isinstance(given, (list, tuple)) else [given])]


def _places(pin: Rule) -> set[int]:
    first = int(pin.position or 1)
    return set(range(first, first + max(len(_ids(pin)), 1)))


def uncapped(text: str) -> str:
    """A name as it stands within a sentence."""
    return text[:1].lower() + text[1:]
