"""A form made of the settings of a kind: one control a setting, each started with the recipe's value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.runtime import plain
from dashboard.training.config_schema import Setting, Shape

Offered = Mapping[str, Sequence[str]]
"""Setting to the values that the data has for it."""


def config_form(settings: Sequence[Setting], base: Mapping[str, Any], offered: Offered, *, key: str) -> dict[str, Any]:
    """Draw the settings and return their values.

    Parameters
    ----------
    settings : sequence of Setting
    base : mapping
        The recipe that the form starts with, whole.
    offered : mapping of str to sequence of str
        Texts with values here become a choice among them.
    key : str
        Tells this form from others: another recipe is another form, which starts afresh.
    """
    plain_ones = [setting for setting in settings if setting.shape not in (Shape.GROUP, Shape.OTHER)]
    values: dict[str, Any] = {}
    if plain_ones:
        with st.grid(3, min_column_width=230, vertical_alignment="bottom"):
            for setting in plain_ones:
                values[setting.name] = _control(setting, base.get(setting.name, setting.default), offered, key)
    for setting in settings:
        if setting.shape is Shape.GROUP:
            values[setting.name] = _group(setting, base.get(setting.name, setting.default), offered, key)
    return values


def _group(setting: Setting, value: Any, offered: Offered, key: str) -> dict[str, Any] | None:
    """Settings that belong together, folded away; one that may be absent has a switch."""
    with st.expander(plain(setting.title), key=f"{key}.{setting.name}.group", type="compact"):
        if setting.about:
            st.caption(plain(setting.about))
        if setting.nullable and not st.toggle("Use it", value is not None, key=f"{key}.{setting.name}.on"):
            return None
        started = value or {part.name: part.default for part in setting.parts}
        return {**started, **config_form(setting.parts, started, offered, key=f"{key}.{setting.name}")}


def _control(setting: Setting, value: Any, offered: Offered, key: str) -> Any:
    shared: dict[str, Any] = {
        "label": plain(setting.title),
        "help": plain(setting.about) or None,
        "key": f"{key}.{setting.name}",
    }
    if setting.name in offered and setting.shape in (Shape.TEXT, Shape.TEXTS):
        return _from_data(setting, value, offered[setting.name], shared)
    match setting.shape:
        case Shape.YES_NO:
            return st.toggle(value=bool(value), **shared)
        case Shape.CHOICE:
            return _choice(setting, value, offered.get(setting.name), shared)
        case Shape.CHOICES:
            return st.multiselect(options=setting.options, default=value or [], placeholder="None", **shared)
        case Shape.WHOLE | Shape.NUMBER:
            return _number(setting, value, shared)
        case Shape.TEXTS:
            return st.multiselect(
                options=value or [], default=value or [], accept_new_options=True, placeholder="None", **shared
            )
    text = st.text_input(value=value or "", max_chars=500, **shared)
    return text or (None if setting.nullable else "")


def _choice(setting: Setting, value: Any, known: Sequence[str] | None, shared: Mapping[str, Any]) -> Any:
    """One of the options; where the data tells which are of use, one of these."""
    useful = [each for each in setting.options if known is None or each in known or each == value]
    options = [*([None] if setting.nullable else []), *useful]
    return st.selectbox(options=options, index=options.index(value), format_func=_told, **shared)


def _from_data(setting: Setting, value: Any, known: Sequence[str], shared: Mapping[str, Any]) -> Any:
    """What the data has, or anything that is typed; what the recipe names stays choosable even where the data lacks it."""
    if setting.shape is Shape.TEXTS:
        chosen = list(value or [])
        options = list(dict.fromkeys([*chosen, *known]))
        return st.multiselect(
            options=options,
            default=chosen,
            accept_new_options=True,
            placeholder="None",
            filter_mode="contains",
            **shared,
        )
    options = list(dict.fromkeys([*([value] if value else []), *known]))
    index = options.index(value) if value else None
    chosen_one = st.selectbox(
        options=options,
        index=index,
        accept_new_options=True,
        placeholder="Choose or type",
        filter_mode="contains",
        **shared,
    )
    return chosen_one or (None if setting.nullable else "")


def _number(setting: Setting, value: Any, shared: Mapping[str, Any]) -> int | float | None:
    whole = setting.shape is Shape.WHOLE
    cast = int if whole else float
    low, high, start = (None if each is None else cast(each) for each in (setting.low, setting.high, value))
    how: dict[str, Any] = {"min_value": low, "max_value": high, "value": start, "placeholder": "None"}
    how |= {"step": 1, "format": "%d"} if whole else {"step": step_of(float(value or 1.0)), "format": "%g"}
    given: int | float | None = st.number_input(**how, **shared)
    return given


def step_of(value: float) -> float:
    """A step that suits a number: a tenth of its size, and whole from ten on."""
    return 1.0 if abs(value) >= 10 or value == 0 else 10.0 ** (math.floor(math.log10(abs(value))) - 1)


def _told(value: Any) -> str:
    """An option as a person reads it."""
    return "None" if value is None else str(value).replace("_", " ")
