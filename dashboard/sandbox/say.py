"""Words for the person that come out of a callback: a callback may not draw, so they wait for the next draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from dashboard.runtime import engine, page_actor, plain, show_error
from engine.errors import EngineError

T = TypeVar("T")
_WORDS, _TROUBLE = "sandbox_words", "sandbox_trouble"


def say(text: str) -> None:
    """Confirm something in passing."""
    st.session_state.setdefault(_WORDS, []).append(text)


def attempt(operation: Callable[..., T], /, *, done: str = "", **arguments: Any) -> T | None:
    """Call an operation from a callback; an error is shown at the next draw.

    Parameters
    ----------
    done : str
        A confirmation for when it worked.

    Returns
    -------
    object or None
        The answer, None after an error.
    """
    try:
        answer = engine().call(operation, **arguments)
    except EngineError as error:
        st.session_state[_TROUBLE] = error
        return None
    if done:
        say(done)
    return answer


def attempt_as_me(operation: Callable[..., T], /, *, done: str = "", **arguments: Any) -> T | None:
    """Change state from a callback in the name of the person at the page."""
    return attempt(operation, done=done, actor=page_actor(), **arguments)


def show() -> None:
    """Say what waits to be said."""
    for text in st.session_state.pop(_WORDS, []):
        st.toast(plain(text))
    trouble = st.session_state.pop(_TROUBLE, None)
    if trouble is not None:
        show_error(trouble)
