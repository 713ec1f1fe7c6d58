"""Sliders of the blend: one a signal, with the model's own weight marked and a way back to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.runtime import plain
from dashboard.sandbox.draft import change_plan, desk, set_weight
from dashboard.sandbox.fields import give
from dashboard.sandbox.signal_words import signal_name
from engine.recommendation_engine.schema import SignalInfo

_MOST = 5.0
_STEP = 0.01
_FIRST = 6
_ALL = "all_signals"


def own_weights(signals: Sequence[SignalInfo]) -> dict[str, float]:
    """The model's own weight of each signal."""
    return {info.signal: info.weight for info in signals}


def changed_weights(weights: Mapping[str, float], signals: Sequence[SignalInfo]) -> int:
    """How many of the model's signals have another weight in the draft."""
    return sum(info.signal in weights for info in signals)


def sliders(signals: Sequence[SignalInfo]) -> None:
    """Draw a slider a signal; moving one changes the draft at once."""
    weights = desk().draft.plan.weights
    st.caption("How much each signal counts. The figure after the name is the model's own weight.")
    more = len(signals) > _FIRST
    everything = not more or bool(st.session_state.get(_ALL))
    for place, info in enumerate(signals):
        if everything or place < _FIRST or info.signal in weights:
            _slider(info, weights.get(info.signal))
    if more:
        st.toggle(f"All {len(signals)} signals", key=_ALL, bind="query-params")
    unknown = sorted(set(weights) - {info.signal for info in signals})
    if unknown:
        names = ", ".join(signal_name(name) for name in unknown)
        st.warning(f"This model has no signal {plain(names)}: the draft's weight of it has no effect here.")
    if changed_weights(weights, signals):
        st.button("All to the model's own", key="reset_weights", type="tertiary", on_click=_reset_all)


def _slider(info: SignalInfo, drafted: float | None) -> None:
    key = f"weight_{info.signal}"
    value = round(info.weight if drafted is None else drafted, 2)
    give(key, min(_MOST, max(0.0, value)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.slider(
            f"{plain(signal_name(info.signal))} · own {info.weight:.2f}",
            0.0,
            _top(info.weight, value),
            step=_STEP,
            key=key,
            help=plain(info.about) or None,
            on_change=_moved,
            args=(info,),
        )
        st.button(
            "Reset",
            icon=":material/undo:",
            key=f"reset_{info.signal}",
            type="tertiary",
            disabled=drafted is None,
            help=f"Back to {info.weight:.2f}",
            on_click=set_weight,
            args=(info.signal, None),
        )


def _top(own: float, value: float) -> float:
    """The end of the scale: room for about twice the own weight, and for what the draft has."""
    return float(min(_MOST, max(1.0, math.ceil(2 * own), math.ceil(value))))


def _moved(info: SignalInfo) -> None:
    value = float(st.session_state[f"weight_{info.signal}"])
    set_weight(info.signal, None if round(value, 2) == round(info.weight, 2) else round(value, 2))


def _reset_all() -> None:
    change_plan(weights={})
