"""What may be changed before a training starts: data, name, search, place in the queue, settings."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from dashboard.cards import moment
from dashboard.runtime import ask, plain
from dashboard.state import param, set_params
from dashboard.training.asked import CHAMPION_RECIPE, Asked
from dashboard.training.config_form import config_form
from dashboard.training.config_schema import changes, told_changes
from dashboard.training.data_choices import offered
from dashboard.training.kinds import PRESETS, Kind, held
from dashboard.training.priority import PRIORITIES, number_of, priority_named
from engine.catalog.records import ShopInfo
from engine.catalog.service import CatalogService
from engine.estimators.kinds import kind_of
from engine.training.schema import JobPreview, Tuning

_KEPT = "training_settings"


def choose_preset(kind: Kind, *, champion: bool) -> str:
    """The recipe to start from: the champion's own, or one of the kind's presets."""
    titles = {**({CHAMPION_RECIPE: "As the champion"} if champion else {}), **{p: PRESETS[p] for p in kind.presets}}
    default = CHAMPION_RECIPE if champion else "balanced"
    widget, changed = held("preset", list(titles), default)
    chosen = st.segmented_control(
        "Recipe",
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        key=widget,
        on_change=changed,
        help="Quick is for a first look, best takes longest. Settings can be changed one by one below.",
    )
    return chosen or default


def choose_data(shop: ShopInfo) -> int:
    """The snapshot to learn from: the newest, unless another is asked for."""
    newest = str(shop.snapshot)
    titles = {newest: f"Snapshot {newest} (newest)"}
    for each in ask(CatalogService.list_snapshots, shop=shop.shop, limit=50):
        mark = " (newest)" if str(each.number) == newest else ""
        titles[str(each.number)] = f"Snapshot {each.number}{mark}, {moment(each.created_at)}"
    widget, changed = held("snapshot", list(titles), newest)
    return int(st.selectbox("Data", list(titles), format_func=titles.__getitem__, key=widget, on_change=changed))


def choose_model(model: str, usual: str, known: Sequence[str]) -> str:
    """The name under which versions follow each other; a new name starts a model of its own."""
    widget = "choose_training_model"
    st.session_state[widget] = model

    def changed() -> None:
        chosen = st.session_state[widget] or usual
        set_params(model="" if chosen == usual else chosen, settings="")

    chosen: str | None = st.selectbox(
        "Name of the model",
        list(dict.fromkeys([usual, *known, model])),
        key=widget,
        accept_new_options=True,
        on_change=changed,
        help="Another name makes another model, such as one with another target. Letters, digits, dots and dashes.",
    )
    return chosen or usual


def choose_search() -> Tuning | None:
    """Whether better settings are searched for, and for how long."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = st.toggle(
            "Search for better settings",
            key="tune",
            bind="query-params",
            help="Tries many settings on rows inside the training data and takes the best. The held-out rows stay unseen.",
        )
        if not on:
            return None
        minutes = st.number_input("Minutes", 1, 600, 10, key="minutes", bind="query-params", width=130)
    return Tuning(minutes=float(minutes))


def choose_priority() -> int:
    """Where the job stands in the queue."""
    chosen = st.segmented_control(
        "Place in the queue",
        list(PRIORITIES.values()),
        default=priority_named(0),
        required=True,
        key="priority",
        bind="query-params",
    )
    return number_of(chosen)


def choose_settings(asked: Asked, kind: Kind, before: JobPreview, *, first: DeltaGenerator) -> Asked:
    """The form of all settings, started with the recipe; returns what is asked for with the changes in it.

    Parameters
    ----------
    before : JobPreview
        What the recipe would do without any change.
    first : container
        Where the settings stand that say what is learned from what; the others stand here.
    """
    base = before.config
    recipe = json.dumps([asked.kind, asked.model, asked.preset, base], sort_keys=True)
    key = f"set{zlib.crc32(recipe.encode()):08x}"
    started = _started(asked.kind, base, key)
    table = st.session_state.get(f"{key}.table", started.get("table"))
    known = offered(asked.snapshot, table, before.outlook)
    drawn = [setting for setting in kind.settings if setting.name != "sheet" or known.get("sheet")]
    values = dict(started)
    with first:
        values |= config_form([each for each in drawn if each.name in kind.about_data], started, known, key=key)
    values |= config_form([each for each in drawn if each.name not in kind.about_data], started, known, key=key)
    changed = changes(base, values)
    _keep(key, changed)
    if changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(plain(f"Changed: {'; '.join(told_changes(kind.settings, base, changed))}."), width="content")
            if st.button("Take the changes back", key="settings_reset", type="tertiary", icon=":material/undo:"):
                _forget(key)
                st.rerun()
    return replace(asked, changed=changed)


def _started(kind: str, base: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The values that the form was opened with; they stay while it is open, or its controls would start again."""
    opened = st.session_state.setdefault(_KEPT, {})
    if f"{key}.seed" not in st.session_state:  # the controls are new, or were away
        kept = opened.get(key, {}).get("changed", {})
        opened[key] = {"started": {**base, **(_from_url(kind, base) or kept)}}
    started: dict[str, Any] = opened[key]["started"]
    return started


def _from_url(kind: str, base: Mapping[str, Any]) -> dict[str, Any]:
    """Changes that a link carries; those that are not possible are left out."""
    try:
        given = json.loads(param("settings") or "{}")
        kind_of(kind).config_type.model_validate({**base, **given})
    except (ValueError, TypeError, ValidationError):
        return {}
    return dict(given)


def _keep(key: str, changed: Mapping[str, Any]) -> None:
    st.session_state[_KEPT][key]["changed"] = dict(changed)
    text = json.dumps(changed, sort_keys=True) if changed else ""
    if param("settings") != text:
        set_params(settings=text)


def _forget(key: str) -> None:
    """Start the form again: its controls get their values anew when their state is gone."""
    del st.session_state[_KEPT][key]
    set_params(settings="")
    for name in [name for name in st.session_state if str(name).startswith(f"{key}.")]:
        del st.session_state[name]
