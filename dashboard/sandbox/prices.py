"""Prices on trial: what the wall would be if chosen products cost more or less."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cards import money
from dashboard.runtime import plain
from dashboard.sandbox.draft import desk, set_price
from dashboard.sandbox.fields import give
from dashboard.sandbox.product_choice import choose_products
from dashboard.sandbox.rule_words import title_of
from dashboard.sandbox.stock_words import margin
from engine.catalog.records import ItemCard

_PICKED = "price_products"


def price_trials(shop: str, cards: Mapping[str, ItemCard]) -> None:
    """Draw a field a product on trial, and a search for more."""
    prices = desk().draft.prices
    st.caption("A what-if for the wall and the estimate. Publishing a plan leaves the shop's prices as they are.")
    for item_id, price in prices.items():
        _trial(item_id, price, cards.get(item_id), cards)
    with st.popover("Try another product's price", icon=":material/add:", width="stretch"):
        chosen = choose_products(shop, cards, [], key=_PICKED)
        st.button("Add", key="price_add", disabled=not chosen, on_click=_add, args=(cards,))


def _trial(item_id: str, price: float, card: ItemCard | None, cards: Mapping[str, ItemCard]) -> None:
    key = f"price_{item_id}"
    give(key, price)
    before = f" · now {money(card.price)}" if card is not None and card.price is not None else ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.number_input(
            plain(f"{title_of(item_id, cards)}{before}"), min_value=0.01, step=1.0, key=key, on_change=_changed,
            args=(item_id,),
        )  # fmt: skip
        st.button(
            "Remove", icon=":material/close:", key=f"unprice_{item_id}", type="tertiary", on_click=set_price,
            args=(item_id, None), help="Back to the price of the shop",
        )  # fmt: skip
    part = margin(card, price) if card is not None else None
    if part is not None and part < 0:
        st.warning(f"Below its cost: a margin of {part:.0%}.", icon=":material/warning:")
    elif part is not None:
        st.caption(f"{part:.0%} margin")


def _changed(item_id: str) -> None:
    set_price(item_id, float(st.session_state[f"price_{item_id}"]))


def _add(cards: Mapping[str, ItemCard]) -> None:
    for item_id in st.session_state[_PICKED]:
        card = cards.get(item_id)
        if card is not None and item_id not in desk().draft.prices:
            set_price(item_id, card.price or 1.0)
    st.session_state[_PICKED] = []
