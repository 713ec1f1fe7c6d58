"""The part of the page that answers at once: the draft beside it, the visit, the walls."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cards import csv_button
from dashboard.runtime import plain, show_error
from dashboard.sandbox import basket, blend, publishing, say, visit
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.audience import audience_of
from dashboard.sandbox.draft import Desk, desk_of
from dashboard.sandbox.panel import checked, panel, signals_of
from dashboard.sandbox.product_dialog import product_dialog
from dashboard.sandbox.rule_form import rule_form
from dashboard.sandbox.rules import edited
from dashboard.sandbox.sides import Sides, choose_view, described, sides_of
from dashboard.sandbox.wall import as_rows, wall
from dashboard.state import param
from engine.catalog.records import ItemCard
from engine.errors import EngineError
from engine.recommendation_engine.plan import Warned
from engine.recommendation_engine.schema import SignalInfo


@st.fragment(key="workbench")
def workbench(asked: Asked, about: str, cards: Mapping[str, ItemCard]) -> None:
    """Draw the draft and what it leads to; a move of a slider draws this again and nothing else.

    Parameters
    ----------
    about : str
        What is known of the shopper, in a sentence.
    cards : mapping of str to ItemCard
        The shop's products by id.
    """
    say.show()
    try:
        desk = desk_of(asked.shop)
        signals, warnings = signals_of(asked), checked(desk)
        with st.sidebar:
            panel(asked, desk, cards, signals, warnings)
        if asked.missing:
            st.caption(asked.missing)
            return
        if asked.with_basket:
            basket.strip(asked.shop, cards)
        visit.strip(cards)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            view = choose_view()
            place = st.container(width="content")
        sides = sides_of(view, asked, desk)
    except EngineError as error:
        show_error(error)
        return
    _download(sides, asked, place)
    _walls(sides, desk, about, cards)
    _dialogs(asked, desk, sides, cards, signals, warnings)


def _download(sides: Sides, asked: Asked, place: st.delta_generator.DeltaGenerator) -> None:
    rows = as_rows(sides.main.answer.items, sides.movement)
    if rows:
        with place:
            csv_button(rows, list(rows[0]), name=f"{asked.shop}-recommendations.csv", key="recommendations_csv")


def _walls(sides: Sides, desk: Desk, about: str, cards: Mapping[str, ItemCard]) -> None:
    moves = sides.movement
    moved = (
        f" Against {plain(sides.other.words)}: {moves.text}" if sides.other is not None and moves is not None else ""
    )
    st.caption(described(sides.main, about) + moved)
    for text in sides.main.answer.dropped.values():
        st.warning(plain(f"{text} The wall is shown without it."), icon=":material/filter_alt_off:")
    for warned in sides.main.answer.warnings:
        if not warned.rules:
            st.warning(plain(warned.text), icon=":material/warning:")
    if not sides.main.answer.items:
        _nothing_fits(desk)
    if not sides.both or sides.other is None:
        wall(sides.main, desk.draft, moves, cards, key="wall")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(plain(sides.other.title), anchor=False)
        st.caption(plain(sides.other.about))
        wall(sides.other, desk.draft, None, cards, key="wall_other", dense=True)
    with right:
        st.subheader(plain(sides.main.title), anchor=False)
        st.caption(plain(sides.main.about))
        wall(sides.main, desk.draft, moves, cards, key="wall_main", dense=True)


def _nothing_fits(desk: Desk) -> None:
    rules = any(rule.on for rule in desk.draft.plan.rules)
    st.warning(
        "No product passes all filters and rules: a shopper would see an empty place. "
        + ("Switch a rule off or take a filter away." if rules else "Take a filter away."),
        title="Nothing would be shown",
        icon=":material/hide_source:",
    )


def _dialogs(
    asked: Asked,
    desk: Desk,
    sides: Sides,
    cards: Mapping[str, ItemCard],
    signals: list[SignalInfo],
    warnings: list[Warned],
) -> None:
    """Open the one dialog that is asked for."""
    own = blend.own_weights(signals)
    editing, opened = edited(), param("item")
    if editing is not None:
        rule_form(*editing, asked.shop, cards, audience_of(asked.snapshot))
    elif publishing.asked_for() == "publish":
        publishing.publish_dialog(desk, cards, own, warnings, sides.movement, asked.version)
    elif publishing.asked_for() == "undo":
        publishing.undo_dialog(desk, cards, own)
    elif opened:
        shown = [*sides.main.answer.items, *(sides.other.answer.items if sides.other else [])]
        item = next((item for item in shown if item.item_id == opened), None)
        if item is not None:
            product_dialog(item)
