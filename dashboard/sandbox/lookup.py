"""Look up any product: where it stands, or why it is not on the wall and what would bring it in."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cards import item_facts, money
from dashboard.product_wall import WallCard, product_wall
from dashboard.runtime import ask, plain
from dashboard.sandbox import card_acts
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.draft import Desk
from dashboard.sandbox.fields import give
from dashboard.sandbox.product_dialog import contribution_view
from dashboard.sandbox.stock_words import margin_words, stock_words
from dashboard.state import param, set_params
from engine.catalog.records import ItemCard
from engine.product_search import SearchService
from engine.recommendation_engine import TrialService
from engine.recommendation_engine.schema import Stage, WhyNot

_PARAM = "lookup"
_FOUND = 12


def look_up(asked: Asked, desk: Desk, cards: Mapping[str, ItemCard]) -> None:
    """Draw the search, and the answer for the product that was chosen."""
    if asked.missing:
        st.caption(asked.missing)
        return
    query = st.text_input(
        "Find a product", key="lookup_query", type="search", placeholder="Words, or a product id", live=True
    )
    found = ask(SearchService.search, shop=asked.shop, query=query, limit=_FOUND).items if query else []
    if query and not found:
        st.caption("No product holds these words. Try others.")
    chosen = param(_PARAM)
    names = list(dict.fromkeys([*([chosen] if chosen else []), *(card.item_id for card in found)]))
    if not names:
        st.caption("Why is a product not on the wall? Find it here: the answer tells what stopped it.")
        return
    give("lookup_choice", chosen or None)
    st.selectbox(
        "Product", names, index=None, key="lookup_choice", placeholder="Choose from what was found",
        format_func=lambda item: cards[item].title if item in cards else item,
        on_change=lambda: set_params(**{_PARAM: st.session_state["lookup_choice"] or ""}),
    )  # fmt: skip
    if chosen:
        _answer(chosen, asked, desk)


def _answer(target: str, asked: Asked, desk: Desk) -> None:
    answer = ask(
        TrialService.why_not, shop=asked.shop, target=target, draft=desk.draft, version=asked.version or None,
        **asked.request(),
    )  # fmt: skip
    if answer.item is not None:
        product_wall([_card(answer.item, answer)], key="lookup_wall", label="The product looked up", layout="small")
    shown = answer.stage == Stage.SHOWN
    (st.success if shown else st.info)(
        plain(answer.text),
        title=f"On the wall, place {answer.position}" if shown else _STAGES.get(answer.stage, "Not on the wall"),
        icon=":material/check_circle:" if shown else ":material/block:",
    )
    if answer.score is not None and answer.needed is not None and not shown:
        rank = f"Rank {answer.rank:,}. " if answer.rank is not None else ""
        st.caption(f"{rank}Its score is {answer.score:.3f}; {answer.needed:.3f} is needed.")
    for help_text in _HELP.get(answer.stage, answer.would_help):
        st.markdown(f"- {plain(help_text)}")
    if answer.boost is not None and answer.item is not None:
        st.button(
            f"Boost it by {answer.boost:.0f}%", key="lookup_boost", icon=":material/trending_up:",
            on_click=card_acts.boost, args=(target, answer.item.title, answer.boost),
        )  # fmt: skip
    if answer.contributions:
        with st.expander("What its score is made of"):
            contribution_view(answer.contributions, key="lookup_why")


_STAGES: dict[str, str] = {
    Stage.UNKNOWN: "Not in the catalogue",
    Stage.UNLISTED: "Not listed",
    Stage.SOLD_OUT: "Sold out",
    Stage.HIDDEN: "Hidden by a rule",
    Stage.FILTERED: "Left out by a filter",
    Stage.MET: "The shopper has met it",
    Stage.CAPPED: "Stopped by a cap",
    Stage.SPREAD: "Stopped by diversity",
    Stage.RANK: "Its score is too low",
}


_HELP: dict[str, list[str]] = {Stage.SOLD_OUT: ["Stock it again, or include sold-out products under More filters."]}
"""What helps, where this page has a name for it."""


def _card(card: ItemCard, answer: WhyNot) -> WallCard:
    return WallCard(
        card.item_id,
        card.title or card.item_id,
        position=answer.position,
        facts=item_facts(card),
        price=money(card.price),
        numbers=" · ".join(part for part in (stock_words(card), margin_words(card)) if part),
        image=card.image,
    )
