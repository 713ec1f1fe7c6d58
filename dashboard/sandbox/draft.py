"""The draft that this browser tab works on: kept in its session, told by its URL.

The URL wins: another draft in it, by a link or the browser's way back, is the one that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from dashboard.runtime import ask
from dashboard.sandbox.draft_link import pack, unpack
from dashboard.state import arrived, param, set_params
from engine.errors import EngineError
from engine.recommendation_engine.plan import Draft, Exploration, Plan, PlanInfo, Rule
from engine.recommendation_engine.plans import PlanService

_KEY = "sandbox_draft"
_PAST = 50


@dataclass(frozen=True)
class Desk:
    """What lies on the desk.

    Attributes
    ----------
    live : PlanInfo
        What is published now.
    based_on : int
        Number of the published plan that the draft started from.
    code, scenario : str
        What the URL says of the draft.
    past : tuple of Draft
        Drafts before, the newest last.
    problem : EngineError or None
        Why the draft of the link could not be shown.
    """

    shop: str
    live: PlanInfo
    draft: Draft
    based_on: int
    code: str = ""
    scenario: str = ""
    past: tuple[Draft, ...] = field(default=(), repr=False)
    problem: EngineError | None = None

    @property
    def changed(self) -> bool:
        """Whether it differs from what is live."""
        return self.draft != Draft(plan=self.live.plan)

    @property
    def outdated(self) -> bool:
        """Whether another plan was published since the draft was begun."""
        return self.changed and self.based_on != self.live.number

    @property
    def fits_link(self) -> bool:
        """Whether the URL tells the draft."""
        return not self.changed or bool(self.code or self.scenario)


def desk_of(shop: str) -> Desk:
    """The desk for a shop, in step with the URL and with what is live."""
    live = ask(PlanService.current, shop=shop)
    kept: Desk | None = st.session_state.get(_KEY)
    code, scenario = param("draft"), param("scenario")
    if kept is None or kept.shop != shop:
        return _put(_loaded(shop, live, code, scenario))
    if (kept.code, kept.scenario) == (code, scenario):
        return _put(_followed(kept, live))
    if arrived() and not code and not scenario:
        return _put(_followed(kept, live))
    return _put(_loaded(shop, live, code, scenario))


def desk() -> Desk:
    """The desk as it was last put; `desk_of` has run before."""
    kept: Desk = st.session_state[_KEY]
    return kept


def change(draft: Draft, *, scenario: str = "") -> None:
    """Lay another draft on the desk; the one before can be brought back."""
    now = desk()
    if draft != now.draft or scenario != now.scenario:
        _put(_told(replace(now, draft=draft, past=(*now.past, now.draft)[-_PAST:], problem=None), scenario))


def change_plan(**parts: Any) -> None:
    """Change parts of the draft's plan: `weights`, `rules`, `exploration`."""
    draft = desk().draft
    change(Draft(plan=Plan(**{**_parts(draft.plan), **parts}), prices=draft.prices))


def set_rules(rules: Iterable[Rule]) -> None:
    """Change the draft's rules."""
    change_plan(rules=tuple(rules))


def set_weight(signal: str, weight: float | None) -> None:
    """Change the weight of a signal; None gives it the model's own."""
    others = {name: value for name, value in desk().draft.plan.weights.items() if name != signal}
    change_plan(weights=others if weight is None else {**others, signal: weight})


def set_exploration(exploration: Exploration) -> None:
    """Change what part of the list is given to new products."""
    change_plan(exploration=exploration)


def set_price(item_id: str, price: float | None) -> None:
    """Try another price for a product; None takes the trial back."""
    draft = desk().draft
    others = {name: value for name, value in draft.prices.items() if name != item_id}
    change(Draft(plan=draft.plan, prices=others if price is None else {**others, item_id: price}))


def undo() -> None:
    """Bring the draft before the last change back."""
    now = desk()
    if now.past:
        _put(_told(replace(now, draft=now.past[-1], past=now.past[:-1]), ""))


def discard() -> None:
    """Start again from what is live."""
    now = desk()
    _put(_told(replace(now, draft=Draft(plan=now.live.plan), past=(*now.past, now.draft)[-_PAST:]), ""))


def start_from(live: PlanInfo) -> None:
    """Lay what was just published on the desk; an estimate of the draft is read no more."""
    set_params(impact="")
    _put(_told(Desk(live.shop, live, Draft(plan=live.plan), live.number), ""))


def rebase() -> None:
    """Keep the draft, knowing of the plan that was published meanwhile."""
    now = desk()
    _put(_told(replace(now, based_on=now.live.number), now.scenario))


def named(scenario: str) -> None:
    """The draft on the desk is now saved under this name."""
    _put(_told(desk(), scenario))


def _parts(plan: Plan) -> dict[str, Any]:
    return {"weights": plan.weights, "rules": plan.rules, "exploration": plan.exploration}


def _followed(kept: Desk, live: PlanInfo) -> Desk:
    """What was kept, beside what is live now; an untouched draft goes along with it."""
    if kept.live == live:
        return kept
    if not kept.changed:
        return Desk(kept.shop, live, Draft(plan=live.plan), live.number)
    return replace(kept, live=live)


def _loaded(shop: str, live: PlanInfo, code: str, scenario: str) -> Desk:
    fresh = Desk(shop, live, Draft(plan=live.plan), live.number)
    try:
        if code:
            draft, based_on = unpack(code)
            return replace(fresh, draft=draft, based_on=based_on, code=code, scenario=scenario)
        if scenario:
            saved = next((s for s in ask(PlanService.scenarios, shop=shop) if s.name == scenario), None)
            if saved is not None:
                return replace(fresh, draft=saved.draft, scenario=scenario)
            problem = EngineError(
                f"There is no scenario {scenario[:80]!r} here.", hint="It was removed; what is live is shown instead."
            )
            return replace(fresh, problem=problem)
    except EngineError as error:
        return replace(fresh, problem=error)
    return fresh


def _told(now: Desk, scenario: str) -> Desk:
    """The desk with what the URL will say of it."""
    code = "" if scenario or not now.changed else pack(now.draft, now.based_on) or ""
    return replace(now, code=code, scenario=scenario)


def _put(now: Desk) -> Desk:
    st.session_state[_KEY] = now
    for name, value in (("draft", now.code), ("scenario", now.scenario)):
        if param(name) != value:
            set_params(**{name: value})
    return now
