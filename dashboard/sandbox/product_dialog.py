"""One product of the wall in detail: facts, what every signal adds, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import item_facts, money
from dashboard.product_wall import WallClick
from dashboard.runtime import engine, plain
from dashboard.sandbox import card_acts
from dashboard.sandbox.signal_words import signal_name
from dashboard.sandbox.stock_words import margin_words, stock_words
from dashboard.state import set_params
from engine.catalog.records import ItemCard
from engine.recommendation_engine.schema import Contribution, Recommendation

_ACTS = {
    "basket": ("Add to basket", ":material/shopping_bag:"),
    "view": ("View", ":material/visibility:"),
    "pin": ("Pin here", ":material/push_pin:"),
    "boost": ("Boost", ":material/trending_up:"),
    "bury": ("Bury", ":material/trending_down:"),
    "hide": ("Hide", ":material/visibility_off:"),
}


def close() -> None:
    """Take the opened product out of the URL."""
    set_params(item="")


@st.dialog("Why it is here", width="medium", position="right", on_dismiss=close)
def product_dialog(item: Recommendation) -> None:
    """Show one product with what can be done with it."""
    left, right = st.columns([2, 3]) if item.card.image else (st.container(), st.container())
    if item.card.image:
        left.image(engine().artifacts.read_blob(item.card.image), alt=item.card.title, width=220)
    with right:
        st.subheader(plain(item.card.title or item.item_id), anchor=False)
        st.text("\n".join(fact_lines(item.card)))
        st.caption(f"Position {item.position}, score {item.score:.4f}. Product id {plain(item.item_id)}.")
    with st.container(horizontal=True, gap="xsmall"):
        for act, (label, icon) in _ACTS.items():
            st.button(
                label, icon=icon, key=f"detail_{act}", type="primary" if act == "basket" else "secondary",
                on_click=_done, args=(act, item),
            )  # fmt: skip
    st.text(item.reason)
    if item.explored and item.propensity is not None:
        st.caption(f"A new product on trial: it had a chance of {item.propensity:.1%} to stand here.")
    contribution_view(item.contributions, key="why")


def _done(act: str, item: Recommendation) -> None:
    card_acts.clicked(WallClick(item.item_id, act), {item.item_id: item})
    close()
    st.rerun()


def fact_lines(card: ItemCard) -> list[str]:
    """Facts of a product, one a line."""
    figures = " · ".join(part for part in (money(card.price), stock_words(card), margin_words(card)) if part)
    return [part for part in (item_facts(card), figures, ", ".join(card.sizes)) if part]


def contribution_view(contributions: Sequence[Contribution], *, key: str) -> None:
    """The parts of a score as bars, as a table, and with the products that they come from."""
    if not contributions:
        return
    parts = [(_name(part), part.value, part.because) for part in contributions]
    height = 90 + 34 * len(parts)
    charts.draw(charts.contributions(parts), alt="What each signal adds to the score", height=height, key=key)
    st.dataframe(
        [{"Signal": _name(part), "Share": part.share, "Because": part.because} for part in contributions],
        hide_index=True,
        column_config={"Share": st.column_config.NumberColumn(format="percent")},
        alt="Signals with their reasons",
    )
    evidence = _evidence(contributions)
    if evidence:
        st.caption("The products behind it: each part of the score that goes back to one that the shopper met.")
        st.dataframe(evidence, hide_index=True, alt="Products behind the score", column_config=_number_columns())


def _name(part: Contribution) -> str:
    return signal_name(part.signal) if not part.signal.startswith("rule:") else f"Rule: {part.because}"


def _evidence(contributions: Sequence[Contribution]) -> list[dict[str, Any]]:
    return [
        {"Signal": _name(part), "Product": each.title or each.item_id, "How": each.told, "Adds": each.value}
        for part in contributions
        for each in part.evidence
    ]


def _number_columns() -> Mapping[str, Any]:
    return {"Adds": st.column_config.NumberColumn(format="%.4f")}
