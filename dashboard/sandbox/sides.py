"""What is set side by side: the draft against what is live, without rules, another model, another shopper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.runtime import ask, plain
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.draft import Desk
from dashboard.sandbox.movement import Movement, movement
from dashboard.sandbox.who import choose_other, short
from dashboard.state import choose
from engine.model_registry.service import RegistryService
from engine.recommendation_engine import Recommendations, TrialService
from engine.recommendation_engine.plan import Draft

VIEWS = ("Draft", "Before and after", "Rules off", "Two models", "Two shoppers")


@dataclass(frozen=True)
class Side:
    """One wall: what it is, and the answer that it shows."""

    title: str
    about: str
    answer: Recommendations

    @property
    def words(self) -> str:
        """The title inside a sentence."""
        return {"Live": "what is live", "Before": "before", "Rules off": "the model alone"}.get(self.title, self.title)


@dataclass(frozen=True)
class Sides:
    """The wall of the draft, and what it is held against.

    Attributes
    ----------
    main : Side
        Its cards carry the arrows.
    other : Side or None
        None where the draft changes nothing and nothing else is compared.
    both : bool
        Whether the other one is shown too.
    """

    main: Side
    other: Side | None
    both: bool

    @property
    def movement(self) -> Movement | None:
        """How the main wall differs."""
        return movement(self.other.answer.items, self.main.answer.items) if self.other is not None else None


def choose_view() -> str:
    """Draw the choice of what is compared; the URL holds it."""
    return st.segmented_control(
        "View", VIEWS, default="Draft", required=True, key="view", bind="query-params", label_visibility="collapsed",
        width="content", wrap=True,
    )  # fmt: skip


def sides_of(view: str, asked: Asked, desk: Desk) -> Sides:
    """Ask for the walls of a view.

    Raises
    ------
    ReleaseNotFound, InvalidInput
    """
    version = asked.version or None
    draft = _side("Draft", _draft_about(desk), asked, draft=desk.draft, version=version)
    if view == "Before and after":
        live = _live(asked, desk, version)
        return Sides(Side("After", draft.about, draft.answer), Side("Before", live.about, live.answer), both=True)
    if view == "Rules off":
        alone = _side("Rules off", "The model alone, as it was trained.", asked, rules=False, version=version)
        return Sides(draft, alone, both=True)
    if view == "Two models":
        return _two_models(asked, desk, draft)
    if view == "Two shoppers":
        return _two_shoppers(asked, desk, draft)
    return Sides(draft, _live(asked, desk, version) if desk.changed else None, both=False)


def _two_models(asked: Asked, desk: Desk, draft: Side) -> Sides:
    model = f"{asked.shop}.recommender"
    found = ask(RegistryService.list_versions, model=model)
    mine = draft.answer.version
    titles = {info.version: info.version for info in found if info.artifact is not None and info.version != mine}
    if not titles:
        st.caption("There is one version only. Train another one to set it beside this one.")
        return Sides(draft, None, both=False)
    against = choose("The other version", titles, key="against", width=200)
    other = _side(f"Version {against}", "The same draft over another model.", asked, draft=desk.draft, version=against)
    return Sides(Side(f"Version {mine}", draft.about, draft.answer), other, both=True)


def _two_shoppers(asked: Asked, desk: Desk, draft: Side) -> Sides:
    name = choose_other(asked.shop, asked.shopper)
    if name is None:
        st.caption("This shop knows no second shopper.")
        return Sides(draft, None, both=False)
    request: dict[str, Any] = {"draft": desk.draft, "version": asked.version or None, "forgiving": True}
    request |= asked.request(shopper=name)
    answer = ask(TrialService.what_if, shop=asked.shop, **request)
    first = asked.shopper or "This basket"
    return Sides(
        Side(short(first), draft.about, draft.answer),
        Side(short(name), "The same draft for another shopper.", answer),
        both=True,
    )


def _live(asked: Asked, desk: Desk, version: str | None) -> Side:
    about = (
        f"Plan {desk.live.number}, which is live." if desk.live.number else "What is live: the model without a plan."
    )
    return _side("Live", about, asked, version=version)


def _side(
    title: str, about: str, asked: Asked, *, draft: Draft | None = None, rules: bool = True, version: str | None = None
) -> Side:
    request: dict[str, Any] = {"draft": draft, "rules": rules, "version": version, "forgiving": True, **asked.request()}
    answer = ask(TrialService.what_if, shop=asked.shop, **request)
    return Side(title, about, answer)


def _draft_about(desk: Desk) -> str:
    if desk.changed:
        return "Your draft; nobody else sees it."
    return "As it is live now: the draft changes nothing yet."


def described(side: Side, about_shopper: str = "") -> str:
    """Where an answer comes from, in a line."""
    answer = side.answer
    notes = " ".join(plain(text) for text in (answer.note, about_shopper) if text)
    return (
        f"{len(answer.items)} products from {plain(answer.model)} {answer.version}, snapshot {answer.snapshot}, "
        f"in {answer.latency_ms:.0f} ms. {notes}"
    ).rstrip()
