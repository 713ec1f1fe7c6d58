"""Walls that a test can read and click: every card becomes a button for each of its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.product_wall import WallAction, WallCard, WallClick

WALLS: dict[str, list[WallCard]] = {}
"""The cards of the last draw, by the key of the wall."""


def wall_of_buttons(
    cards: Sequence[WallCard],
    *,
    key: str,
    actions: Sequence[WallAction] = (),
    then: Callable[[WallClick], None] | None = None,
    **_: Any,
) -> None:
    """In the place of `product_wall`, which only a browser can click."""
    WALLS[key] = list(cards)
    for card in cards:
        for action in dict.fromkeys(("open", *(action.name for action in actions))):
            click = WallClick(card.item_id, action)
            st.button(action, key=f"{key}:{action}:{card.item_id}", on_click=then, args=(click,))


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[WallCard]]:
    WALLS.clear()
    for room in ("wall", "visit", "basket", "place", "who", "lookup"):
        monkeypatch.setattr(f"dashboard.sandbox.{room}.product_wall", wall_of_buttons)
    return WALLS


def click(app: AppTest, item_id: str, action: str, *, wall: str = "wall") -> AppTest:
    """Click a card for something."""
    app.button(key=f"{wall}:{action}:{item_id}").click().run()
    assert not app.exception, app.exception[0].message
    return app
