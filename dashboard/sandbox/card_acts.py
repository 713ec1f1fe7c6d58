"""What a click on a product card does: to the draft, to the visit, to the basket, or just look."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import streamlit as st

from dashboard.product_wall import WallClick
from dashboard.runtime import page_actor
from dashboard.sandbox import basket, visit
from dashboard.sandbox.draft import desk, set_price, set_rules
from dashboard.sandbox.place import look_at
from dashboard.sandbox.rule_words import KINDS
from dashboard.sandbox.say import say
from dashboard.state import param, set_params
from engine.recommendation_engine.plan import MOST_PERCENT, Rule, RuleKind, Scope
from engine.recommendation_engine.schema import Act, Recommendation

_STEP = 50.0
_HARDEST_BURY = 90.0
_LONGEST_NAME = 100


def clicked(click: WallClick, items: Mapping[str, Recommendation]) -> None:
    """Do what the click asks, before the page is drawn again."""
    item = items.get(click.item_id)
    if item is None:
        return
    match click.action:
        case "open":
            set_params(item=item.item_id)
        case "view":
            visit.note(Act.VIEW, item.item_id)
        case "dismiss":
            visit.note(Act.DISMISS, item.item_id)
        case "basket":
            basket.add(item.item_id)
            if "Basket" not in (param("who"), param("surface")):  # there the basket itself is asked with
                visit.note(Act.CART, item.item_id)
            say("It is in the basket.")
        case "page":
            look_at(item.item_id)
            st.rerun()
        case "price":
            set_price(item.item_id, item.card.price or 1.0)
            st.session_state["open_prices"] = True
        case "pin":
            pin(item.item_id, item.position, item.card.title)
        case "boost" | "bury" | "hide" as kind:
            {"boost": boost, "bury": bury, "hide": hide}[kind](item.item_id, item.card.title)


def pin(item_id: str, position: int, title: str) -> None:
    """Pin a product to a place; an earlier pin of it moves there."""
    others = [rule for rule in desk().draft.plan.rules if not _about(rule, RuleKind.PIN, item_id)]
    set_rules([*others, _rule(RuleKind.PIN, item_id, title, position=position)])
    say(f"{title} is pinned to place {position} in the draft.")


def boost(item_id: str, title: str, percent: float | None = None) -> None:
    """Boost a product by another step, or to a given percentage."""
    _strengthen(RuleKind.BOOST, item_id, title, percent, MOST_PERCENT)


def bury(item_id: str, title: str) -> None:
    """Bury a product by another step."""
    _strengthen(RuleKind.BURY, item_id, title, None, _HARDEST_BURY)


def hide(item_id: str, title: str) -> None:
    """Hide a product: it joins the rule that hides products picked from the wall."""
    rules = list(desk().draft.plan.rules)
    for place, rule in enumerate(rules):
        if rule.kind is RuleKind.HIDE and set(rule.where) == {"item_id"} and rule.on and rule.scope == Scope():
            hidden = list(dict.fromkeys([*rule.where["item_id"], item_id]))
            name = "Hide products" if rule.name.startswith("Hide ") else rule.name
            rules[place] = rule.model_copy(update={"where": {"item_id": hidden}, "name": name})
            break
    else:
        rules.append(_rule(RuleKind.HIDE, item_id, title))
    set_rules(rules)
    say(f"{title} is hidden in the draft.")


def _strengthen(kind: RuleKind, item_id: str, title: str, percent: float | None, most: float) -> None:
    rules = list(desk().draft.plan.rules)
    place = next((at for at, rule in enumerate(rules) if _about(rule, kind, item_id)), None)
    before = rules[place].strength or 0.0 if place is not None else 0.0
    strength = min(
        most, percent if percent is not None else before + (_STEP if kind is RuleKind.BOOST else _less(before))
    )
    if place is None:
        rules.append(_rule(kind, item_id, title, strength=strength))
    else:
        rules[place] = rules[place].model_copy(update={"strength": strength})
    set_rules(rules)
    say(f"{title}: {'boosted' if kind is RuleKind.BOOST else 'buried'} by {strength:g}% in the draft.")


def _less(before: float) -> float:
    """Half of the odds that are left."""
    return (100.0 - before) / 2


def _about(rule: Rule, kind: RuleKind, item_id: str) -> bool:
    """Whether a rule of a kind is about this product alone, for everyone and always."""
    plain = rule.scope == Scope() and rule.on and rule.starts is None and rule.ends is None
    return plain and rule.kind is kind and list(rule.where.get("item_id", ())) == [item_id] and len(rule.where) == 1


def new_id(kind: RuleKind) -> str:
    """An id for a new rule."""
    return f"{kind}-{secrets.token_hex(3)}"


def _rule(
    kind: RuleKind, item_id: str, title: str, *, strength: float | None = None, position: int | None = None
) -> Rule:
    return Rule(
        rule_id=new_id(kind),
        kind=kind,
        name=f"{KINDS[kind][0]} {title or item_id}"[:_LONGEST_NAME],
        where={"item_id": [item_id]},
        strength=strength,
        position=position,
        author=page_actor().name,
    )
