"""What the signals of a recommender are called."""

from __future__ import annotations

NAMES = {
    "trending": "Trending now",
    "popular": "Popular",
    "novelty": "New in the shop",
    "seasonal": "Time of the year",
    "together": "Chosen together",
    "similar": "Similar in kind",
    "cosine": "Close neighbours",
    "linear": "Learned neighbours",
    "factors": "Shared tastes",
    "sequence": "Order of the visit",
    "meaning": "Meaning of its words",
    "goes_with": "Goes with it",
    "category": "Category",
    "brand": "Brand",
    "colour": "Colour",
    "price": "Price range",
    "occasion": "Occasion",
    "size": "Size",
    "age": "Age",
    "segment": "Segment",
    "alike": "Like this product",
    "avoided": "Like what was sent back",
    "ranked": "Second stage",
}
"""By signal; one that a shop brings along is called by its own name."""

_RULE = "rule:"


def signal_name(signal: str) -> str:
    """A signal's name for people; a rule's part is called a rule."""
    if signal.startswith(_RULE):
        return "Rule"
    return NAMES.get(signal, signal.replace("_", " ").capitalize())


def rule_of(signal: str) -> str | None:
    """The id of the rule that a contribution comes from; None for a signal of the model."""
    return signal.removeprefix(_RULE) if signal.startswith(_RULE) else None
