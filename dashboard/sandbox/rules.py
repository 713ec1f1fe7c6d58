"""The draft's rules in their order, with what is wrong with them beside each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from dashboard.runtime import engine, plain
from dashboard.sandbox.draft import desk, set_rules
from dashboard.sandbox.fields import give
from dashboard.sandbox.rule_words import KINDS, rule_text, schedule_text, scope_text
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import MOST_RULES, Rule, RuleKind, Warned

_EDITED = "rule_edited"


def rule_list(cards: Mapping[str, ItemCard], warnings: Sequence[Warned]) -> None:
    """Draw the rules, each with a switch, a menu and its warnings, and a way to add one."""
    rules = desk().draft.plan.rules
    now = engine().clock.now()
    if not rules:
        st.caption("No rules yet. Add one here, or from the menu of a product on the wall.")
    for place, rule in enumerate(rules):
        told = [warned.text for warned in warnings if rule.on and rule.rule_id in warned.rules]
        _rule_box(rule, place, len(rules), cards, told, now)
    for warned in warnings:
        if not warned.rules:
            st.warning(plain(warned.text))
    st.menu_button(
        "Add a rule",
        list(KINDS),
        format_func=lambda kind: f"{KINDS[kind][1]} {KINDS[kind][0]}",
        key="add_rule",
        icon=":material/add:",
        disabled=len(rules) >= MOST_RULES,
        on_click=_begin_new,
        width="stretch",
    )
    st.caption(
        "Hide and show-only win over pins, pins over boosts and preferences, then come caps and diversity. "
        "Of two pins for one place the later one moves down."
    )


def begin_edit(rule_id: str) -> None:
    """Open the form for a rule at the next draw."""
    st.session_state[_EDITED] = rule_id


def edited() -> tuple[Rule | None, RuleKind] | None:
    """What the form is open for: a rule, or a kind of new one."""
    wanted = st.session_state.get(_EDITED)
    if wanted is None:
        return None
    if isinstance(wanted, RuleKind):
        return None, wanted
    rule = next((rule for rule in desk().draft.plan.rules if rule.rule_id == wanted), None)
    return (rule, rule.kind) if rule is not None else None


def end_edit() -> None:
    """Close the form."""
    st.session_state.pop(_EDITED, None)


def _begin_new() -> None:
    kind = st.session_state["add_rule"]
    if kind is not None:
        st.session_state[_EDITED] = RuleKind(kind)


def _rule_box(
    rule: Rule, place: int, count: int, cards: Mapping[str, ItemCard], told: Sequence[str], now: datetime
) -> None:
    _, sign, _ = KINDS[rule.kind]
    text = plain(rule_text(rule, cards))
    with st.container(border=True, gap="xsmall"):
        named = rule.name and not rule_text(rule, cards).startswith(rule.name)
        st.markdown(f"{sign} **{plain(rule.name)}**  \n{text}" if named else f"{sign} {text}")
        limits = ". ".join(part for part in (scope_text(rule.scope), schedule_text(rule, now)) if part)
        if limits:
            st.caption(plain(limits[0].upper() + limits[1:]))
        told_by = [rule.note, f"by {rule.author}" if rule.author else ""]
        if any(told_by):
            st.caption(plain(", ".join(part for part in told_by if part)))
        for warning in told:
            st.warning(plain(warning), icon=":material/warning:")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            key = f"on_{rule.rule_id}"
            give(key, rule.on)
            st.toggle("On", key=key, on_change=_switched, args=(rule.rule_id,))
            st.menu_button(
                "Change",
                _options(place, count),
                key=f"change_{rule.rule_id}",
                type="tertiary",
                on_click=_changed,
                args=(rule.rule_id,),
            )


def _options(place: int, count: int) -> list[str]:
    moves = [*(["Move up"] if place > 0 else []), *(["Move down"] if place < count - 1 else [])]
    return ["Edit", *moves, "Remove"]


def _switched(rule_id: str) -> None:
    wanted = bool(st.session_state[f"on_{rule_id}"])
    set_rules(
        rule.model_copy(update={"on": wanted}) if rule.rule_id == rule_id else rule for rule in desk().draft.plan.rules
    )


def _changed(rule_id: str) -> None:
    rules = list(desk().draft.plan.rules)
    place = next((at for at, rule in enumerate(rules) if rule.rule_id == rule_id), None)
    if place is None:
        return
    match st.session_state[f"change_{rule_id}"]:
        case "Edit":
            begin_edit(rule_id)
        case "Remove":
            set_rules(rule for rule in rules if rule.rule_id != rule_id)
        case "Move up" if place > 0:
            set_rules([*rules[: place - 1], rules[place], rules[place - 1], *rules[place + 1 :]])
        case "Move down" if place < len(rules) - 1:
            set_rules([*rules[:place], rules[place + 1], rules[place], *rules[place + 2 :]])
