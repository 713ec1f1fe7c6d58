"""What an impact estimate tells, as callers in any process see it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from engine.estimators.base import Interval


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Method(StrEnum):
    """How a log of another policy is weighed."""

    IPS = "ips"
    SNIPS = "snips"
    DOUBLY_ROBUST = "doubly_robust"


class OffPolicy(_Record):
    """The mean reward of a policy that did not run, estimated from the log of one that did.

    Attributes
    ----------
    estimates : dict of Method to Interval
    logged : Interval
        Mean reward of the policy that ran.
    effective_sample : float
        How many independent rows of the policy itself the log is worth (Kish); rows of one list are one.
    effective_successes : float
        The same for rows with a reward: what the width of the intervals really rests on.
    mean_weight : Interval
        Of the unclipped weights; 1 (or the share of places that the policy fills) when all is right.
    unseen_share : float
        Part of the policy's choices that the log never shows.
    clip, clipped_share
        Highest weight, and part of the rows that it cut; None and 0 when nothing was cut.
    """

    rows: int
    estimates: dict[Method, Interval]
    logged: Interval
    effective_sample: float
    effective_successes: float
    largest_weight: float
    mean_weight: Interval
    unseen_share: float
    clip: float | None = None
    clipped_share: float = 0.0
    warnings: list[str] = []


class Measure(_Record):
    """One figure of the lists before and after, and the difference (after minus before) by session.

    `name` is `hit_rate_at_10`, `ndcg_at_10`, `revenue`, `margin`, `coverage_at_10`, `sold_out`,
    `low_stock` or `zero_results`; `unit` is "share", "currency" or "score".
    """

    name: str
    title: str
    unit: str
    before: Interval
    after: Interval
    difference: Interval
    higher_is_better: bool = True
    note: str = ""


class Exposure(_Record):
    """Part of all places that one brand, size or other value takes, 0 to 1.

    `bought` is its part of what the same sessions bought: what an even hand would come near to.
    """

    value: str
    before: float
    after: float
    difference: Interval
    bought: float


class ImpactReport(_Record):
    """What a draft would have changed on held-out sessions of the shop.

    Attributes
    ----------
    sessions : int
        Held-out sessions with a purchase that were replayed, of `of` that there are.
    moved : Interval
        Share of the places that hold another product than before.
    exposure : dict of str to list of Exposure
        By facet, `brand` and `size` among them, the largest first.
    about : list of str
        What the figures are and are not.
    off_policy : dict of str to OffPolicy, or None
        Click rate of `before` and `after`, where the shop logs impressions with propensities.
    """

    shop: str
    model: str
    version: str
    snapshot: int
    plan: int | None
    since: datetime | None
    until: datetime | None
    sessions: int
    of: int
    k: int
    measures: list[Measure]
    moved: Interval
    exposure: dict[str, list[Exposure]]
    about: list[str]
    warnings: list[str]
    off_policy: dict[str, OffPolicy] | None = None

    def measure(self, name: str) -> Measure:
        """The measure of that name; `KeyError` when there is none."""
        return {measure.name: measure for measure in self.measures}[name]
