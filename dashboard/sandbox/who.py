"""For whom the wall is: a shopper by search or by chance, a persona, or a basket alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard.product_wall import WallCard, product_wall
from dashboard.runtime import ask, plain
from dashboard.sandbox.fields import give
from dashboard.state import param, set_params
from engine.catalog.records import ShopperCard
from engine.catalog.service import CatalogService
from engine.recommendation_engine import TrialService
from engine.recommendation_engine.schema import Met, Persona

WAYS = ("Shopper", "Persona", "Basket")
_LISTED = 50
_DRAWN_FROM = 2_000
_SHORT = 12
_WIDGET = "choose_shopper"


@dataclass(frozen=True)
class Who:
    """For whom: `shopper` is a pseudonym, `about` says what is known in a sentence."""

    way: str
    shopper: str | None = None
    about: str = ""


def choose_who(shop: str) -> Who:
    """Draw the choice; the URL holds it."""
    way = st.segmented_control("For", WAYS, default="Shopper", required=True, key="who", bind="query-params", width=225)
    if way == "Persona":
        return _persona(shop)
    if way == "Basket":
        return Who(way)
    return _shopper(shop)


def choose_other(shop: str, shopper: str | None) -> str | None:
    """A second shopper to set beside the first; the URL holds who."""
    found = [card for card in ask(CatalogService.shoppers, shop=shop, limit=_LISTED) if card.shopper != shopper]
    current = param("other")
    names = list(dict.fromkeys([*([current] if current else []), *(card.shopper for card in found)]))
    if not names:
        return None
    give("choose_other", current or names[0])
    return str(
        st.selectbox(
            "The other shopper",
            names,
            key="choose_other",
            width=320,
            format_func=lambda name: _label(name, {card.shopper: card for card in found}),
            on_change=lambda: set_params(other=st.session_state["choose_other"]),
        )
    )


def lately(shop: str, shopper: str | None) -> None:
    """What the shopper did, the latest first, with pictures and times; closed it is one line."""
    if shopper is None:
        return
    met = ask(TrialService.history, shop=shop, user_id=shopper, limit=20)
    if not met:
        st.caption("Nothing is known of what this shopper did.")
        return
    box = st.expander(
        f"Lately: {plain(_line(met[0]))}",
        key="lately",
        on_change="rerun",
        bind="query-params",
        icon=":material/history:",
    )
    if box.open:
        with box:
            product_wall(_met_cards(met), key="lately_wall", label="What the shopper did lately", layout="small")


def _shopper(shop: str) -> Who:
    known = {card.shopper: card for card in ask(CatalogService.shoppers, shop=shop, limit=_LISTED)}
    current = _resolved(shop, param("shopper"), known)
    names = list(dict.fromkeys([*([current] if current else []), *known]))
    if not names:
        return Who("Shopper")
    current = current or names[0]
    if param("shopper") != current:
        set_params(shopper=current)
    give(_WIDGET, current)
    with st.container(horizontal=True, vertical_alignment="bottom", width="content", gap="xsmall"):
        st.selectbox(
            "Shopper",
            names,
            accept_new_options=True,
            key=_WIDGET,
            width=250,
            format_func=lambda name: _label(name, known),
            on_change=lambda: set_params(shopper=st.session_state[_WIDGET] or ""),
            help="The most active shoppers by pseudonym. Any other id may be typed: the shop's own id finds its pseudonym.",
        )
        st.button(
            "Any", icon=":material/shuffle:", key="random_shopper", help="Draw a shopper by chance",
            on_click=_draw, args=(shop,),
        )  # fmt: skip
    card = known.get(current) or next(iter(ask(CatalogService.shoppers, shop=shop, query=current, limit=1)), None)
    return Who("Shopper", current, _about(card) if card is not None else "")


def _resolved(shop: str, wanted: str, known: Mapping[str, ShopperCard]) -> str:
    """The pseudonym of a typed id, so that no link carries a shop's own id."""
    if not wanted or wanted in known:
        return wanted
    found = ask(CatalogService.shoppers, shop=shop, query=wanted, limit=1)
    return found[0].shopper if found else wanted


def _draw(shop: str) -> None:
    people = ask(CatalogService.shoppers, shop=shop, limit=_DRAWN_FROM)
    if people:
        set_params(shopper=random.choice(people).shopper)  # noqa: S311  # a draw for the eye, no secret


def _persona(shop: str) -> Who:
    personas = {persona.name: persona for persona in ask(TrialService.personas, shop=shop)}
    if not personas:
        st.caption("This shop tells too little of its shoppers to name types of them.")
        return Who("Persona")
    name = st.selectbox("Persona", list(personas), key="persona", bind="query-params", width=250)
    persona: Persona = personas[name]
    return Who("Persona", persona.shopper, persona.text)


def short(shopper: str) -> str:
    """A shopper's name as a heading shows it: the start of a pseudonym, any other name whole."""
    return shopper[:_SHORT] if shopper.startswith("p_") else shopper


def _label(shopper: str, known: Mapping[str, ShopperCard]) -> str:
    """A shopper in a list; no two are written alike, since Streamlit tells options apart by their words."""
    card = known.get(shopper)
    if card is None:
        return shopper
    segment = f", {card.segment}" if card.segment else ""
    alike = sum(other.startswith(shopper[:_SHORT]) for other in known)
    return f"{shopper[:_SHORT] if alike == 1 else shopper} ({card.events:,} events{segment})"


def _about(card: ShopperCard) -> str:
    age = f", {card.age:.0f} years" if card.age is not None else ""
    segment = f", {card.segment}" if card.segment else ""
    return f"The shopper has {card.events:,} events{age}{segment}."


def _line(met: Met) -> str:
    when = f", {_when(met.time)}" if met.time is not None else ""
    return f"{_done(met.event)} {met.item.title or met.item.item_id}{when}"


def _met_cards(met: Sequence[Met]) -> list[WallCard]:
    """One card a product, for the latest thing that was done with it."""
    latest: dict[str, Met] = {}
    for entry in met:
        latest.setdefault(entry.item.item_id, entry)
    return [
        WallCard(
            item_id,
            entry.item.title or item_id,
            facts=_done(entry.event).capitalize(),
            numbers=_when(entry.time) if entry.time is not None else "",
            image=entry.item.image,
        )
        for item_id, entry in latest.items()
    ]


def _done(event: str) -> str:
    return {
        "view": "viewed", "cart": "put in the basket", "favourite": "marked as a favourite", "rental": "rented",
        "rating": "rated", "purchase": "bought", "return": "sent back", "dismiss": "dismissed",
    }.get(event, event)  # fmt: skip


def _when(time: datetime) -> str:
    return f"{time:%d %b %Y, %H:%M}"
