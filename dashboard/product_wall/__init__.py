"""The product wall: a grid of product cards that tells which card was clicked, and for what.

A Components v2 component: text is put in as text nodes, never as HTML; every act is a button, the
rarer ones in a menu that arrow keys walk; colours and fonts follow Streamlit's theme.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

Tone = Literal["plain", "accent", "good", "warn"]
Layout = Literal["", "dense", "small"]

_FOLDER = Path(__file__).parent
_WALL = st.components.v2.component(
    "product_wall",
    html='<ol class="wall" role="list"></ol>\n<div class="menu" role="menu" popover="auto"></div>',
    css=(_FOLDER / "wall.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "wall.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class WallBadge:
    """A short word on a card; `about` is what a pointer and a screen reader get besides."""

    text: str
    tone: Tone = "plain"
    about: str = ""


@dataclass(frozen=True, slots=True)
class WallCard:
    """One card.

    Attributes
    ----------
    facts : str
        A line such as category and colour.
    was : str
        A price that no longer holds, struck through.
    numbers : str
        A line of figures, such as stock and margin.
    moved : WallBadge, optional
        How its place differs from the other side of a comparison.
    image : str, optional
        A digest.
    """

    item_id: str
    title: str
    position: int | None = None
    facts: str = ""
    price: str = ""
    was: str = ""
    numbers: str = ""
    reason: str = ""
    note: str = ""
    image: str | None = None
    moved: WallBadge | None = None
    badges: tuple[WallBadge, ...] = ()
    selected: bool = False


@dataclass(frozen=True, slots=True)
class WallAction:
    """Something that a card can be used for; `name` comes back, `label` is read.

    With `menu` it lies in the card's menu, without it is a button below the card.
    """

    name: str
    label: str
    menu: bool = False


@dataclass(frozen=True, slots=True)
class WallClick:
    """What was clicked: `action` is `open` for the card itself."""

    item_id: str
    action: str


def product_wall(
    cards: Sequence[WallCard],
    *,
    key: str,
    label: str,
    actions: Sequence[WallAction] = (),
    layout: Layout = "",
    then: Callable[[WallClick], None] | None = None,
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
        What each card offers; clicking the card itself is the action `open`.
    layout : {"", "dense", "small"}
        `dense` for two walls side by side, `small` for one row beside the main thing, which scrolls.
    then : callable, optional
        Called with the click before the script runs again, so that this run already shows what it did.

    Returns
    -------
    WallClick or None
        The click that caused this run, if one did.
    """
    data = {
        "label": label,
        "layout": layout,
        "cards": [_card(card) for card in cards],
        "actions": [asdict(action) for action in actions],
    }
    items, names = {card.item_id for card in cards}, {"open", *(action.name for action in actions)}

    def clicked() -> None:
        click = _checked(st.session_state[key].get("click"), items, names)
        if click is not None and then is not None:
            then(click)

    result = _WALL(key=key, data=data, height="content", on_click_change=clicked)
    return _checked(result.click, items, names)


def _checked(click: dict[str, Any] | None, items: set[str], names: set[str]) -> WallClick | None:
    """A click on a card that was drawn, for something that it offers; a browser may send anything."""
    if not click or click.get("item_id") not in items or click.get("action") not in names:
        return None
    return WallClick(str(click["item_id"]), str(click["action"]))


def image_url(digest: str) -> str:
    """Where this server has a picture."""
    return f"/api/v1/images/{digest}"


def _card(card: WallCard) -> dict[str, Any]:
    return {**asdict(card), "image": image_url(card.image) if card.image else None, "alt": _alt(card)}


def _alt(card: WallCard) -> str:
    return ", ".join(part for part in (card.title, card.facts) if part)
