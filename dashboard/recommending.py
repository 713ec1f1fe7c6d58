"""Parts of the sandbox: filters, the basket, a product's explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import charts
from dashboard.cards import item_facts, money
from dashboard.product_wall import WallAction, WallCard, product_wall
from dashboard.runtime import ask, engine, plain
from dashboard.state import listed, set_listed, set_params
from engine.catalog.records import ItemCard, ShopperCard
from engine.catalog.service import CatalogService
from engine.product_search import SearchService

if TYPE_CHECKING:
    from engine.recommendation_engine import Recommendation

_BANDS = ["budget", "mid", "luxury"]
_MAIN = ("category", "price_range", "size")
_MORE = ("brand", "colour", "season", "occasion")
_LABELS = {"price_range": "Price range"}


def filters(choices: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Draw the filters that this catalogue can answer; returns the context they make."""
    offered = {**choices, "price_range": _BANDS} if "price_range" in choices else dict(choices)
    context: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _selects(offered, _MAIN, context)
        more = [name for name in _MORE if name in offered]
        if more:
            with st.popover("More filters", icon=":material/tune:", width=160):
                _selects(offered, more, context)
        if "in_stock" in choices and st.toggle("Include sold out", key="sold_out", bind="query-params"):
            context["in_stock"] = False
    return context


def _selects(offered: Mapping[str, Sequence[Any]], names: Sequence[str], context: dict[str, Any]) -> None:
    for name in names:
        if name not in offered:
            continue
        label = _LABELS.get(name, name.capitalize())
        value = st.selectbox(
            label, offered[name], index=None, placeholder="Any", key=name, bind="query-params", width=180
        )
        if value is not None:
            context[name] = value


def about_shopper(card: ShopperCard) -> str:
    """What is known of a shopper, in a sentence."""
    age = f", {card.age:.0f} years" if card.age is not None else ""
    segment = f", {card.segment}" if card.segment else ""
    return f"The shopper has {card.events:,} events{age}{segment}."


def wall_card(item: Recommendation, opened: str) -> WallCard:
    """A recommendation as a card of the wall."""
    return WallCard(
        item_id=item.item_id,
        title=item.card.title or item.item_id,
        position=item.position,
        facts=item_facts(item.card),
        price=money(item.card.price),
        reason=item.reason,
        note="Out of stock" if item.card.in_stock is False else "",
        image=item.card.image,
        selected=item.item_id == opened,
    )


def pick_products(shop: str, basket: Sequence[str]) -> None:
    """The basket, and a search that fills it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            query = st.text_input("Find products", key="find", type="search", bind="query-params", width=320)
            if basket and st.button("Empty the basket", type="tertiary", key="empty_basket"):
                set_listed("basket", [])
                st.rerun()
        if basket:
            with st.container(horizontal=True):
                for item_id in basket:
                    st.button(
                        plain(_title_of(shop, item_id)),
                        icon=":material/close:",
                        key=f"out_{item_id}",
                        help="Take it out",
                        on_click=remove_from_basket,
                        args=(item_id,),
                    )
        else:
            st.caption("The basket is empty: add products here or below.")
        if query or not basket:
            found = ask(SearchService.search, shop=shop, query=query or "", limit=8)
            if not found.items:
                st.caption("No product holds these words. Try others.")
            if found.by_meaning:
                st.caption("Also by meaning, not only by word.")
            click = product_wall(
                [_plain_card(card) for card in found.items],
                key="finder",
                label="Products found",
                actions=[WallAction("basket", "Add to basket")],
            )
            if click is not None:
                add_to_basket(click.item_id)
                st.rerun()


def _title_of(shop: str, item_id: str) -> str:
    found = ask(CatalogService.items, shop=shop, query=item_id, limit=5)
    return next((card.title for card in found if card.item_id == item_id), item_id)


def _plain_card(card: ItemCard) -> WallCard:
    return WallCard(
        card.item_id, card.title or card.item_id, facts=item_facts(card), price=money(card.price), image=card.image
    )


def add_to_basket(item_id: str) -> None:
    """Put an item into the basket of the URL."""
    set_listed("basket", list(dict.fromkeys([*listed("basket"), item_id])))


def remove_from_basket(item_id: str) -> None:
    """Take an item out of the basket of the URL."""
    set_listed("basket", [other for other in listed("basket") if other != item_id])


def _close() -> None:
    set_params(item="")


@st.dialog("Why it is here", width="medium", position="right", on_dismiss=_close)
def detail(item: Recommendation) -> None:
    """One product: picture, facts, and what every signal adds to its score."""
    left, right = st.columns([2, 3]) if item.card.image else (st.container(), st.container())
    if item.card.image:
        left.image(engine().artifacts.read_blob(item.card.image), alt=item.card.title, width=220)
    with right:
        st.subheader(plain(item.card.title or item.item_id), anchor=False)
        st.text(
            "\n".join(
                part for part in (item_facts(item.card), money(item.card.price), ", ".join(item.card.sizes)) if part
            )
        )
        st.caption(f"Position {item.position}, score {item.score:.4f}. Product id {plain(item.item_id)}.")
        if st.button("Add to basket", type="primary", key="detail_basket"):
            add_to_basket(item.item_id)
            _close()
            st.rerun()
    st.text(item.reason)
    parts = [(part.signal.replace("_", " "), part.value, part.because) for part in item.contributions]
    if parts:
        height = 90 + 34 * len(parts)
        charts.draw(charts.contributions(parts), alt="What each signal adds to the score", height=height, key="why")
        st.dataframe(
            [
                {"Signal": p.signal.replace("_", " "), "Share": p.share, "Because": p.because}
                for p in item.contributions
            ],
            hide_index=True,
            column_config={"Share": st.column_config.NumberColumn(format="percent")},
            alt="Signals with their reasons",
        )


def as_rows(items: Sequence[Recommendation]) -> list[dict[str, Any]]:
    """Recommendations as rows of a download."""
    return [
        {
            "position": item.position,
            "item_id": item.item_id,
            "title": item.card.title,
            "category": item.card.category,
            "price": item.card.price,
            "score": round(item.score, 6),
            "reason": item.reason,
        }
        for item in items
    ]
