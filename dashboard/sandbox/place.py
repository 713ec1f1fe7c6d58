"""Where in the shop the list is shown, and for which market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.cards import item_facts, money
from dashboard.product_wall import WallAction, WallCard, WallClick, product_wall
from dashboard.runtime import ask, plain
from dashboard.state import param, set_params
from engine.catalog.records import ItemCard
from engine.product_search import SearchService
from engine.recommendation_engine.plan import Surface

SURFACES = {
    "Home": Surface.HOME,
    "Category": Surface.CATEGORY,
    "Product": Surface.PRODUCT,
    "Wear it with": Surface.WEAR_WITH,
    "Basket": Surface.BASKET,
}
"""Label to surface."""

ABOUT_A_PRODUCT = (Surface.PRODUCT, Surface.WEAR_WITH)
_PARAM = "product"


def choose_surface() -> Surface:
    """Draw the choice of the surface; the URL holds its label."""
    label = st.segmented_control(
        "Place",
        list(SURFACES),
        default="Home",
        required=True,
        key="surface",
        bind="query-params",
        help="Where the list stands. On a product's page and beside a basket, what goes with it counts too.",
        width="content",
        wrap=True,
    )
    return SURFACES[label]


def choose_market(markets: Sequence[str]) -> str | None:
    """Draw the choice of the market, where the shop has several."""
    if len(markets) < 2:
        return None
    market: str | None = st.selectbox(
        "Market", markets, index=None, placeholder="Any", key="market", bind="query-params", width=130
    )
    return market


def about_product(shop: str, cards: Mapping[str, ItemCard]) -> str | None:
    """The product whose page it is: chosen, or to be searched for.

    Returns
    -------
    str or None
        None until one is chosen.
    """
    chosen = param(_PARAM)
    if chosen in cards:
        product_wall(
            [_card(cards[chosen])],
            key="about_product",
            label="The product that the list is about",
            actions=[WallAction("change", "Change")],
            layout="small",
            then=_changed,
        )
        return chosen
    if chosen:
        st.warning(plain(f"This shop has no product {chosen[:80]!r} now: choose another one."))
    query = st.text_input("Whose page is it? Find the product", key="find_product", type="search", width=320)
    found = ask(SearchService.search, shop=shop, query=query or "", limit=8)
    product_wall(
        [_card(card) for card in found.items],
        key="product_finder",
        label="Products found",
        actions=[WallAction("choose", "Choose")],
        layout="small",
        then=_chosen,
    )
    if not found.items:
        st.caption("No product holds these words. Try others.")
    return None


def look_at(item_id: str) -> None:
    """Go to a product's page."""
    set_params(**{_PARAM: item_id})
    st.session_state["surface"] = "Product"


def _changed(click: WallClick) -> None:
    if click.action == "change":
        set_params(**{_PARAM: ""})


def _chosen(click: WallClick) -> None:
    set_params(**{_PARAM: click.item_id})


def _card(card: ItemCard) -> WallCard:
    return WallCard(
        card.item_id, card.title or card.item_id, facts=item_facts(card), price=money(card.price), image=card.image
    )
