"""Choosing products by name: a search, and the chosen ones by title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.runtime import ask
from dashboard.sandbox.rule_words import title_of
from engine.catalog.records import ItemCard
from engine.product_search import SearchService

_FOUND = 20


def choose_products(
    shop: str, cards: Mapping[str, ItemCard], chosen: Sequence[str], *, key: str, most: int | None = None
) -> list[str]:
    """Draw a search and what was chosen.

    Parameters
    ----------
    chosen : sequence of str
        Product ids to begin with.
    most : int, optional
        No more than these many.

    Returns
    -------
    list of str
        Product ids.
    """
    query = st.text_input(
        "Find products", key=f"{key}_query", type="search", placeholder="Words, or a product id", live=True
    )
    found = ask(SearchService.search, shop=shop, query=query or "", limit=_FOUND).items
    known = st.session_state.get(key, list(chosen))
    options = list(dict.fromkeys([*known, *(card.item_id for card in found)]))
    if query and not found:
        st.caption("No product holds these words. Try others.")
    return list(
        st.multiselect(
            "Products",
            options,
            default=None if key in st.session_state else list(chosen),
            format_func=lambda item: _label(item, cards),
            key=key,
            max_selections=most,
            placeholder="Choose from what was found",
        )
    )


def _label(item_id: str, cards: Mapping[str, ItemCard]) -> str:
    card = cards.get(item_id)
    if card is None:
        return f"{item_id} (not in the catalogue)"
    about = card.brand or card.category
    return f"{title_of(item_id, cards)} ({about})" if about else title_of(item_id, cards)
