"""What is asked for: the shopper, the place in the shop and the wishes, the same for every wall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox import basket, visit
from engine.recommendation_engine.plan import Surface


@dataclass(frozen=True)
class Asked:
    """One question to the recommender, as far as the page's head asks it.

    Attributes
    ----------
    shopper : str or None
        Pseudonym; None for a basket alone.
    context : mapping
        Filters and wishes.
    item_id : str or None
        The product that the list is about.
    missing : str
        What has to be chosen before anything can be asked.
    """

    shop: str
    snapshot: int
    shopper: str | None = None
    with_basket: bool = False
    surface: Surface = Surface.HOME
    item_id: str | None = None
    market: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    limit: int = 24
    version: str = ""
    missing: str = ""

    def request(self, *, shopper: str | None = None) -> dict[str, Any]:
        """Arguments of a request, with the basket and the visit as they are now.

        Parameters
        ----------
        shopper : str, optional
            Ask for this shopper instead, who has not made this visit.
        """
        visited = [] if shopper else visit.events()
        return {
            "user_id": shopper or self.shopper,
            "basket": basket.products() if self.with_basket and not shopper else [],
            "events": visited,
            "context": dict(self.context),
            "limit": self.limit,
            "surface": self.surface,
            "item_id": self.item_id,
            "market": self.market,
        }
