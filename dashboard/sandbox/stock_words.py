"""Stock and margin of a product in a few words."""

from __future__ import annotations

from engine.catalog.records import ItemCard

LOW_STOCK = 5
"""Pieces from which on stock is called low."""


def stock_words(card: ItemCard) -> str:
    """Pieces on hand; empty where the shop tells no stock."""
    if card.on_hand is not None and card.on_hand > 0:
        return f"{card.on_hand:,} in stock"
    if card.in_stock is False or card.on_hand == 0:
        return "Sold out"
    return "In stock" if card.in_stock else ""


def is_low(card: ItemCard) -> bool:
    """Whether few pieces are left."""
    return card.on_hand is not None and 0 < card.on_hand <= LOW_STOCK


def margin(card: ItemCard, price: float | None = None) -> float | None:
    """Part of the price that stays after the purchase cost; None where cost or price is not known.

    Parameters
    ----------
    price : float, optional
        Another price than the card's, in the same currency.
    """
    charged = card.price if price is None else price
    if card.cost is None or charged is None or charged <= 0:
        return None
    return 1 - card.cost / charged


def margin_words(card: ItemCard, price: float | None = None) -> str:
    """The margin, such as `58% margin`; empty where it is not known."""
    part = margin(card, price)
    return "" if part is None else f"{part:.0%} margin"
