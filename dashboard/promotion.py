"""Promote and roll back: what would change, what the gate says, a reason, one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.cards import figure
from dashboard.metrics import metric_name
from dashboard.runtime import act, ask, plain
from engine.model_registry.insight import InsightService, ReleaseChange
from engine.model_registry.schema import CHAMPION, VerdictRecord, VersionInfo
from engine.model_registry.service import RegistryService


def champion_of(model: str) -> str | None:
    """The version that serves now."""
    return ask(RegistryService.get_model, model=model).aliases.get(CHAMPION)


def verdict_against(model: str, version: str, champion: str | None) -> VerdictRecord | None:
    """The newest verdict on a version against what serves now."""
    given = ask(RegistryService.verdicts, model=model, version=version)
    return next((record for record in given if record.against == champion), None)


def verdict_box(record: VerdictRecord | None, champion: str | None) -> None:
    """The gate's verdict in words."""
    rival = f"the champion {champion}" if champion else "the baseline"
    if record is None:
        st.warning(f"It was never compared with {rival}, so the gate has not passed.", icon=":material/help:")
        return
    title = f"The gate passed against {rival}" if record.passed else f"The gate did not pass against {rival}"
    body = "\n\n".join(plain(reason) for reason in record.verdict.get("reasons", [])) or gain_words(record.verdict)
    if record.passed:
        st.success(body, title=title, icon=":material/check_circle:")
    else:
        st.warning(body, title=title, icon=":material/block:")


def gain_words(verdict: Mapping[str, Any]) -> str:
    """The gain on the primary metric with its interval."""
    percent, low, high = (verdict.get(name) for name in ("gain_percent", "low_percent", "high_percent"))
    if percent is None or low is None or high is None:
        return f"Gain on {verdict.get('metric', 'the primary metric')}: {figure(verdict.get('gain'))}."
    overruled = " The gate was overruled." if verdict.get("overruled") else ""
    return f"{percent:+.1f}% on {metric_name(verdict['metric'])} (95% interval {low:+.1f}% to {high:+.1f}%).{overruled}"


@st.dialog("Promote to champion", icon=":material/north:")
def promote_dialog(version: VersionInfo, champion: str | None) -> None:
    """Ask once, with the consequence in view.

    `champion` is what served when the dialog was opened: the promotion holds only if it still does.
    """
    record = verdict_against(version.model, version.version, champion)
    _consequence(version.model, champion, version.version)
    verdict_box(record, champion)
    passed = record is not None and record.passed
    overrule = False
    if not passed:
        overrule = st.checkbox(
            "Overrule the gate", key="promote_overrule", help="The audit trail keeps that you did, and why."
        )
    reason = st.text_area(
        "Reason", key="promote_reason", placeholder="What makes this the right model now?", max_chars=2000, height=80
    )
    ready = passed or (overrule and bool(reason.strip()))
    if st.button("Promote", type="primary", disabled=not ready, key="promote_confirm"):
        moved = act(
            RegistryService.promote,
            done=f"{version.model} {version.version} serves now.",
            model=version.model,
            version=version.version,
            expected=champion,
            reason=reason.strip(),
            overrule=overrule,
        )
        if moved is not None:
            st.rerun()
    st.caption("Rolling back undoes it. Who, when and why are kept in the audit trail.")


@st.dialog("Roll back", icon=":material/undo:")
def rollback_dialog(model: str, champion: str | None) -> None:
    """Bring an earlier champion back, with a reason, if `champion` still is what serves."""
    moves = ask(RegistryService.history, model=model, alias=CHAMPION)
    earlier = list(dict.fromkeys(m.version for m in moves if m.version is not None and m.version != champion))
    if champion is None or not earlier:
        st.caption("There is no earlier champion to go back to.")
        return
    target = st.selectbox("Back to", earlier, key="rollback_to")
    _consequence(model, champion, target)
    reason = st.text_area(
        "Reason",
        key="rollback_reason",
        placeholder="What went wrong with the one that serves now?",
        max_chars=2000,
        height=80,
    )
    if st.button("Roll back", type="primary", disabled=not reason.strip(), key="rollback_confirm"):
        moved = act(
            RegistryService.rollback,
            done=f"{model} {target} serves again.",
            model=model,
            expected=champion,
            reason=reason.strip(),
            to=target,
        )
        if moved is not None:
            st.rerun()


def _consequence(model: str, now: str | None, then: str) -> None:
    change = ask(InsightService.preview, model=model, reference=then)
    left, right = st.columns(2)
    left.metric("Serves now", now or "nothing", border=True)
    right.metric("Will serve", then, border=True)
    st.caption(plain(change_words(model, change)))


def change_words(model: str, change: ReleaseChange) -> str:
    """What a promotion or roll-back publishes, in words."""
    if change.shop is None or change.number is None:
        return f"{model} belongs to no shop: the alias moves, no release is published."
    data = f"catalogue of snapshot {change.snapshot_after}"
    if change.snapshot_before is not None and change.snapshot_before != change.snapshot_after:
        data += f" instead of {change.snapshot_before}"
    first = change.number == 1
    release = f"publishes release {change.number}" + ("" if first else f" after release {change.number - 1}")
    return (
        f"It {release} of {change.shop}, {change.kind.replace('_', ' ')} {change.before or 'none'} to {change.after}, "
        f"{data}. The next request after this is answered by it."
    )
