"""The basket of the URL, and a product search that fills it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cards import item_facts, money
from dashboard.product_wall import WallAction, WallCard, WallClick, product_wall
from dashboard.runtime import ask
from dashboard.state import listed, set_listed
from engine.catalog.records import ItemCard
from engine.product_search import SearchService

_PARAM = "basket"
_FOUND = 8


def products() -> list[str]:
    """Product ids in the order in which they were put in."""
    return listed(_PARAM)


def add(item_id: str) -> None:
    """Put a product in."""
    set_listed(_PARAM, list(dict.fromkeys([*products(), item_id])))


def remove(item_id: str) -> None:
    """Take a product out."""
    set_listed(_PARAM, [other for other in products() if other != item_id])


def empty() -> None:
    """Take everything out."""
    set_listed(_PARAM, [])


def strip(shop: str, cards: Mapping[str, ItemCard]) -> None:
    """The basket, and the search; while it is empty, products to begin with."""
    inside = products()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input("Find products for the basket", key="find", type="search", bind="query-params", width=320)
        if inside:
            st.button("Empty the basket", type="tertiary", key="empty_basket", on_click=empty)
    if inside:
        product_wall(
            [_card(cards.get(item), item) for item in inside],
            key="in_basket",
            label="In the basket",
            actions=[WallAction("out", "Take out")],
            layout="small",
            then=_in_basket,
        )
    else:
        st.caption("The basket is empty: add products here or below.")
    if query or not inside:
        _finder(shop, query or "")


def _finder(shop: str, query: str) -> None:
    found = ask(SearchService.search, shop=shop, query=query, limit=_FOUND)
    if not found.items:
        st.caption("No product holds these words. Try others.")
        return
    if found.by_meaning:
        st.caption("Also by meaning, not only by word.")
    product_wall(
        [_card(card, card.item_id) for card in found.items],
        key="finder",
        label="Products found",
        actions=[WallAction("basket", "Add to basket")],
        layout="small",
        then=_picked,
    )


def _in_basket(click: WallClick) -> None:
    if click.action == "out":
        remove(click.item_id)


def _picked(click: WallClick) -> None:
    add(click.item_id)


def _card(card: ItemCard | None, item_id: str) -> WallCard:
    if card is None:
        return WallCard(item_id, item_id, note="Not in the catalogue")
    return WallCard(item_id, card.title or item_id, facts=item_facts(card), price=money(card.price), image=card.image)
