"""The champion gate: a challenger wins only where the evidence on the same held-out rows says so.

Paired bootstrap over units (Efron & Tibshirani 1993): the lower 95% bound of the gain must clear the
margin, no guardrail metric may break, and no slice of the units may become worse beyond doubt and by more
than is tolerated (intervals widened by Bonferroni for the number of slices).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from engine.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.estimators.base import Estimator, Evaluation, Guardrail, Scores

_ACRONYMS = {"ndcg", "map", "auc", "rmse", "mae", "wmape", "ece"}
_WORDS = {"f1": "F1", "roc": "ROC"}


class GatePolicy(BaseModel):
    """How much better is better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin_percent: float = Field(
        default=0.0, ge=0, le=100, description="Gain to clear, in percent of the rival's value."
    )
    fewest_units: int = Field(default=50, ge=2, description="Held-out units below which nothing is decided.")
    resamples: int = Field(default=2_000, ge=200, le=100_000)
    slice_tolerance: float = Field(
        default=0.05, ge=0, le=1, description="Share of the rival's value that a slice may lose."
    )
    fewest_in_slice: int = Field(default=50, ge=2, description="Units below which a slice is not judged.")
    seed: int = 0


class GuardrailCheck(BaseModel):
    """One guardrail metric of both sides."""

    model_config = ConfigDict(frozen=True)

    metric: str
    about: str
    challenger: float
    rival: float
    passed: bool


class SliceChange(BaseModel):
    """A slice of the held-out units on both sides; `gain` is positive where the challenger is better."""

    model_config = ConfigDict(frozen=True)

    name: str
    units: int
    challenger: float
    rival: float
    gain: float
    low: float
    high: float
    verdict: Literal["better", "worse", "same"]
    passed: bool


class Verdict(BaseModel):
    """Whether the challenger may replace its rival, and why.

    `gain`, `low` and `high` are in units of the metric, positive where the challenger is better; the
    percentages are of the rival's value and None where that is zero.
    """

    model_config = ConfigDict(frozen=True)

    passed: bool
    metric: str
    gain: float
    low: float
    high: float
    gain_percent: float | None
    low_percent: float | None
    high_percent: float | None
    rival: str
    units: int
    guardrails: list[GuardrailCheck]
    slices: list[SliceChange] = []
    reasons: list[str]
    challenger_metrics: dict[str, float]
    rival_metrics: dict[str, float]


def judge(
    challenger: Scores,
    rival: Scores,
    *,
    kind: type[Estimator],
    rival_name: str,
    policy: GatePolicy | None = None,
) -> Verdict:
    """Compare two models that were scored on the same held-out units.

    Parameters
    ----------
    challenger, rival : Scores
        Per-unit figures in the same order of units.
    kind : Estimator class
        Names the primary metric, its direction and the guardrails.
    rival_name : str
        The rival in words, such as "the champion 1.0.0".

    Raises
    ------
    InvalidInput
        The two were not scored on the same units, or a figure is not finite.
    """
    policy = policy or GatePolicy()
    pair = _Pair.of(challenger, rival, kind)
    base = abs(rival.evaluation.headline[kind.primary_metric])
    gain = pair.gain()
    low, high = pair.bounds(policy, 0.05)
    checks = [check for rule in kind.guardrails if (check := _check(rule, challenger.evaluation, rival.evaluation))]
    slices = _slices(pair, challenger.members, policy)
    proven, words = _proven(pair, gain, low, base * policy.margin_percent / 100, kind, rival_name, policy)
    figures = _Figures(gain=gain, low=low, high=high, base=base, units=len(pair))
    return Verdict(
        passed=proven and all(check.passed for check in checks) and all(each.passed for each in slices),
        metric=kind.primary_metric,
        gain=gain,
        low=low,
        high=high,
        gain_percent=figures.percent(gain),
        low_percent=figures.percent(low),
        high_percent=figures.percent(high),
        rival=rival_name,
        units=len(pair),
        guardrails=checks,
        slices=slices,
        reasons=[
            _comparison(figures, kind, rival_name),
            *words,
            *(_broken(check, rival_name) for check in checks if not check.passed),
            *(_lost(each, kind, rival_name) for each in slices if not each.passed),
        ],
        challenger_metrics=challenger.evaluation.headline,
        rival_metrics=rival.evaluation.headline,
    )


