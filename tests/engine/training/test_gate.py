from typing import ClassVar

import numpy as np
import pytest
from scipy import stats

from engine.errors import InvalidInput
from engine.estimators import measures
from engine.estimators.base import Evaluation, Guardrail, Interval, Scores
from engine.training.gate import GatePolicy, judge, metric_title


class Kind:
    primary_metric = "ndcg_at_10"
    higher_is_better = True
    unit_name = "shoppers"
    guardrails: ClassVar = (
        Guardrail("coverage", True, 0.2, "Fewer products would be shown."),
        Guardrail("cold/ndcg_at_10", True, 0.1, "New shoppers would be served worse."),
    )


class Errors(Kind):
    primary_metric = "mae"
    higher_is_better = False
    guardrails: ClassVar = ()


def scores(values: np.ndarray, metric: str = "ndcg_at_10", coverage: float = 0.5, cold: float | None = None) -> Scores:
    mean = float(values.mean()) if len(values) else 0.0
    evaluation = Evaluation(
        protocol="",
        units=len(values),
        metrics={metric: Interval(value=mean), "coverage": Interval(value=coverage)},
        slices={} if cold is None else {"cold": {metric: Interval(value=cold)}},
    )
    return Scores(evaluation, {metric: values})


@pytest.fixture
def rival() -> np.ndarray:
    return np.random.default_rng(1).random(600)


