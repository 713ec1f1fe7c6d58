"""Feeds: folders and addresses that fill a shop on a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

import streamlit as st

from dashboard.cards import moment, span
from dashboard.data.feed_form import EVERY, add_feed
from dashboard.data.importers import MODES, title_of
from dashboard.runtime import act, ask, begin, page_actor, plain, show_error, told
from dashboard.state import link
from engine.catalog.feeds import FeedInfo, FeedService
from engine.catalog.records import ShopInfo
from engine.catalog.service import CatalogService
from engine.errors import EngineError

_COLOURS = {"imported": "green", "unchanged": "gray", "failed": "red", "interrupted": "orange"}
_RUNS = "feed_runs"


def feeds(shops: Sequence[ShopInfo], shop: str | None) -> None:
    """All feeds, those of the chosen shop first, and the form for another."""
    _failures()
    found = sorted(ask(FeedService.list_feeds), key=lambda info: info.shop != shop)
    if not found:
        st.caption(
            "No feed yet. A feed watches a folder of the server or an https address, and imports what is new there."
        )
    if any(_moves(info) for info in found):
        st.fragment(_live, run_every="1s")(shop)
    else:
        _all(found)
    add_feed(shops, shop, unfold=not found)


def _live(shop: str | None) -> None:
    """The list while a feed runs or is about to; the page runs again when the last one has ended."""
    with told():
        found = sorted(ask(FeedService.list_feeds), key=lambda info: info.shop != shop)
        if not any(_moves(info) for info in found):
            st.rerun()
        _all(found)


def _moves(info: FeedInfo) -> bool:
    run = _runs().get(info.feed)
    due = info.next_at is not None and info.next_at <= datetime.now(UTC)
    return info.running or due or (run is not None and not run.done())


def _all(found: Sequence[FeedInfo]) -> None:
    for info in found:
        with st.container(border=True, gap="xsmall", key=f"feed_{info.feed}"):
            _card(info)


def _card(info: FeedInfo) -> None:
    run = _runs().get(info.feed)
    running = info.running or (run is not None and not run.done())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
            st.markdown(f"**{plain(info.feed)}**", width="content")
            state = "running" if running else "paused" if info.paused else info.result or "new"
            st.badge(state, color="blue" if running else _COLOURS.get(state, "gray"))  # type: ignore[arg-type]
        with st.container(horizontal=True, width="content", gap="small"):
            _buttons(info, running=running)
    st.text(info.source)
    st.caption(plain(schedule_words(info)))
    if running:
        now = ask(CatalogService.import_progress) or {}
        mine = now.get("shop") == info.shop
        share, stage = (float(now.get("share") or 0), str(now.get("stage"))) if mine else (0.0, "Reading the source")
        st.progress(min(1.0, share), plain(stage))
    elif info.result is None:
        st.caption("It has not run yet.")
    else:
        st.caption(plain(result_words(info)))
        if info.snapshot is not None:
            link("data", f"Snapshot {info.snapshot}", shop=info.shop, snapshot=str(info.snapshot), tab="Tables")


def _buttons(info: FeedInfo, *, running: bool) -> None:
    if st.button("Run now", key=f"run_{info.feed}", icon=":material/play_arrow:", type="tertiary", disabled=running):
        _runs()[info.feed] = begin(FeedService.run_now, actor=page_actor(), feed=info.feed)
        st.rerun()
    label, icon = ("Resume", ":material/schedule:") if info.paused else ("Pause", ":material/pause:")
    if st.button(label, key=f"pause_{info.feed}", icon=icon, type="tertiary"):
        done = f"{info.feed} goes on." if info.paused else f"{info.feed} is paused."
        act(FeedService.pause, done=done, feed=info.feed, paused=not info.paused)
        st.rerun()
    if st.button("Remove", key=f"remove_{info.feed}", icon=":material/delete:", type="tertiary"):
        st.session_state["feed_to_remove"] = info.feed
        st.rerun()


def ask_removal() -> None:
    """The question that a click on Remove left; a fragment may not open a dialog itself."""
    name = st.session_state.pop("feed_to_remove", None)
    info = next((found for found in ask(FeedService.list_feeds) if found.feed == name), None) if name else None
    if info is not None:
        _removal(info)


@st.dialog("Remove the feed", icon=":material/delete:")
def _removal(info: FeedInfo) -> None:
    st.markdown(plain(f"{info.feed} no longer imports {info.source} into {info.shop}."))
    st.caption("Snapshots that it brought stay. The audit trail keeps who removed it.")
    if st.button("Remove", type="primary", key="remove_confirm"):
        act(FeedService.remove, done=f"{info.feed} is removed.", feed=info.feed)
        st.rerun()


def schedule_words(info: FeedInfo) -> str:
    """What it does, how often, and when next."""
    how = title_of(info.importer) if info.importer else "Importer recognised by the files"
    pace = EVERY.get(info.every, f"every {span(info.every * 60)}").lower()
    if info.next_at is None:
        following = "it is paused"
    elif info.next_at <= datetime.now(UTC):
        following = "it runs as soon as the files rest"
    else:
        following = f"next {moment(info.next_at)}"
    return f"Into {info.shop}. {how}, {MODES[info.mode].lower()}, {pace}; {following}."


def result_words(info: FeedInfo) -> str:
    """How the last run ended, in one sentence."""
    when = moment(info.ended_at)
    if info.result == "imported":
        return f"It brought new rows on {when}."
    if info.result == "unchanged":
        return f"There was nothing new on {when}."
    return f"{when}: {info.error or 'it did not end.'}"


def _runs() -> dict[str, Future[FeedInfo]]:
    """Runs that this session began."""
    runs: dict[str, Future[FeedInfo]] = st.session_state.setdefault(_RUNS, {})
    return runs


def _failures() -> None:
    """Runs that could not begin; how one ended stands in its feed."""
    for name, run in list(_runs().items()):
        if run.done():
            del _runs()[name]
            error = run.exception()
            if isinstance(error, EngineError):
                show_error(error)
            elif error is not None:
                with told():
                    raise error