class _Figures(BaseModel):
    """The gain, its bounds and what they are measured against."""

    gain: float
    low: float
    high: float
    base: float
    units: int

    def percent(self, value: float) -> float | None:
        return 100 * value / self.base if self.base > 0 else None

    def words(self, value: float) -> str:
        share = self.percent(value)
        return f"{value:.4g}" if share is None else f"{share:.1f}%"


def metric_title(metric: str) -> str:
    """A metric as people write it: `ndcg_at_10` is NDCG@10, `cold/ndcg_at_10` is NDCG@10 (cold)."""
    group, _, name = metric.rpartition("/")
    name, at, depth = name.partition("_at_")
    told = (part.upper() if part in _ACRONYMS else _WORDS.get(part, part) for part in name.split("_"))
    words = " ".join(told)
    title = f"{words}@{depth}" if at else words
    return f"{title} ({group})" if group else title


@dataclass(frozen=True)
class _Pair:
    """The primary metric of both sides on the same units; `sign` is -1 where lower is better."""

    metric: str
    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]
    sign: float

    @classmethod
    def of(cls, challenger: Scores, rival: Scores, kind: type[Estimator]) -> Self:
        import numpy as np

        metric = kind.primary_metric
        ours, theirs = (np.asarray(side.per_unit[metric], dtype=np.float64) for side in (challenger, rival))
        if len(ours) != len(theirs):
            raise InvalidInput(
                f"The challenger was scored on {len(ours):,} held-out units and its rival on {len(theirs):,}.",
                "Both are scored on the same ones.",
                "Evaluate both again on the same snapshot.",
            )
        if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
            raise InvalidInput(
                f"A figure of {metric_title(metric)} is not finite.", "Every held-out unit has a finite figure."
            )
        return cls(metric, ours, theirs, 1.0 if kind.higher_is_better else -1.0)

    def __len__(self) -> int:
        return len(self.ours)

    def within(self, mask: NDArray[np.bool_]) -> _Pair:
        """The units of a slice."""
        return replace(self, ours=self.ours[mask], theirs=self.theirs[mask])

    def differs(self) -> bool:
        """Whether any unit is told apart."""
        return self.ours.shape != self.theirs.shape or bool((self.ours != self.theirs).any())

    def values(self) -> tuple[float, float]:
        """The figure of each side."""
        from engine.estimators.measures import value

        return (value(self.metric, self.ours), value(self.metric, self.theirs)) if len(self) else (0.0, 0.0)

    def gain(self) -> float:
        ours, theirs = self.values()
        return self.sign * (ours - theirs)

    def bounds(self, policy: GatePolicy, alpha: float) -> tuple[float, float]:
        """Of the gain, at the level 1 - alpha."""
        import numpy as np

        from engine.estimators.measures import gains

        if len(self) == 0:
            return 0.0, 0.0
        drawn = self.sign * gains(self.metric, self.ours, self.theirs, resamples=policy.resamples, seed=policy.seed)
        low, high = np.quantile(drawn, [alpha / 2, 1 - alpha / 2])
        return float(low), float(high)


def _slices(pair: _Pair, members: Mapping[str, NDArray[np.bool_]], policy: GatePolicy) -> list[SliceChange]:
    """Every slice with enough units, those that changed most beyond doubt first."""
    told = {name: mask for name, mask in members.items() if mask.sum() >= policy.fewest_in_slice}
    found = [_slice(name, pair.within(mask), policy, 0.05 / len(told)) for name, mask in told.items()]
    return sorted(found, key=lambda each: (each.verdict == "same", each.gain))


