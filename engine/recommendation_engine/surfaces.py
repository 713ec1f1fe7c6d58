"""Where in the shop a list is shown, and what follows from it.

| surface | about | list |
|---|---|---|
| home | the shopper | everything that is allowed |
| category | a category, named in the context | that category |
| product | a product | what is like it |
| wear_with | a product | other categories, by what is bought with it |
| basket | the products in the basket | what goes with them |

The product that a list is about never appears in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidInput, ItemNotFound
from engine.recommendation_engine.plan import Surface
from engine.recommendation_engine.sessions import Fresh

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.recommendation_engine.schema import Request
    from engine.recommendation_engine.shelf import Shelf

ABOUT_A_PRODUCT = (Surface.PRODUCT, Surface.WEAR_WITH)
LOOKED_AT = "looked at now"


def check_surface(request: Request, shelf: Shelf) -> int | None:
    """Refuse a request that lacks what its surface needs; the answer is the row of the product it is about.

    Raises
    ------
    InvalidInput, ItemNotFound
    """
    if request.surface is Surface.CATEGORY and request.context.get("category") is None:
        raise InvalidInput(
            "A list on a category page names no category.",
            "The surface 'category' needs context.category.",
            'Such as {"category": "dresses"}.',
        )
    if request.surface not in ABOUT_A_PRODUCT:
        return None
    if request.item_id is None:
        raise InvalidInput(
            f"A list on the surface {request.surface.value!r} names no product.",
            "It needs item_id, the product that it is about.",
        )
    if request.item_id not in shelf.facets.place:
        raise ItemNotFound(
            f"There is no product {request.item_id[:80]!r} in this model.",
            "A list is about a product that the model was trained on.",
            "Train again after an import that brought new products.",
        )
    return shelf.facets.place[request.item_id]


def looked_at(row: int) -> Fresh:
    """The product of a page as the most recent act of all."""
    return Fresh(row, 1.0, 0.0, LOOKED_AT)


def suits(surface: Surface, row: int, shelf: Shelf, allowed: NDArray[np.bool_]) -> None:
    """Take out of `allowed` what has no place on a surface about the product at `row`."""
    allowed[row] = False
    category = shelf.cards[row].category
    if surface is Surface.WEAR_WITH and category is not None:
        allowed[shelf.facets.values["category"][category]] = False
