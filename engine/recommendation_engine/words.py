"""The vocabulary of reasons: what each signal is, and how its contribution is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.catalog.records import ItemCard

_SHARED = ("category", "brand", "colour", "season")

LIFTS = {
    "category": ("Fits the taste for {}", "Not the usual category"),
    "brand": ("Fits the taste for {}", "Not one of the usual brands"),
    "colour": ("Fits the taste for {}", "Not one of the usual colours"),
    "price": ("In the usual price range ({})", "Outside the usual price range"),
    "occasion": ("Often chosen for {}", "Seldom chosen for the occasion"),
    "size": ("Often chosen in size {}", "Seldom chosen in the size"),
    "age": ("Popular with shoppers aged {}", "Less popular at this age"),
    "sequence": ("Often comes after what was met", "Seldom comes after what was met"),
    "ranked": ("Among the best that were ranked again", "Not among the best that were ranked again"),
    "segment": ("Popular in the segment {}", "Less popular in this segment"),
}
"""By facet: what is said where it lifts, with the value, and where it does not."""

OTHER_LIFT = ("Fits by {}", "Does not fit by {}")

ABOUT = {
    "trending": "Popularity of the last weeks.",
    "popular": "Popularity of the last months.",
    "novelty": "How lately the product came into the shop.",
    "together": "Chosen by the same shoppers (random walk from what this one met).",
    "similar": "Shares attributes and words with what the shopper met.",
    "cosine": "Chosen by the same shoppers (shrunk cosine).",
    "linear": "Chosen by the same shoppers (linear model of items on items).",
    "factors": "Chosen by shoppers of the same taste (matrix factors).",
    "sequence": "What usually follows the last products, in their order.",
    "meaning": "Near in words and picture to what the shopper likes.",
    "goes_with": "Bought together with the product, from another category.",
    "ranked": "Where the trees that rank the best again start from.",
    "category": "The shopper's categories.",
    "brand": "The shopper's brands.",
    "colour": "The shopper's colours.",
    "price": "The shopper's price range.",
    "occasion": "The occasion that is asked for or usual.",
    "size": "The size that is asked for or usual.",
    "age": "Popularity at the shopper's age.",
    "segment": "Popularity in the shopper's segment.",
    "alike": "Likeness to the product of the page.",
    "avoided": "Likeness to what the shopper sent back or dismissed.",
}
"""Signals in one line each."""


def popularity(name: str, *, top: bool, timed: bool) -> str:
    """A signal that is the same for everybody, in words."""
    if name == "novelty":
        return "New in the shop" if top else "In the shop for a while"
    if not timed:
        return "One of the most chosen products" if top else "Chosen by other shoppers"
    if name == "popular":
        return "A favourite of the last months" if top else "Chosen over the last months"
    return "Trending this month" if top else "Chosen in the last weeks"


def linked(name: str, source: ItemCard, target: ItemCard, said: str) -> str:
    """A link from a product that was met, in words."""
    title = source.title or source.item_id
    if name == "goes_with":
        return f"Goes with {title}, {said}"
    if name in ("meaning", "avoided", "alike"):
        return f"Looks like {title}, {said}"
    if name != "similar":
        return f"Because of {title}, {said}"
    shared = [facet for facet in _SHARED if getattr(source, facet) and getattr(source, facet) == getattr(target, facet)]
    if not shared:
        return f"Reads like {title}, {said}"
    words = shared[0] if len(shared) == 1 else f"{', '.join(shared[:-1])} and {shared[-1]}"
    return f"Shares {words} with {title}, {said}"


def about(signal: str) -> str:
    """A signal in one line; one that is not known by name is a lift of an attribute."""
    return ABOUT.get(signal, f"Lift by {signal.replace('_', ' ').replace(':', ', ')}.")
