"""What a request asks for, checked against what the catalogue and the model know.

Hard wishes decide which products may appear; soft ones (an occasion that no product names, only
shoppers did) shift the score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommendation_engine.facets import CatalogFacets, as_text, listing, spelling
from engine.recommenders.price_bands import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.facets import Facet

EXCLUDE = ("seen", "nothing")
_MOST_VALUES = 200
_MOST_IDS = 10_000


@dataclass(frozen=True)
class Wishes:
    """A request's context, understood.

    Parameters
    ----------
    allowed : ndarray of bool, shape (n_products,)
        Products that may appear.
    named : mapping of str to int
        Facets of the model whose value the request names, as a place in the facet's labels.
    exclude_met : bool
        Leave out what the shopper has met before.
    """

    allowed: NDArray[np.bool_]
    named: Mapping[str, int] = field(default_factory=dict)
    exclude_met: bool = True


def understand(context: Mapping[str, Any], catalog: CatalogFacets, model: Mapping[str, Facet]) -> Wishes:
    """Turn a context into a mask of products and named tastes.

    Products known to be sold out are left out unless the context says `in_stock: false`.

    Parameters
    ----------
    context : mapping
        `category`, `brand`, `colour`, `season`, `size` or any attribute: a value or a list of them;
        `price_range`: budget, mid, luxury or `[low, high]`; `occasion`; `in_stock`; `exclude`:
        "seen", "nothing" or product ids; `exclude_brand`. None asks for nothing.
    catalog : CatalogFacets
    model : mapping of str to Facet
        Facets that the model learned from events.

    Raises
    ------
    InvalidInput
        A key or value that does not exist here; the error names what does.
    """
    asked = {key: value for key, value in context.items() if value is not None}
    allowed = np.ones(catalog.size, dtype=bool)
    if _yes(asked.pop("in_stock", True)):
        allowed &= ~catalog.sold_out
    exclude_met = _exclude(asked.pop("exclude", "seen"), catalog, allowed)
    named: dict[str, int] = {}
    for key, value in asked.items():
        rows = _rows(key, value, catalog)
        if rows is not None:
            allowed &= rows
        elif key not in model or model[key].side == "item":
            raise _unknown(key, keys(catalog, model))
        if key in model and model[key].side != "item":
            _name(key, value, model[key], named, hard=key in catalog.values)
    return Wishes(allowed, named, exclude_met)


def select(where: Mapping[str, Any], catalog: CatalogFacets) -> NDArray[np.bool_]:
    """Products that a rule names: every key must hold, shape (n_products,).

    Parameters
    ----------
    where : mapping
        `item_id`, and the keys of a context that products tell.

    Raises
    ------
    InvalidInput
        A key, or every value of a key, does not exist here; product ids that do not exist match nothing.
    """
    chosen = np.ones(catalog.size, dtype=bool)
    for key, value in where.items():
        rows = catalog.of_ids(_values(key, value, _MOST_IDS)) if key == "item_id" else _rows(key, value, catalog)
        if rows is None:
            raise _unknown(key, ("item_id", *keys(catalog, {})[:-1]))
        chosen &= rows
    return chosen


def _rows(key: str, value: Any, catalog: CatalogFacets) -> NDArray[np.bool_] | None:
    """Products that have what a key asks for; None where products do not tell the key."""
    if key == "exclude_brand" and "brand" in catalog.values:
        return ~catalog.rows("brand", _values(key, value))
    if key == "price_range" and catalog.tells_prices:
        return _prices(value, catalog)
    return catalog.rows(key, _values(key, value)) if key in catalog.values else None


def forgiven(
    context: Mapping[str, Any], catalog: CatalogFacets, model: Mapping[str, Facet]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The part of a context that exists here, and what does not with the reason: for links that grew old."""
    kept: dict[str, Any] = {}
    dropped: dict[str, str] = {}
    for key, value in context.items():
        try:
            understand({key: value}, catalog, model)
        except InvalidInput as error:
            dropped[key[:80]] = f"{error.found} {error.expected}"
        else:
            kept[key] = value
    return kept, dropped


def keys(catalog: CatalogFacets, model: Mapping[str, Facet]) -> tuple[str, ...]:
    """Every key that a context of this shop may have."""
    learned = [name for name, facet in model.items() if facet.side != "item" and name not in catalog.values]
    prices = ["price_range"] if catalog.tells_prices else []
    brands = ["exclude_brand"] if "brand" in catalog.values else []
    return (*catalog.values, *learned, *prices, "in_stock", "exclude", *brands)


def _unknown(key: str, known: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"This shop cannot be asked for {key[:80]!r}.",
        f"It can be asked for {', '.join(known)}.",
        "Take the key out, or import data that tells it.",
        key=key,
    )


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(
            f"in_stock is {str(value)[:40]!r}.", "It is true or false; false shows sold-out products too."
        )
    return value


def _exclude(value: Any, catalog: CatalogFacets, allowed: NDArray[np.bool_]) -> bool:
    """Take product ids out of `allowed`; the answer is whether met ones go too."""
    if value in EXCLUDE:
        return bool(value == "seen")
    listed = _values("exclude", value)
    allowed &= ~catalog.of_ids(listed)
    return "nothing" not in listed


def _prices(value: Any, catalog: CatalogFacets) -> NDArray[np.bool_]:
    if isinstance(value, str):
        return catalog.in_band(value)
    low, high = _bounds(value)
    with np.errstate(invalid="ignore"):
        inside: NDArray[np.bool_] = (catalog.price >= low) & (catalog.price <= high)
    return inside


def _bounds(value: Any) -> tuple[float, float]:
    wrong = InvalidInput(
        f"The price range {str(value)[:80]} is not one.",
        f"It is one of {', '.join(BANDS)}, or [low, high] in shop currency.",
        "Write it like [50, 120]; null leaves an end open.",
    )
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise wrong
    if any(isinstance(end, bool) or not isinstance(end, (int, float, type(None))) for end in value):
        raise wrong
    low, high = (
        default if end is None else float(end) for end, default in zip(value, (-math.inf, math.inf), strict=True)
    )
    if math.isnan(low) or math.isnan(high) or low > high:
        raise wrong
    return low, high


def _values(key: str, value: Any, most: int = _MOST_VALUES) -> list[str]:
    """One value or a list of them, as text."""
    single = value if isinstance(value, (list, tuple)) else [value]
    if not 0 < len(single) <= most or any(not isinstance(entry, (str, int, float, bool)) for entry in single):
        raise InvalidInput(
            f"The value of {key!r} is not one.",
            f"It is a text, a number, or a list of 1 to {most:,} of these.",
        )
    return [as_text(entry) for entry in single]


def _name(key: str, value: Any, facet: Facet, named: dict[str, int], *, hard: bool) -> None:
    """Note a named value for the score; where products tell it too, a value the model lacks is fine."""
    values = _values(key, value)
    if hard and not set(values) <= set(facet.labels):
        return
    if len(values) > 1:
        if hard:
            return
        raise InvalidInput(f"{key!r} takes one value here.", f"There is: {listing(facet.labels)}.")
    named[key] = facet.labels.index(spelling(values[0], facet.labels, key))
