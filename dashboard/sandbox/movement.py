"""How places differ between two lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.product_wall import WallBadge
from engine.recommendation_engine.schema import Recommendation


@dataclass(frozen=True)
class Movement:
    """How one list differs from another that it is held against.

    Attributes
    ----------
    places : dict of str to int or None
        By how many places a product stands higher, negative for lower; None where it is new in the list.
    gone : list of Recommendation
        What the other list had and this one has not.
    """

    places: dict[str, int | None]
    gone: list[Recommendation]

    @property
    def up(self) -> int:
        """Products that stand higher."""
        return sum(step is not None and step > 0 for step in self.places.values())

    @property
    def down(self) -> int:
        """Products that stand lower."""
        return sum(step is not None and step < 0 for step in self.places.values())

    @property
    def new(self) -> int:
        """Products that the other list did not have."""
        return sum(step is None for step in self.places.values())

    @property
    def text(self) -> str:
        """The movement in a sentence."""
        counts = [(self.new, "came in"), (len(self.gone), "left"), (self.up, "rose"), (self.down, "fell")]
        told = [f"{number} {word}" for number, word in counts if number]
        return f"{', '.join(told)}." if told else "Nothing moved."


def movement(before: Sequence[Recommendation], after: Sequence[Recommendation]) -> Movement:
    """Hold a list against another one."""
    stood = {item.item_id: item.position for item in before}
    stands = {item.item_id for item in after}
    places = {item.item_id: stood[item.item_id] - item.position if item.item_id in stood else None for item in after}
    return Movement(places, [item for item in before if item.item_id not in stands])


def moved_badge(step: int | None) -> WallBadge | None:
    """The arrow on a card; nothing where the place is the same."""
    if step is None:
        return WallBadge("new", "accent", "New in the list")
    if step == 0:
        return None
    places = "place" if abs(step) == 1 else "places"
    if step > 0:
        return WallBadge(f"↑{step}", "good", f"Up {step} {places}")
    return WallBadge(f"↓{-step}", "warn", f"Down {-step} {places}")
