"""The bridge from a page to the engine: the one Engine, acts with clear errors, the async API."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from engine.actor import Actor
from engine.core import Engine, current_engine
from engine.errors import EngineError

P = ParamSpec("P")
T = TypeVar("T")

_LOG = logging.getLogger(__name__)


def engine() -> Engine:
    """The process's Engine, which pages and the HTTP API share."""
    return current_engine()


def page_actor() -> Actor:
    """Who acts when somebody clicks."""
    return Actor.local(via="page")


def ask(operation: Callable[Concatenate[Any, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call an operation of the engine; errors travel to the nearest `told`."""
    return engine().call(operation, *args, **kwargs)


def act(operation: Callable[..., T], /, *, done: str = "", **arguments: Any) -> T | None:
    """Change state in the name of the person at the page.

    Parameters
    ----------
    operation : method
        An operation whose first argument is the actor.
    done : str
        A short confirmation, shown when it worked.

    Returns
    -------
    object or None
        The operation's answer, None after an error that the page has shown.
    """
    answer: T | None = None
    with told():
        answer = engine().call(operation, actor=page_actor(), **arguments)
        if done:
            st.toast(done)
    return answer


@contextmanager
def told() -> Iterator[None]:
    """Turn an error inside the block into one clear message on the page.

    An error of the engine shows what was found, expected and hinted; anything else shows a
    reference under which the log has the traceback.
    """
    try:
        yield
    except EngineError as error:
        show_error(error)
    except Exception as error:
        st.error(f"Something went wrong (reference {reference_of(error)}). The log has the details.")


def show_error(error: EngineError) -> None:
    """One box: the found sentence first, then what was expected and what to do."""
    rest = " ".join(part for part in (error.expected, error.hint) if part)
    st.error(plain(rest) or " ", title=plain(error.found), icon=":material/error:")


def reference_of(error: Exception) -> str:
    """Log an unexpected error with its traceback; returns the reference that finds it."""
    reference = secrets.token_hex(4)
    _LOG.error("reference %s", reference, exc_info=error)
    return reference


def plain(text: str) -> str:
    """Text with everything escaped that Streamlit would read as markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-!|<>~$:" else sign for sign in text).replace("\n", " ")


def begin(operation: Callable[..., T], /, **arguments: Any) -> Future[T]:
    """Start a long operation in the background; the page polls the future."""
    return asyncio.run_coroutine_threadsafe(engine().acall(operation, **arguments), _loop())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine of the async API; all of them share one background loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="pages-async", daemon=True).start()
    return loop
