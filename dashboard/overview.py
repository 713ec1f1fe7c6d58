"""What Home tells: champions with their figures, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.catalog.records import ShopInfo, SnapshotInfo
from engine.model_registry.schema import CHAMPION, AliasMove, ModelInfo, VersionInfo
from engine.training.schema import JobInfo, JobState


@dataclass(frozen=True, slots=True)
class NextAction:
    """One sentence on where things stand, and the button that goes on from there."""

    sentence: str
    label: str
    page: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Serving:
    """A champion: its version, since when, its primary metric and what the gate said of it."""

    model: ModelInfo
    version: VersionInfo
    since: datetime
    verdict: Mapping[str, Any]

    @property
    def metric(self) -> str:
        """The primary metric; the first that was measured where no verdict names one."""
        return str(self.verdict.get("metric") or next(iter(self.version.metrics), ""))

    @property
    def interval(self) -> tuple[float | None, float | None, float | None]:
        """Value, low and high of the primary metric."""
        measured = (self.version.evaluation or {}).get("metrics", {}).get(self.metric, {})
        return measured.get("value", self.version.metrics.get(self.metric)), measured.get("low"), measured.get("high")


def serving(
    model: ModelInfo, version: VersionInfo, moves: Sequence[AliasMove], verdict: Mapping[str, Any] | None
) -> Serving:
    """A champion from the registry's records; `moves` are those of its champion alias, newest first."""
    since = next((move.time for move in moves if move.version == version.version), version.created_at)
    promoted = next((move.verdict for move in moves if move.version == version.version and move.verdict), None)
    return Serving(model, version, since, promoted or verdict or {})


def next_action(
    shops: Sequence[ShopInfo],
    snapshots: Sequence[SnapshotInfo],
    champions: Sequence[Serving],
    jobs: Sequence[JobInfo],
    waiting: VersionInfo | None,
    *,
    untrainable: Collection[str] = (),
) -> NextAction:
    """What helps most now.

    Parameters
    ----------
    untrainable : collection of str
        Shops whose data lacks what a first model needs.
    waiting : VersionInfo or None
        A version that passed the gate against the present champion and is not promoted.
    """
    with_data = [shop for shop in shops if shop.snapshot is not None]
    if not with_data:
        return NextAction("There is no shop with data yet.", "Import data", "data")
    running = [job for job in jobs if not job.state.final]
    if running:
        job = running[0]
        return NextAction(f"{job.model} is being trained.", "Watch the training", "training", {"job": job.job_id})
    if waiting is not None:
        where = {"model": waiting.model, "version": waiting.version}
        return NextAction(
            f"{waiting.model} {waiting.version} passed the gate and waits.", "Review and promote", "registry", where
        )
    ready = [shop for shop in with_data if shop.shop not in untrainable]
    if not ready:
        sentence = f"{with_data[0].title} has products but nothing that shoppers did, so no model can be trained yet."
        return NextAction(sentence, "Import purchases or views", "data", {"shop": with_data[0].shop})
    return _by_shop(ready, snapshots, champions, jobs)


def _by_shop(
    shops: Sequence[ShopInfo], snapshots: Sequence[SnapshotInfo], champions: Sequence[Serving], jobs: Sequence[JobInfo]
) -> NextAction:
    trained_on = {serving.model.shop: serving.version.lineage.snapshot for serving in champions}
    for shop in shops:
        if shop.shop not in trained_on:
            return NextAction(
                f"{shop.title} has data but no champion.", "Train its first model", "training", {"shop": shop.shop}
            )
    for shop in shops:
        seen = trained_on[shop.shop]
        if seen is not None and shop.snapshot is not None and seen < shop.snapshot and not _tried(shop, jobs):
            sentence = f"{shop.title} has newer data than its champion was trained on."
            return NextAction(sentence, "Retrain on it", "training", {"shop": shop.shop})
    return NextAction(
        "Everything serves what was trained last.", "Try the recommendations", "sandbox", {"shop": shops[0].shop}
    )


def _tried(shop: ShopInfo, jobs: Sequence[JobInfo]) -> bool:
    return any(
        job.shop == shop.shop and job.snapshot == shop.snapshot and job.state is JobState.SUCCEEDED for job in jobs
    )


def champion_version(model: ModelInfo) -> str | None:
    """The number that the model's champion alias names."""
    return model.aliases.get(CHAMPION)
