"""A simulated visit: what the person at the page does in a shopper's place, told by the URL."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.product_wall import WallAction, WallCard, WallClick, product_wall
from dashboard.state import listed, set_listed
from engine.catalog.records import ItemCard
from engine.recommendation_engine.schema import Act, SessionEvent

_PARAM = "did"
_MOST = 50
_MINUTES_APART = 2
_ACTS = {str(act) for act in Act}
_WORDS = {Act.VIEW: "viewed", Act.CART: "put in the basket", Act.DISMISS: "dismissed"}


def events() -> list[SessionEvent]:
    """What was done in this visit, oldest first, a few minutes apart; the last just now."""
    done = _done()
    ages = range(len(done) - 1, -1, -1)
    return [
        SessionEvent(item_id=item, event=act, hours_ago=age * _MINUTES_APART / 60)
        for age, (act, item) in zip(ages, done, strict=True)
    ]


def note(act: Act, item_id: str) -> None:
    """Add what was done with a product; doing it again makes it the latest."""
    entry = f"{act}~{item_id}"
    set_listed(_PARAM, [*(other for other in listed(_PARAM) if other != entry), entry][-_MOST:])


def forget(item_id: str) -> None:
    """Take a product out of the visit."""
    set_listed(_PARAM, [entry for entry in listed(_PARAM) if entry.partition("~")[2] != item_id])


def end() -> None:
    """Start the visit anew."""
    set_listed(_PARAM, [])


def strip(cards: Mapping[str, ItemCard]) -> None:
    """What this visit did, the latest first, each with a way to take it out."""
    done = _done()
    if not done:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption("This visit, done by you in the shopper's place; nothing of it is recorded.")
        st.button("End the visit", key="end_visit", type="tertiary", on_click=end)
    latest = {item: act for act, item in done}
    shown = [
        WallCard(item, cards[item].title if item in cards else item, facts=_WORDS.get(act, str(act)),
                 image=cards[item].image if item in cards else None)
        for item, act in reversed(latest.items())
    ]  # fmt: skip
    product_wall(
        shown,
        key="visit",
        label="Products of this visit",
        actions=[WallAction("out", "Take out")],
        layout="small",
        then=_clicked,
    )


def _clicked(click: WallClick) -> None:
    if click.action == "out":
        forget(click.item_id)


def _done() -> list[tuple[Act, str]]:
    found = []
    for entry in listed(_PARAM)[-_MOST:]:
        act, _, item = entry.partition("~")
        if act in _ACTS and 0 < len(item) <= 200:
            found.append((Act(act), item))
    return found
