"""What the signals of a recommender are called."""

from __future__ import annotations

_NAMES = {
    "trending": "Trending now",
    "popular": "Popular",
    "together": "Chosen together",
    "similar": "Similar in kind",
    "cosine": "Close neighbours",
    "linear": "Learned neighbours",
    "factors": "Shared tastes",
    "sequence": "Order of the visit",
    "meaning": "Words and pictures",
    "goes_with": "Goes with it",
    "price": "Price range",
}
_RULE = "rule:"


def signal_name(signal: str) -> str:
    """A signal's name for people; a rule's part is called a rule."""
    if signal.startswith(_RULE):
        return "Rule"
    return _NAMES.get(signal, signal.replace("_", " ").capitalize())


def rule_of(signal: str) -> str | None:
    """The id of the rule that a contribution comes from; None for a signal of the model."""
    return signal.removeprefix(_RULE) if signal.startswith(_RULE) else None
