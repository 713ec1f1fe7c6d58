"""The card that starts a training: what serves, the recipe, what will happen, one button."""

from __future__ import annotations

import uuid

import streamlit as st

from dashboard.cards import span
from dashboard.runtime import act, ask, show_error
from dashboard.state import param, set_params
from dashboard.training.asked import Asked
from dashboard.training.kinds import Kind
from dashboard.training.options import (
    choose_data,
    choose_model,
    choose_preset,
    choose_priority,
    choose_search,
    choose_settings,
)
from dashboard.training.outlook import champion_line, outlook
from engine.catalog.records import ShopInfo
from engine.errors import EngineError
from engine.model_registry.schema import CHAMPION, ModelInfo, VersionInfo
from engine.model_registry.service import RegistryService
from engine.training.schema import JobPreview
from engine.training.service import TrainingService

_CLICK = "training_click"


def launcher(kind: Kind, shop: ShopInfo, *, ended: int) -> None:
    """Draw the card for a kind and a shop.

    Parameters
    ----------
    ended : int
        How many jobs have ended: what past runs tell changes with it.
    """
    st.session_state.setdefault(_CLICK, uuid.uuid4().hex)
    usual = f"{shop.shop}.{kind.name}"
    registered = {each.model: each for each in ask(RegistryService.list_models)}
    known = {name: each for name, each in registered.items() if each.kind == kind.name and each.shop == shop.shop}
    model = param("model") or usual
    if model in registered and model not in known:  # a link's model, or one of the shop before
        set_params(model="")
        model = usual
    champion = _champion(known.get(model))
    champion_line(kind, champion)
    what = st.container()
    preset = choose_preset(kind, champion=champion is not None)
    ahead = st.container()
    with st.expander("Options", key="options", icon=":material/tune:"):
        with st.grid(2, min_column_width=260, vertical_alignment="bottom"):
            number = choose_data(shop)
            model = choose_model(model, usual, list(known))
            search = choose_search()
            priority = choose_priority()
        asked = Asked(kind.name, shop.shop, model, number, preset, tuning=search, priority=priority)
        st.caption("Settings start with the recipe above. Only what you change is sent.")
        state = (champion.version if champion else None, ended)
        try:
            before = asked.preview({}, state=state)
            base = before.config
            asked = choose_settings(asked, kind, before, first=what)
            preview = asked.preview(base, state=state) if asked.changed else before
        except EngineError as error:
            with ahead:
                show_error(error)
                _button(asked, champion, disabled=True)
            return
    with ahead:
        outlook(preview)
        if _button(asked, champion, disabled=bool(preview.missing)):
            _submit(asked, base)
        st.caption(_what_then(asked, preview, champion))


def _champion(model: ModelInfo | None) -> VersionInfo | None:
    number = model.aliases.get(CHAMPION) if model else None
    return ask(RegistryService.get_version, model=model.model, reference=number) if model and number else None


def _button(asked: Asked, champion: VersionInfo | None, *, disabled: bool) -> bool:
    label = "Train" if champion is None else "Retrain the champion" if asked.as_champion else "Train a challenger"
    clicked: bool = st.button(label, type="primary", disabled=disabled, key="train", icon=":material/play_arrow:")
    return clicked


def _what_then(asked: Asked, preview: JobPreview, champion: VersionInfo | None) -> str:
    """What the button does, in words."""
    recipe = "The same recipe" if asked.as_champion else "Your recipe"
    rival = f"the champion {champion.version}" if champion else "the baseline"
    told = (
        f"{recipe} on snapshot {preview.snapshot}. The new version is held against {rival} on the same held-out rows, "
        "and nothing goes live until you promote it."
    )
    if asked.tuning:
        told += f" Before that, settings are searched for on rows inside the training data, {span(asked.tuning.minutes * 60)} at most."
    if asked.as_champion and champion and champion.lineage.snapshot == preview.snapshot:
        told += " The champion learned from these rows already, so the same recipe gains nothing: change it, or import newer data."
    return told


def _submit(asked: Asked, base: dict[str, object]) -> None:
    """Queue the job once, however often the button is clicked."""
    started = act(
        TrainingService.submit,
        kind=asked.kind,
        shop=asked.shop,
        model=asked.model,
        snapshot=asked.snapshot,
        tuning=asked.tuning,
        priority=asked.priority,
        idempotency_key=st.session_state[_CLICK],
        **asked.recipe(base),
    )
    if started is not None:
        st.session_state[_CLICK] = uuid.uuid4().hex
        set_params(job=started.job_id)
        st.rerun()