def _slice(name: str, pair: _Pair, policy: GatePolicy, alpha: float) -> SliceChange:
    ours, theirs = pair.values()
    low, high = pair.bounds(policy, alpha)
    gain = pair.gain()
    sure: Literal["better", "worse", "same"] = "better" if low > 0 else "worse" if high < 0 else "same"
    return SliceChange(
        name=name,
        units=len(pair),
        challenger=ours,
        rival=theirs,
        gain=gain,
        low=low,
        high=high,
        verdict=sure,
        passed=sure != "worse" or -gain <= policy.slice_tolerance * abs(theirs),
    )


def _proven(
    pair: _Pair,
    gain: float,
    low: float,
    margin: float,
    kind: type[Estimator],
    rival_name: str,
    policy: GatePolicy,
) -> tuple[bool, list[str]]:
    """Whether the gain is beyond doubt, and what stands against it."""
    if len(pair) < policy.fewest_units:
        return False, [
            f"Too few {_units(kind)} were held out to decide: {len(pair):,}, at least {policy.fewest_units:,} are needed."
        ]
    if not pair.differs():
        return False, [
            f"It does exactly as well as {rival_name} on every one of the {_units(kind)}, so nothing is gained."
        ]
    if low > margin:
        return True, []
    if margin > 0:
        return False, [f"The lower bound does not clear the margin of {policy.margin_percent:g}%."]
    return False, ["The interval includes no gain at all, so the difference may be chance."] if low <= 0 <= gain else []


def _comparison(figures: _Figures, kind: type[Estimator], rival_name: str) -> str:
    if figures.gain == 0:
        return (
            f"No difference in {metric_title(kind.primary_metric)} to {rival_name} ({figures.units:,} {_units(kind)})."
        )
    better = figures.gain > 0
    # A worse model is told by how much it is worse: signs turn and the bounds swap places.
    size, low, high = (
        (figures.gain, figures.low, figures.high) if better else (-figures.gain, -figures.high, -figures.low)
    )
    return (
        f"{'Better' if better else 'Worse'} by {figures.words(size)} {metric_title(kind.primary_metric)} than {rival_name} "
        f"(95% interval {figures.words(low)} to {figures.words(high)}, {figures.units:,} {_units(kind)})."
    )


def _units(kind: type[Estimator]) -> str:
    """What a held-out unit is called."""
    return str(getattr(kind, "unit_name", "held-out rows"))


def _check(rule: Guardrail, challenger: Evaluation, rival: Evaluation) -> GuardrailCheck | None:
    """The guardrail on both sides, or None where the data has no such figure."""
    ours, theirs = _figure(challenger, rule.metric), _figure(rival, rule.metric)
    if ours is None or theirs is None or math.isnan(ours) or math.isnan(theirs):
        return None
    slack = rule.tolerance * abs(theirs) + rule.slack
    kept = ours >= theirs - slack if rule.higher_is_better else ours <= theirs + slack
    return GuardrailCheck(metric=rule.metric, about=rule.about, challenger=ours, rival=theirs, passed=kept)


def _figure(evaluation: Evaluation, metric: str) -> float | None:
    """A metric by name, or `slice/metric`."""
    group, _, name = metric.rpartition("/")
    figures: Mapping[str, object] = evaluation.slices.get(group, {}) if group else evaluation.metrics
    found = figures.get(name)
    return None if found is None else float(found.value)  # type: ignore[attr-defined]  # both hold intervals


def _broken(check: GuardrailCheck, rival_name: str) -> str:
    return (
        f"Guardrail broken: {metric_title(check.metric)} would go from {check.rival:.4g} with {rival_name} "
        f"to {check.challenger:.4g}. {check.about}"
    )


def _lost(change: SliceChange, kind: type[Estimator], rival_name: str) -> str:
    return (
        f"Worse for {change.name} ({change.units:,} {_units(kind)}): {metric_title(kind.primary_metric)} would go from "
        f"{change.rival:.4g} with {rival_name} to {change.challenger:.4g}, beyond chance; blocked by the guardrail on slices."
    )
