"""Rules of a plan in the words of a shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.cards import moment
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Rule, RuleKind, Scope

KINDS = {
    RuleKind.HIDE: ("Hide", ":material/visibility_off:", "These products never appear."),
    RuleKind.FILTER: ("Show only", ":material/filter_alt:", "Nothing but these products may appear."),
    RuleKind.PIN: ("Pin", ":material/push_pin:", "A product stands at a place of its own."),
    RuleKind.BOOST: ("Boost", ":material/trending_up:", "These products are chosen more readily."),
    RuleKind.BURY: ("Bury", ":material/trending_down:", "These products are chosen less readily."),
    RuleKind.FRESHNESS: ("Prefer new", ":material/new_releases:", "Products that came lately rise."),
    RuleKind.MARGIN: ("Prefer margin", ":material/payments:", "Products that earn more rise."),
    RuleKind.STOCK: ("Prefer stock", ":material/inventory_2:", "Products with many pieces rise."),
    RuleKind.CAP: ("Cap", ":material/stacks:", "At most so many products of one category or brand."),
    RuleKind.DIVERSITY: ("Diversity", ":material/shuffle:", "Products that look alike stand apart."),
}
"""Kind of rule to its name, its sign and what it does."""

_WEIGHS = {
    RuleKind.FRESHNESS: "Prefer new products",
    RuleKind.MARGIN: "Prefer products that earn more",
    RuleKind.STOCK: "Prefer products with many pieces",
}
_NAMED = 2


def rule_text(rule: Rule, cards: Mapping[str, ItemCard]) -> str:
    """What a rule does, in a sentence without a full stop."""
    where = where_text(rule.where, cards)
    match rule.kind:
        case RuleKind.HIDE:
            return f"Hide {where}"
        case RuleKind.FILTER:
            return f"Show only {where}"
        case RuleKind.PIN:
            return f"Pin {where} to place {rule.position}"
        case RuleKind.BOOST:
            return f"Boost {where} by {rule.strength:g}%"
        case RuleKind.BURY:
            return f"Bury {where} by {rule.strength:g}%"
        case RuleKind.CAP:
            return f"At most {rule.most} of one {str(rule.facet).replace('_', ' ')}"
        case RuleKind.DIVERSITY:
            return f"Keep products apart that look alike ({rule.strength:g} of 1)"
    return f"{_WEIGHS[rule.kind]} (weight {rule.strength:g})"


def where_text(where: Mapping[str, Any], cards: Mapping[str, ItemCard]) -> str:
    """The products that a rule is about."""
    parts = []
    for key, value in where.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        if key == "item_id":
            parts.append(_listing([title_of(str(item), cards) for item in values]))
        elif key == "price_range" and isinstance(value, (list, tuple)):
            parts.append(f"price {' to '.join('open' if end is None else f'{end:g}' for end in value)}")
        else:
            parts.append(f"{key.replace('_', ' ')} {_listing([str(each) for each in values], joint=' or ')}")
    return " and ".join(parts)


def title_of(item_id: str, cards: Mapping[str, ItemCard]) -> str:
    """A product's title; its id where the catalogue does not have it."""
    card = cards.get(item_id)
    return card.title if card is not None and card.title else item_id


def scope_text(scope: Scope) -> str:
    """For whom a rule holds; empty for everyone."""
    parts = [
        f"{label} {_listing(list(map(str, values)), joint=' or ').replace('_', ' ')}"
        for label, values in (
            ("segment", scope.segments),
            ("category", scope.categories),
            ("market", scope.markets),
            ("on", scope.surfaces),
        )
        if values
    ]
    return ", ".join(parts)


def schedule_text(rule: Rule, now: datetime) -> str:
    """When a rule holds, seen from now; empty for always."""
    if rule.ends is not None and rule.ends <= now:
        return f"ended {moment(rule.ends)}"
    if rule.starts is not None and rule.starts > now:
        until = f" until {moment(rule.ends)}" if rule.ends else ""
        return f"starts {moment(rule.starts)}{until}"
    return f"until {moment(rule.ends)}" if rule.ends else ""


def _listing(names: list[str], joint: str = ", ") -> str:
    rest = len(names) - _NAMED
    return joint.join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
