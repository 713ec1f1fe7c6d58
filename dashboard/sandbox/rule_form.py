"""The form of a rule: what it does, to which products, for whom and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from pydantic import ValidationError

from dashboard.runtime import page_actor, plain
from dashboard.sandbox.audience import Audience
from dashboard.sandbox.card_acts import new_id
from dashboard.sandbox.draft import desk, set_rules
from dashboard.sandbox.place import SURFACES
from dashboard.sandbox.product_choice import choose_products
from dashboard.sandbox.rule_words import KINDS, rule_text
from dashboard.sandbox.rules import end_edit
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import ABOUT_PRODUCTS, ABOUT_SCORES, Rule, RuleKind, Scope, Surface

_SURFACE_LABELS = {surface: label for label, surface in SURFACES.items()}


def rule_form(rule: Rule | None, kind: RuleKind, shop: str, cards: Mapping[str, ItemCard], audience: Audience) -> None:
    """Add a rule, or change one, in a dialog; the draft gets it when it is whole."""
    name, sign, _ = KINDS[kind]
    title = f"{name}: {'change the rule' if rule else 'a new rule'}"
    st.dialog(title, icon=sign, width="medium", on_dismiss=end_edit)(_fields)(rule, kind, shop, cards, audience)


def _fields(rule: Rule | None, kind: RuleKind, shop: str, cards: Mapping[str, ItemCard], audience: Audience) -> None:
    st.caption(KINDS[kind][2])
    content: dict[str, Any] = {}
    if kind in ABOUT_PRODUCTS:
        content["where"] = _where(rule, kind, shop, cards, audience)
    content |= _effect(rule, kind, audience)
    content["name"] = st.text_input(
        "Name", rule.name if rule else "", max_chars=100, key="rule_name", placeholder="Such as Summer sale",
        help="Reasons on the wall call the rule by its name.",
    )  # fmt: skip
    with st.expander("For whom and when", expanded=rule is not None and _is_limited(rule)):
        content["scope"] = _scope(rule.scope if rule else Scope(), audience)
        content["starts"], content["ends"] = _schedule(rule)
    content["note"] = st.text_area("Note", rule.note if rule else "", max_chars=1_000, height=80, key="rule_note")
    content["author"] = st.text_input(
        "Author", (rule.author if rule else "") or page_actor().name, max_chars=200, key="rule_author"
    )
    if st.button("Save the rule" if rule else "Add the rule", type="primary", key="rule_save"):
        _save(rule, kind, content, cards)


def _save(rule: Rule | None, kind: RuleKind, content: Mapping[str, Any], cards: Mapping[str, ItemCard]) -> None:
    wrong = _missing(kind, content)
    if wrong:
        st.error(wrong)
        return
    try:
        made = Rule(rule_id=rule.rule_id if rule else new_id(kind), kind=kind, on=rule.on if rule else True, **content)
        if not made.name or (
            rule is not None and made.name == rule.name and rule_text(rule, cards).startswith(rule.name)
        ):
            made = made.model_copy(update={"name": rule_text(made, cards)[:100]})
    except ValidationError as error:
        st.error(plain(f"This rule is not possible: {said(error)}."))
        return
    rules = desk().draft.plan.rules
    set_rules([made if each.rule_id == made.rule_id else each for each in rules] if rule else [*rules, made])
    end_edit()
    st.rerun()


def _missing(kind: RuleKind, content: Mapping[str, Any]) -> str:
    if kind is RuleKind.PIN and not content["where"].get("item_id"):
        return "Choose the product that is pinned."
    if kind in ABOUT_PRODUCTS and not content["where"]:
        return "Choose the products that the rule is about: by name, or by a property."
    return ""


def said(error: ValidationError) -> str:
    """The first thing that is wrong, without the machinery around it."""
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")


def _where(
    rule: Rule | None, kind: RuleKind, shop: str, cards: Mapping[str, ItemCard], audience: Audience
) -> dict[str, Any]:
    where = dict(rule.where) if rule else {}
    ways = ["Products", "A property"]
    way = "Products"
    if kind is not RuleKind.PIN:
        default = "A property" if where and "item_id" not in where else "Products"
        way = st.segmented_control("Which", ways, default=default, required=True, key="rule_way")
    if way == "Products":
        most = 1 if kind is RuleKind.PIN else None
        chosen = choose_products(
            shop, cards, [str(item) for item in where.get("item_id", ())], key="rule_products", most=most
        )
        return {"item_id": chosen} if chosen else {}
    return _properties(where, audience.properties)


def _properties(where: Mapping[str, Any], properties: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with st.grid(2):
        for key, values in properties.items():
            before = where.get(key, [])
            chosen = [str(value) for value in (before if isinstance(before, (list, tuple)) else [before])]
            label = key.replace("_", " ").capitalize()
            options = list(dict.fromkeys([*values, *chosen]))
            picked = st.multiselect(label, options, chosen, key=f"rule_where_{key}", placeholder="Any")
            if picked:
                found[key] = picked if len(picked) > 1 else picked[0]
    return found


def _effect(rule: Rule | None, kind: RuleKind, audience: Audience) -> dict[str, Any]:
    strength = rule.strength if rule else None
    match kind:
        case RuleKind.PIN:
            place = rule.position if rule and rule.position else 1
            return {"position": int(st.number_input("Place, counted from 1", 1, 100, place, key="rule_position"))}
        case RuleKind.BOOST:
            return {"strength": _percent("The odds of being chosen rise by, in percent", strength, 1_000)}
        case RuleKind.BURY:
            return {"strength": _percent("The odds of being chosen fall by, in percent", strength, 99)}
        case RuleKind.CAP:
            return _cap(rule, audience)
        case RuleKind.DIVERSITY:
            return {
                "strength": st.slider("How far apart, 0 to 1", 0.0, 1.0, strength or 0.3, 0.05, key="rule_strength")
            }
    if kind in ABOUT_SCORES:
        return {"strength": st.slider("Weight, 0 to 5", 0.0, 5.0, strength or 1.0, 0.1, key="rule_strength")}
    return {}


def _percent(label: str, strength: float | None, most: int) -> float:
    return float(st.number_input(label, 1, most, int(strength or 50), 5, key="rule_strength"))


def _cap(rule: Rule | None, audience: Audience) -> dict[str, Any]:
    facets = list(dict.fromkeys([*(["category", "brand"]), *audience.properties, *([rule.facet] if rule else [])]))
    facets = [facet for facet in facets if facet in audience.properties or (rule and facet == rule.facet)] or [
        "category"
    ]
    facet = st.selectbox(
        "Of one", facets, index=facets.index(rule.facet) if rule and rule.facet in facets else 0, key="rule_facet",
        format_func=lambda name: str(name).replace("_", " "),
    )  # fmt: skip
    most = st.number_input(
        "At most this many products", 1, 500, rule.most if rule and rule.most else 3, key="rule_most"
    )
    return {"facet": facet, "most": int(most)}


def _scope(scope: Scope, audience: Audience) -> Scope:
    st.caption("What is left empty means everyone and everywhere.")
    parts: dict[str, tuple[str, ...]] = {}
    for name, label, values in (
        ("segments", "Segments", audience.segments),
        ("categories", "Asked categories", audience.properties.get("category", ())),
        ("markets", "Markets", audience.markets),
    ):
        before = list(getattr(scope, name))
        options = list(dict.fromkeys([*values, *before]))
        if options:
            parts[name] = tuple(st.multiselect(label, options, before, key=f"rule_{name}", placeholder="All"))
    surfaces = st.pills(
        "Places", list(Surface), selection_mode="multi", default=list(scope.surfaces), key="rule_surfaces",
        format_func=lambda surface: _SURFACE_LABELS[Surface(surface)],
    )  # fmt: skip
    return Scope(**parts, surfaces=tuple(surfaces))


def _schedule(rule: Rule | None) -> tuple[datetime | None, datetime | None]:
    with st.grid(2):
        starts = st.datetime_input(
            "Starts (UTC)", _plain(rule.starts) if rule else None, key="rule_starts", min_value=datetime(2000, 1, 1)
        )
        ends = st.datetime_input(
            "Ends (UTC)", _plain(rule.ends) if rule else None, key="rule_ends", min_value=datetime(2000, 1, 1)
        )
    return _utc(starts), _utc(ends)


def _plain(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None else None


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None else None


def _is_limited(rule: Rule) -> bool:
    return rule.scope != Scope() or rule.starts is not None or rule.ends is not None
