"""Forget a shopper: what it takes away, the question, and which models still hold what they learned."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.cards import count, csv_button, moment, table
from dashboard.data.history import difference
from dashboard.data.shopper_traces import Traces, traces
from dashboard.runtime import act, ask, plain
from dashboard.state import link
from engine.catalog.forgetting import ForgettingService
from engine.catalog.records import ForgetReport, ForgottenIn, ShopInfo, SnapshotInfo

_LINKED = 12


def forgetting(shop: ShopInfo, snapshots: Sequence[SnapshotInfo]) -> None:
    """From the id to the report; who it is about never enters the URL."""
    report: ForgetReport | None = st.session_state.get("forget_report")
    if report is not None and report.shop == shop.shop:
        _told(report)
    st.caption(
        "Takes one shopper out of every snapshot, quarantine and running job of this shop, and destroys the key to "
        "the pseudonym. It cannot be undone."
    )
    round_ = st.session_state.get("forget_round", 0)
    typed = st.text_input(
        "Shopper",
        key=f"forget_who_{round_}",
        placeholder="The shop's own id, a mail address, or a pseudonym",
        width=420,
        autocomplete="off",
    ).strip()
    if typed:
        _consequence(shop, traces(shop.shop, typed, snapshots))
        with st.form(f"forget_{round_}", border=False):
            again = st.text_input("Type it again to forget this shopper", key=f"forget_again_{round_}", width=420)
            if st.form_submit_button("Forget", type="primary", key="forget_go"):
                _forget(shop.shop, typed, again.strip())
    _earlier(shop.shop)


def _consequence(shop: ShopInfo, found: Traces) -> None:
    with st.container(border=True):
        if found.exact:
            rows = ", ".join(f"{name} {count(n)}" for name, n in found.rows.items())
            numbers = ", ".join(map(str, found.snapshots))
            st.markdown(
                f"**What goes:** {count(sum(found.rows.values()))} rows of the newest snapshot ({plain(rows)}). "
                f"All snapshots that hold the shopper are written anew: {numbers}."
            )
        else:
            st.markdown(
                f"**What goes:** every row of this shopper in the {count(len(found.snapshots))} snapshots of "
                f"{plain(shop.title)}. Nobody of that name is in the newest one; older ones are searched when it is done."
            )
        if not found.models:
            st.caption("No model was trained on these snapshots.")
            return
        versions = ", ".join(f"{m.model} {m.version} (snapshot {m.snapshot})" for m in found.models[:_LINKED])
        more = f" and {count(len(found.models) - _LINKED)} more" if len(found.models) > _LINKED else ""
        st.markdown(f"**What stays until they are trained again:** {plain(versions + more)}.")


def _forget(shop: str, typed: str, again: str) -> None:
    if again != typed:
        st.warning("The two are not the same; nobody was forgotten.", icon=":material/warning:")
        return
    with st.spinner("Writing every snapshot without the shopper", show_time=True):
        report = act(ForgettingService.forget, shop=shop, shopper=typed)
    if report is not None:
        difference.clear()
        for key in ("mend_drafts", "mend_outcome", "import_preview"):
            st.session_state.pop(key, None)
        st.session_state["forget_report"] = report
        st.session_state["forget_round"] = st.session_state.get("forget_round", 0) + 1
        st.rerun()


def _told(report: ForgetReport) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(report_words(report))}**")
            if st.button("Close", key="forget_close", icon=":material/close:", type="tertiary"):
                del st.session_state["forget_report"]
                st.rerun()
        if report.rows:
            rows = [{"Table": name, "Rows that went": n} for name, n in report.rows.items()]
            table(rows, alt="Rows that left the newest snapshot, by table")
        _models(report.models, report.shop)
        if report.jobs:
            st.caption(f"Jobs that were reading these rows: {plain(', '.join(report.jobs))}.")
        for note in (*report.notes, *(f"{path} still holds the rows." for path in report.kept_elsewhere)):
            st.caption(plain(note))


def report_words(report: ForgetReport) -> str:
    """What was done, in one sentence that names nobody."""
    if not report.found:
        return "Nobody of that name was in this shop; nothing was changed."
    aside = f" and {count(report.quarantined)} from quarantines" if report.quarantined else ""
    many = len(report.snapshots)
    return (
        f"The shopper is forgotten: {count(sum(report.rows.values()))} rows left the newest snapshot{aside}, "
        f"{many} {'snapshot was' if many == 1 else 'snapshots were'} written anew."
    )


def _models(models: Sequence[ForgottenIn], shop: str) -> None:
    if not models:
        return
    st.markdown(f"{count(len(models))} {'version' if len(models) == 1 else 'versions'} had learned from the shopper:")
    with st.container(horizontal=True):
        for found in models[:_LINKED]:
            link("registry", f"{found.model} {found.version}", model=found.model, version=found.version)
    rows = [{"Model": found.model, "Version": found.version, "Snapshot": found.snapshot} for found in models]
    with st.container(horizontal=True):
        csv_button(rows, list(rows[0]), name=f"{shop}-affected-models.csv", key="forget_models_csv")
        link("training", "Train again", shop=shop)


def _earlier(shop: str) -> None:
    """Earlier acts; nobody is named."""
    done = ask(ForgettingService.list_forgotten, shop=shop)
    if not done:
        return
    st.subheader("Forgotten before", anchor=False)
    rows = [
        {
            "When": moment(act_.time),
            "By": act_.by,
            "Snapshots": ", ".join(map(str, act_.snapshots)),
            "Models that had learned": ", ".join(f"{m.model} {m.version}" for m in act_.models),
        }
        for act_ in done
    ]
    table(rows, alt="Shoppers forgotten before, with the snapshots and models concerned")
    csv_button(rows, list(rows[0]), name=f"{shop}-forgotten.csv", key="forgotten_csv")
