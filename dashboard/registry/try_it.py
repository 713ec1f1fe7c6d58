"""Ask a version: a form made from its signature, and the answer in view."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.cards import facts, table
from dashboard.registry.tables import words
from dashboard.runtime import ask, plain, told
from engine.errors import InvalidInput
from engine.model_registry.predictions import Predictions, PredictionService
from engine.model_registry.schema import VersionInfo

_FIELDS = 3
"""Columns of the form."""


def try_it(version: VersionInfo) -> None:
    """A form that starts from an input the model knows; the answer stays until the next one."""
    if version.artifact is None or version.signature is None:
        st.caption("This version holds no model that could be asked.")
        return
    with told():
        start = _start(version.model, version.version)
        properties: dict[str, Any] = version.signature.inputs.get("properties", {})
        with st.form("try_it", border=False):
            values = _fields(properties, start) if properties else _whole(start)
            pressed = st.form_submit_button("Ask", type="primary", icon=":material/play_arrow:")
        if pressed:
            st.session_state["tried"] = (version.model, version.version, _asked(version, values))
        kept = st.session_state.get("tried")
        if kept is not None and kept[:2] == (version.model, version.version):
            _answer(kept[2])


@st.cache_data(max_entries=50, show_spinner="Loading the model")
def _start(model: str, version: str) -> dict[str, Any]:
    return ask(PredictionService.sample, model=model, reference=version)


def _asked(version: VersionInfo, values: dict[str, Any]) -> Predictions:
    with st.spinner("Asking the model"):
        return ask(PredictionService.predict, model=version.model, reference=version.version, inputs=[values])


def _fields(properties: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
    """One field a property; what is left empty is not sent."""
    found: dict[str, Any] = {}
    for place, (name, schema) in enumerate(properties.items()):
        if place % _FIELDS == 0:
            row = st.columns(_FIELDS)  # a row at a time, so that a phone stacks the fields in their order
        with row[place % _FIELDS]:
            value = _field(name, schema, start.get(name))
        if value is not None and value != "":
            found[name] = value
    return found


def _field(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    label, key, about = name.replace("_", " ").capitalize(), f"try_{name}", plain(str(schema.get("description") or ""))
    kinds = schema.get("type")
    told_kinds = kinds if isinstance(kinds, list) else [kinds]
    if schema.get("enum"):
        options = [option for option in schema["enum"] if option is not None]
        index = options.index(value) if value in options else None
        return st.selectbox(label, options, index=index, key=key, help=about)
    if "boolean" in told_kinds:
        return st.selectbox(
            label,
            [True, False],
            index=None if value is None else int(not value),
            key=key,
            help=about,
            format_func=words,
        )
    if "integer" in told_kinds or "number" in told_kinds:
        number = st.number_input(
            label,
            value=None if value is None else float(value),
            min_value=_bound(schema, "minimum"),
            max_value=_bound(schema, "maximum"),
            key=key,
            help=about,
        )
        whole = number is not None and "number" not in told_kinds
        return int(number) if whole and number is not None else number
    if "array" in told_kinds or "object" in told_kinds:
        text = st.text_input(label, "" if value is None else json.dumps(value), key=key, help=f"{about} JSON.".strip())
        return _json(label, text) if text else None
    return st.text_input(label, "" if value is None else str(value), key=key, help=about, max_chars=5_000)


def _bound(schema: Mapping[str, Any], name: str) -> float | None:
    found = schema.get(name)
    return None if found is None else float(found)


def _whole(start: Mapping[str, Any]) -> dict[str, Any]:
    """The input as JSON, for a model whose signature names no fields."""
    text = st.text_area("Input", json.dumps(start, indent=2, ensure_ascii=False), height=220, key="try_input")
    found = _json("Input", text)
    if not isinstance(found, dict):
        raise InvalidInput("The input is not an object.", 'An input is an object such as {"size": "40"}.')
    return found


def _json(label: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{label} is not JSON: {error}.", hint="Mend it and ask again.") from error


def _answer(found: Predictions) -> None:
    """Plain values first, shares as bars, lists as tables, sentences as text."""
    answer = found.answers[0]
    single = {name: value for name, value in answer.items() if not isinstance(value, dict | list) and value is not None}
    if single:
        facts({_titled(name): words(value) for name, value in single.items()}, alt="Answer")
    for name, value in answer.items():
        if isinstance(value, dict) and value and all(isinstance(each, int | float) for each in value.values()):
            height = 60 + 26 * len(value)
            charts.draw(
                charts.bars(list(value.items()), axis=_titled(name)),
                alt=f"{_titled(name)}: {words(value)}",
                height=height,
                key=f"tried_{name}",
            )
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            st.subheader(_titled(name), anchor=False)
            rows = [{_titled(key): _cell(each) for key, each in row.items()} for row in value]
            table(rows, alt=_titled(name), key=f"tried_{name}")
    st.caption(f"{plain(found.model)} {plain(found.version)}, {found.took_ms:,.1f} ms.")
    with st.expander("The answer as JSON"):
        st.code(json.dumps(answer, indent=2, ensure_ascii=False), language="json", height=260)


def _cell(value: Any) -> Any:
    return value if isinstance(value, str | int | float) or value is None else words(value)


def _titled(name: Any) -> str:
    text = str(name).replace("_", " ")
    return plain(text[:1].upper() + text[1:])