def test_bounds_agree_with_scipy(rival: np.ndarray) -> None:
    ours = rival + np.random.default_rng(2).normal(0.02, 0.1, 600)
    verdict = judge(
        scores(ours), scores(rival), kind=Kind, rival_name="the champion 1.0.0", policy=GatePolicy(resamples=20_000)
    )
    theirs = stats.bootstrap(
        (ours, rival),
        lambda a, b, axis: (a - b).mean(axis=axis),
        paired=True,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(3),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert (verdict.low, verdict.high) == pytest.approx(tuple(theirs), abs=0.05 * width)
    assert verdict.passed
    assert verdict.gain == pytest.approx((ours - rival).mean())
    assert verdict.low_percent == pytest.approx(100 * verdict.low / rival.mean())


def test_the_reason_is_a_sentence(rival: np.ndarray) -> None:
    verdict = judge(scores(rival * 1.1), scores(rival), kind=Kind, rival_name="the champion 1.0.0")
    assert verdict.reasons[0].startswith("Better by 10.0% NDCG@10 than the champion 1.0.0 (95% interval ")
    assert verdict.reasons[0].endswith("600 shoppers).")


def test_worse_is_told_as_worse(rival: np.ndarray) -> None:
    verdict = judge(scores(rival * 0.9), scores(rival), kind=Kind, rival_name="the champion")
    assert not verdict.passed
    assert verdict.reasons[0].startswith("Worse by 10.0% NDCG@10")


def test_noise_does_not_pass(rival: np.ndarray) -> None:
    ours = rival + np.random.default_rng(5).normal(0.001, 0.3, 600)
    verdict = judge(scores(ours), scores(rival), kind=Kind, rival_name="the champion")
    assert not verdict.passed
    assert verdict.low < 0 < verdict.high


def test_an_equal_model_does_not_pass(rival: np.ndarray) -> None:
    verdict = judge(scores(rival), scores(rival), kind=Kind, rival_name="the champion")
    assert not verdict.passed
    assert "exactly as well" in " ".join(verdict.reasons)


@pytest.mark.parametrize("n", [0, 1, 49])
def test_too_few_units_do_not_pass(n: int) -> None:
    verdict = judge(scores(np.ones(n)), scores(np.zeros(n)), kind=Kind, rival_name="the champion")
    assert not verdict.passed
    assert any("Too few shoppers" in reason for reason in verdict.reasons)


def test_the_margin_must_be_cleared(rival: np.ndarray) -> None:
    ours = rival * 1.05
    assert judge(scores(ours), scores(rival), kind=Kind, rival_name="x", policy=GatePolicy(margin_percent=3)).passed
    verdict = judge(scores(ours), scores(rival), kind=Kind, rival_name="x", policy=GatePolicy(margin_percent=5))
    assert not verdict.passed
    assert "margin of 5%" in " ".join(verdict.reasons)


def test_lower_is_better_where_the_kind_says_so(rival: np.ndarray) -> None:
    verdict = judge(scores(rival * 0.8, "mae"), scores(rival, "mae"), kind=Errors, rival_name="the champion")
    assert verdict.passed
    assert verdict.gain > 0
    assert verdict.reasons[0].startswith("Better by 20.0% MAE")


def test_a_broken_guardrail_stops_a_better_model(rival: np.ndarray) -> None:
    verdict = judge(
        scores(rival * 1.2, coverage=0.39), scores(rival, coverage=0.5), kind=Kind, rival_name="the champion"
    )
    assert not verdict.passed
    assert not verdict.guardrails[0].passed
    assert "Guardrail broken: coverage" in verdict.reasons[-1]
    assert judge(scores(rival * 1.2, coverage=0.41), scores(rival, coverage=0.5), kind=Kind, rival_name="x").passed


def test_a_slice_can_be_a_guardrail(rival: np.ndarray) -> None:
    verdict = judge(scores(rival * 1.2, cold=0.1), scores(rival, cold=0.2), kind=Kind, rival_name="the champion")
    assert not verdict.passed
    assert "NDCG@10 (cold)" in verdict.reasons[-1]
    assert len(judge(scores(rival * 1.2), scores(rival), kind=Kind, rival_name="x").guardrails) == 1


def test_different_units_are_refused(rival: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        judge(scores(rival), scores(rival[:-1]), kind=Kind, rival_name="the champion")
    with pytest.raises(InvalidInput):
        judge(scores(rival), scores(np.where(rival > 0.9, np.nan, rival)), kind=Kind, rival_name="the champion")


def test_a_rival_of_zero_is_told_in_absolute_figures() -> None:
    verdict = judge(scores(np.full(100, 0.2)), scores(np.zeros(100)), kind=Kind, rival_name="the champion")
    assert verdict.passed
    assert verdict.gain_percent is None
    assert verdict.reasons[0].startswith("Better by 0.2 NDCG@10")


def test_the_verdict_is_the_same_each_time_and_is_json(rival: np.ndarray) -> None:
    ours = rival + np.random.default_rng(2).normal(0.02, 0.1, 600)
    one, other = (judge(scores(ours), scores(rival), kind=Kind, rival_name="x") for _ in range(2))
    assert one == other
    assert type(one).model_validate_json(one.model_dump_json()) == one


def test_titles() -> None:
    assert metric_title("ndcg_at_10") == "NDCG@10"
    assert metric_title("hit_rate_at_10") == "hit rate@10"
    assert metric_title("cold/ndcg_at_10") == "NDCG@10 (cold)"


class Classes(Kind):
    primary_metric = "macro_f1"
    unit_name = "products"
    guardrails: ClassVar = (Guardrail("ece", False, 0.25, "Its probabilities would mean less.", slack=0.01),)


def classified(right: np.ndarray, actual: np.ndarray, members: dict[str, np.ndarray], ece: float = 0.02) -> Scores:
    guess = np.where(right, actual, (actual + 1) % 3)
    return measures.scores(
        "held out",
        {"macro_f1": measures.macro_f1_addends(actual, guess, 3)},
        members,
        extra={"ece": Interval(value=ece)},
    )


def test_a_figure_that_is_no_mean_is_paired_too() -> None:
    random = np.random.default_rng(3)
    actual, luck = random.integers(0, 3, 1_500), random.random(1_500)
    better, worse = (classified(luck < chance, actual, {}) for chance in (0.84, 0.80))
    verdict = judge(better, worse, kind=Classes, rival_name="the champion 1.0.0")
    assert verdict.passed
    assert verdict.low < verdict.gain < verdict.high
    assert verdict.gain == pytest.approx(verdict.challenger_metrics["macro_f1"] - verdict.rival_metrics["macro_f1"])


def test_a_slice_that_loses_beyond_doubt_blocks_and_is_named() -> None:
    random = np.random.default_rng(4)
    actual, luck, old = random.integers(0, 3, 3_000), random.random(3_000), np.arange(3_000) % 6 == 0
    ours = classified(luck < np.where(old, 0.5, 0.9), actual, {"age: 60+": old, "age: under 60": ~old})
    theirs = classified(luck < 0.75, actual, {"age: 60+": old, "age: under 60": ~old})
    verdict = judge(ours, theirs, kind=Classes, rival_name="the champion 1.0.0")
    assert verdict.low > 0
    assert not verdict.passed
    assert [(each.name, each.verdict, each.passed) for each in verdict.slices] == [
        ("age: 60+", "worse", False),
        ("age: under 60", "better", True),
    ]
    assert any(reason.startswith("Worse for age: 60+ (500 products)") for reason in verdict.reasons)


def test_many_slices_of_noise_block_seldom() -> None:
    random = np.random.default_rng(5)
    blocked = 0
    for _ in range(20):
        actual = random.integers(0, 3, 2_000)
        members = {f"slice {one}": np.arange(2_000) % 10 == one for one in range(10)}
        sides = [classified(random.random(2_000) < 0.8, actual, members) for _ in range(2)]
        verdict = judge(*sides, kind=Classes, rival_name="the champion 1.0.0", policy=GatePolicy(resamples=500))
        blocked += any(not each.passed for each in verdict.slices)
    assert blocked <= 4


def test_a_little_more_calibration_error_than_nearly_none_is_tolerated() -> None:
    actual = np.random.default_rng(6).integers(0, 3, 300)
    sides = [classified(np.arange(300) % 5 < right, actual, {}, ece) for right, ece in ((5, 0.012), (4, 0.005))]
    assert judge(*sides, kind=Classes, rival_name="the champion 1.0.0").guardrails[0].passed
    worse = classified(np.arange(300) % 5 < 5, actual, {}, 0.05)
    assert not judge(worse, sides[1], kind=Classes, rival_name="the champion 1.0.0").guardrails[0].passed
