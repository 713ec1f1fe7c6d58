"""The vocabulary of reasons: what each signal is, and how its contribution is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.catalog.records import ItemCard

_SHARED = ("category", "brand", "colour", "season")

POPULAR = {
    "trending": ("Trending this month", "Chosen in the last weeks"),
    "popular": ("A favourite of the last months", "Chosen over the last months"),
    "seasonal": ("Popular at this time of the year", "Chosen at this time of the year"),
    "novelty": ("New in the shop", "Its age in the shop"),
}
"""By signal that is the same for everybody: what is said of the top products, and of the others."""

_UNTIMED = ("One of the most chosen products", "Chosen by other shoppers")

LINKS = {
    "together": "Because of {}, {}",
    "linear": "Because of {}, {}",
    "cosine": "Because of {}, {}",
    "factors": "Liked by those who like {}, {}",
    "similar": "Reads like {}, {}",
    "meaning": "Close in kind to {}, {}",
    "goes_with": "Goes with {}, {}",
    "alike": "Looks like {}, {}",
    "avoided": "Looks like {}, {}",
}
"""By signal that leads from a product that was met: what is said, with its title and how it was met."""

_OTHER_LINK = "Because of {}, {}"

LIFTS = {
    "category": ("Fits the taste for {}", "Not the usual category"),
    "brand": ("Fits the taste for {}", "Not one of the usual brands"),
    "colour": ("Fits the taste for {}", "Not one of the usual colours"),
    "price": ("In the usual price range ({})", "Outside the usual price range"),
    "occasion": ("Often chosen for {}", "Seldom chosen for the occasion"),
    "size": ("Often chosen in size {}", "Seldom chosen in the size"),
    "age": ("Popular with shoppers aged {}", "Less popular at this age"),
    "sequence": ("Follows what was looked at last", "Seldom follows what was looked at last"),
    "ranked": ("Among the best that were ranked again", "Not among the best that were ranked again"),
    "segment": ("Popular in the segment {}", "Less popular in this segment"),
}
"""By facet, or by signal without sources: what is said where it lifts, with the value, and where it does not."""

OTHER_LIFT = ("Fits by {}", "Does not fit by {}")

ABOUT = {
    "trending": "Popularity of the last weeks.",
    "popular": "Popularity of the last months.",
    "novelty": "How lately the product came into the shop.",
    "seasonal": "Popularity at this time of the year, a year ago.",
    "together": "Chosen by the same shoppers (random walk from what this one met).",
    "similar": "Shares attributes and words with what the shopper met.",
    "cosine": "Chosen by the same shoppers (shrunk cosine).",
    "linear": "Chosen by the same shoppers (linear model of items on items).",
    "factors": "Chosen by shoppers of the same taste (matrix factors).",
    "sequence": "What usually follows the last products, in their order.",
    "meaning": "Near in what its words say to what the shopper likes.",
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
    """A signal that is the same for everybody, in words; without times nothing can be called recent."""
    best, rest = POPULAR.get(name, _UNTIMED) if timed else _UNTIMED
    return best if top else rest


def linked(name: str, source: ItemCard, target: ItemCard, said: str) -> str:
    """A link from a product that was met, in words."""
    title = source.title or source.item_id
    if name == "similar" and (shared := _shared(source, target)):
        return f"Shares {shared} with {title}, {said}"
    return LINKS.get(name, _OTHER_LINK).format(title, said)


def about(signal: str) -> str:
    """A signal in one line; one that is not known by name is a lift of an attribute."""
    return ABOUT.get(signal, f"Lift by {signal.replace('_', ' ').replace(':', ', ')}.")


def _shared(source: ItemCard, target: ItemCard) -> str:
    """Attributes that both have, in words."""
    names = [facet for facet in _SHARED if getattr(source, facet) and getattr(source, facet) == getattr(target, facet)]
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])
