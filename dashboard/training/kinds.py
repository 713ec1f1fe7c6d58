"""The kinds of model that can be trained, in words, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import streamlit as st

from dashboard.runtime import plain
from dashboard.state import param, set_params
from dashboard.training.config_schema import Setting, settings_of
from engine.estimators.kinds import KINDS, kind_of

PRESETS = {"quick": "Quick", "balanced": "Balanced", "best": "Best"}
"""Preset to its name on the page, the fastest first."""

_ABOUT_DATA = ("table", "sheet", "target", "task")


@dataclass(frozen=True)
class Kind:
    """What the page tells of a kind; `about_data` are the settings that say what is learned from what."""

    name: str
    title: str
    about: str
    primary_metric: str
    higher_is_better: bool
    baseline: str
    presets: tuple[str, ...]
    about_data: tuple[str, ...]
    settings: tuple[Setting, ...]


@cache
def kind(name: str) -> Kind:
    """A kind of model in words."""
    found = kind_of(name)
    settings = settings_of(found.config_type.model_json_schema())
    return Kind(
        name=name,
        title=found.title,
        about=found.about,
        primary_metric=found.primary_metric,
        higher_is_better=found.higher_is_better,
        baseline=found.baseline_name,
        presets=tuple(preset for preset in PRESETS if preset in found.presets),
        about_data=tuple(setting.name for setting in settings if setting.name in _ABOUT_DATA),
        settings=tuple(settings),
    )


def kinds() -> list[Kind]:
    """All kinds, in the order in which the page offers them."""
    return [kind(name) for name in KINDS]


def choose_kind() -> Kind:
    """Choose what is trained; each kind with its sentence."""
    offered = kinds()
    titles = {each.name: each.title for each in offered}
    widget, changed = held("kind", list(titles), next(iter(titles)), lambda: set_params(model="", settings=""))
    chosen = st.radio(
        "What to train",
        list(titles),
        format_func=titles.__getitem__,
        captions=[plain(each.about) for each in offered],
        key=widget,
        on_change=changed,
    )
    return kind(chosen)


def held(
    key: str, options: Sequence[str], default: str, then: Callable[[], None] | None = None
) -> tuple[str, Callable[[], None]]:
    """Tie a widget to the URL: the key that it takes, and what it calls when it changes.

    The widget starts with what the URL names, else with what was chosen before, else with `default`.
    """
    widget, kept = f"choose_{key}", f"kept_{key}"
    wanted = param(key) or st.session_state.get(kept)
    value = wanted if wanted in options else default
    st.session_state[widget] = value
    if param(key) and param(key) != value:
        set_params(**{key: ""})

    def changed() -> None:
        chosen = st.session_state[widget] or ""
        told = "" if chosen == default else chosen
        st.session_state[kept] = told
        set_params(**{key: told})
        if then is not None:
            then()

    return widget, changed
