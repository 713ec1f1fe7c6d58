"""The product wall: a grid of product cards that tells which card was clicked.

A Components v2 component: text is put in as text nodes, never as HTML; every act is a button;
colours and fonts follow Streamlit's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent
_WALL = st.components.v2.component(
    "product_wall",
    html='<ol class="wall" role="list"></ol>',
    css=(_FOLDER / "wall.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "wall.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class WallCard:
    """One card: `facts` is a line such as category and colour, `image` a digest."""

    item_id: str
    title: str
    position: int | None = None
    facts: str = ""
    price: str = ""
    reason: str = ""
    note: str = ""
    image: str | None = None
    selected: bool = False


@dataclass(frozen=True, slots=True)
class WallAction:
    """A button below every card; `name` comes back, `label` is read."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class WallClick:
    """What was clicked: `action` is `open` for the card itself."""

    item_id: str
    action: str


def product_wall(
    cards: Sequence[WallCard], *, key: str, label: str, actions: Sequence[WallAction] = ()
) -> WallClick | None:
    """Draw a wall.

    Parameters
    ----------
    cards : sequence of WallCard
        In the order shown.
    key : str
        Names the instance.
    label : str
        What a screen reader calls the list.
    actions : sequence of WallAction
        Buttons below each card; clicking the card itself is the action `open`.

    Returns
    -------
    WallClick or None
        The click that caused this run, if one did.
    """
    data = {"label": label, "cards": [_card(card) for card in cards], "actions": [asdict(action) for action in actions]}
    result = _WALL(key=key, data=data, height="content", on_click_change=lambda: None)
    click: dict[str, Any] | None = result.click
    if not click or click.get("item_id") not in {card.item_id for card in cards}:
        return None
    return WallClick(str(click["item_id"]), str(click["action"]))


def image_url(digest: str) -> str:
    """Where this server has a picture."""
    return f"/api/v1/images/{digest}"


def _card(card: WallCard) -> dict[str, Any]:
    return {**asdict(card), "image": image_url(card.image) if card.image else None, "alt": _alt(card)}


def _alt(card: WallCard) -> str:
    return ", ".join(part for part in (card.title, card.facts) if part)
