"""The wall: recommendations as cards with price, stock, margin, arrows and badges, and what a card is used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.cards import item_facts, money
from dashboard.product_wall import WallAction, WallBadge, WallCard, product_wall
from dashboard.runtime import plain
from dashboard.sandbox import card_acts
from dashboard.sandbox.movement import Movement, moved_badge
from dashboard.sandbox.rule_words import KINDS
from dashboard.sandbox.sides import Side
from dashboard.sandbox.signal_words import rule_of
from dashboard.sandbox.stock_words import is_low, margin, margin_words, stock_words
from dashboard.state import param
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Draft, Rule
from engine.recommendation_engine.schema import Recommendation

_ACTIONS = [
    WallAction("view", "View"),
    WallAction("pin", "Pin here", menu=True),
    WallAction("boost", "Boost", menu=True),
    WallAction("bury", "Bury", menu=True),
    WallAction("hide", "Hide", menu=True),
    WallAction("price", "Try another price", menu=True),
    WallAction("basket", "Add to basket", menu=True),
    WallAction("dismiss", "Dismiss, as the shopper", menu=True),
    WallAction("page", "Look at its page", menu=True),
    WallAction("open", "Details", menu=True),
]
_MOST_GONE = 8


def wall(
    side: Side,
    draft: Draft,
    moves: Movement | None,
    cards: Mapping[str, ItemCard],
    *,
    key: str,
    dense: bool = False,
) -> None:
    """Draw one wall; what is clicked changes the draft, the visit or the basket before the next draw.

    Parameters
    ----------
    cards : mapping of str to ItemCard
        The catalogue, which has the prices of the shop where the draft tries others.
    """
    rules = {rule.rule_id: rule for rule in draft.plan.rules}
    opened = param("item")
    items = side.answer.items
    product_wall(
        [
            _card(item, rules, moves, cards.get(item.item_id), draft.prices.get(item.item_id), item.item_id == opened)
            for item in items
        ],
        key=key,
        label=f"Recommendations: {side.title}",
        actions=_ACTIONS,
        layout="dense" if dense else "",
        then=lambda click: card_acts.clicked(click, {item.item_id: item for item in items}),
    )
    if moves is not None and moves.gone:
        names = [plain(item.card.title or item.item_id) for item in moves.gone]
        rest = f" and {len(names) - _MOST_GONE} more" if len(names) > _MOST_GONE else ""
        st.caption(f"No longer in the list: {', '.join(names[:_MOST_GONE])}{rest}.")


def _card(
    item: Recommendation,
    rules: Mapping[str, Rule],
    moves: Movement | None,
    listed: ItemCard | None,
    tried: float | None,
    opened: bool,
) -> WallCard:
    card = item.card
    return WallCard(
        item_id=item.item_id,
        title=card.title or item.item_id,
        position=item.position,
        facts=item_facts(card),
        price=money(card.price if tried is None else tried),
        was=_was(listed, tried),
        numbers=" · ".join(part for part in (stock_words(card), margin_words(card, tried)) if part),
        reason=reason_with_share(item),
        note=_note(card, tried),
        image=card.image,
        moved=moved_badge(moves.places[item.item_id]) if moves and item.item_id in moves.places else None,
        badges=tuple(_badges(item, rules)),
        selected=opened,
    )


def reason_with_share(item: Recommendation) -> str:
    """The weightiest signal that speaks for a product, with its share."""
    first = next((part for part in item.contributions if part.value > 0 and rule_of(part.signal) is None), None)
    if item.reason and item.reason[0].isdigit():
        return item.reason
    return (
        f"{first.share:.0%} {first.because[0].lower()}{first.because[1:]}" if first and first.because else item.reason
    )


def _badges(item: Recommendation, rules: Mapping[str, Rule]) -> list[WallBadge]:
    badges = []
    if item.pinned_by is not None:
        badges.append(WallBadge("Pinned", "accent", f"Pinned by {_rule_name(item.pinned_by, rules)}"))
    if item.explored:
        chance = f", shown with a chance of {item.propensity:.0%}" if item.propensity is not None else ""
        badges.append(WallBadge("On trial", "accent", f"A new product on trial{chance}"))
    for part in item.contributions:
        rule_id = rule_of(part.signal)
        if rule_id is not None and abs(part.value) > 0:
            arrow, tone = ("+", "good") if part.value > 0 else ("−", "warn")
            badges.append(WallBadge(f"{_kind(rule_id, rules)} {arrow}{part.share:.0%} of score", tone, part.because))  # type: ignore[arg-type]
    return badges[:3]


def _kind(rule_id: str, rules: Mapping[str, Rule]) -> str:
    return KINDS[rules[rule_id].kind][0] if rule_id in rules else "Rule"


def _rule_name(rule_id: str, rules: Mapping[str, Rule]) -> str:
    return rules[rule_id].name or f"rule {rule_id}" if rule_id in rules else f"rule {rule_id}"


def _was(listed: ItemCard | None, tried: float | None) -> str:
    """The shop's own price, where the draft tries another one."""
    return money(listed.price) if listed is not None and tried is not None and listed.price != tried else ""


def _note(card: ItemCard, tried: float | None) -> str:
    if card.in_stock is False:
        return "Sold out"
    part = margin(card, tried)
    if part is not None and part < 0:
        return "Sold below its cost"
    return "Few left" if is_low(card) else ""


def as_rows(items: Sequence[Recommendation], moves: Movement | None = None) -> list[dict[str, Any]]:
    """Recommendations as rows of a download."""
    return [
        {
            "position": item.position,
            "item_id": item.item_id,
            "title": item.card.title,
            "category": item.card.category,
            "price": item.card.price,
            "stock": item.card.on_hand,
            "margin": None if (part := margin(item.card)) is None else round(part, 4),
            "moved": _moved(item.item_id, moves),
            "score": round(item.score, 6),
            "pinned": item.pinned_by is not None,
            "on_trial": item.explored,
            "reason": item.reason,
        }
        for item in items
    ]


def _moved(item_id: str, moves: Movement | None) -> int | str | None:
    if moves is None or item_id not in moves.places:
        return None
    step = moves.places[item_id]
    return "new" if step is None else step
