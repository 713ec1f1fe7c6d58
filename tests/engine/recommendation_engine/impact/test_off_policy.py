"""Off-policy estimates against known truth, exact cases, refusals, and a real pair of logs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_matrix

from engine.errors import InvalidInput
from engine.recommendation_engine.impact.off_policy import ChoiceLog, estimate
from engine.recommendation_engine.impact.reward_model import FOLDS, cross_fitted, shrunken
from engine.recommendation_engine.impact.schema import Method, OffPolicy
from tests.conftest import FULL, rounds
from tests.engine.recommendation_engine.impact.logs import EASY, WORLDS, World, simulate

LOGS = rounds(quick=80, full=1_000)


def covers(found: OffPolicy, method: Method, truth: float) -> bool:
    interval = found.estimates[method]
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= truth <= interval.high


@pytest.mark.rounds
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_intervals_cover_the_truth_as_often_as_they_say(world: World) -> None:
    runs = [simulate(world, seed) for seed in range(LOGS)]
    found = [estimate(run.log, run.policy) for run in runs]
    least, most = (0.93, 0.97) if FULL else stats.binom.interval(0.999, LOGS, 0.95) / np.float64(LOGS)
    for method in Method:
        share = np.mean([covers(answer, method, run.truth) for answer, run in zip(found, runs, strict=True)])
        assert least <= share <= most, (method, share)


def test_estimates_are_unbiased_over_many_logs() -> None:
    runs = [simulate(EASY, seed) for seed in range(60)]
    for method in Method:
        errors = [estimate(run.log, run.policy).estimates[method].value - run.truth for run in runs]
        assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))


def test_the_robust_estimate_is_steadier_where_rewards_can_be_foretold() -> None:
    runs = [simulate(World(2_000, 4, 8, 0.4, 1.3), seed) for seed in range(40)]
    error = {
        method: np.mean([(estimate(run.log, run.policy).estimates[method].value - run.truth) ** 2 for run in runs])
        for method in Method
    }
    assert error[Method.DOUBLY_ROBUST] < error[Method.IPS]


@given(st.integers(0, 10_000))
def test_the_policy_that_ran_is_judged_by_its_own_mean(seed: int) -> None:
    log = simulate(EASY, seed).log
    policy = np.zeros((len(log), EASY.actions))
    policy[np.arange(len(log)), log.action] = log.propensity
    policy[np.arange(len(log)), (log.action + 1) % EASY.actions] = 1 - log.propensity
    found = estimate(log, policy)
    mean = log.reward.mean()
    assert found.estimates[Method.IPS].value == pytest.approx(mean)
    assert found.estimates[Method.SNIPS].value == pytest.approx(mean)
    assert found.effective_sample == pytest.approx(len(log))
    assert found.largest_weight == pytest.approx(1)


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_estimates_scale_with_the_reward(seed: int, factor: float) -> None:
    run = simulate(World(300, 2, 5, 0.3, 0.7), seed)
    scaled = ChoiceLog(run.log.context, run.log.action, run.log.reward * factor, run.log.propensity)
    one, other = estimate(run.log, run.policy), estimate(scaled, run.policy)
    for method in Method:
        first, second = one.estimates[method], other.estimates[method]
        assert second.value == pytest.approx(first.value * factor, rel=1e-6)
        assert second.high == pytest.approx((first.high or 0) * factor, rel=1e-6)


def test_a_sparse_policy_is_the_same_policy() -> None:
    run = simulate(EASY, 3)
    assert estimate(run.log, csr_matrix(run.policy)) == estimate(run.log, run.policy)


def test_rows_of_one_request_are_one_observation() -> None:
    run = simulate(EASY, 5)
    log = run.log
    context, action, reward, propensity = (
        np.repeat(column, 4) for column in (log.context, log.action, log.reward, log.propensity)
    )
    fourfold = ChoiceLog(context, action, reward, propensity, unit=np.repeat(np.arange(len(log)), 4))
    joined = estimate(fourfold, np.repeat(run.policy, 4, axis=0)).estimates[Method.IPS]
    single = estimate(log, run.policy).estimates[Method.IPS]
    assert joined.value == pytest.approx(single.value)
    assert joined.low == pytest.approx(single.low)
    assert joined.high == pytest.approx(single.high)


def test_clipping_is_told_and_lowers_the_estimate() -> None:
    run = simulate(WORLDS["unlike policies"], 1)
    whole, cut = estimate(run.log, run.policy), estimate(run.log, run.policy, clip=2.0)
    assert cut.clip == 2.0
    assert 0 < cut.clipped_share < 1
    assert cut.largest_weight == 2.0
    assert cut.estimates[Method.IPS].value < whole.estimates[Method.IPS].value
    assert cut.mean_weight == whole.mean_weight


def test_a_policy_unlike_the_log_is_warned_of() -> None:
    log = logged([0.999, 0.0005, 0.0005], rows=2_000)
    found = estimate(log, np.tile([0.0, 0.5, 0.5], (2_000, 1)))
    assert found.effective_sample < 100
    assert "cannot be relied on" in " ".join(found.warnings)


def test_what_the_log_never_showed_is_warned_of() -> None:
    log = logged([0.6, 0.4, 0.0], rows=2_000)
    found = estimate(log, np.tile([0.0, 0.5, 0.5], (2_000, 1)))
    assert found.unseen_share == pytest.approx(0.5)
    assert found.mean_weight.value == pytest.approx(0.5, abs=0.1)
    assert "no row in the log" in " ".join(found.warnings)
    assert "never shown" in " ".join(found.warnings)


def test_wrong_propensities_are_warned_of() -> None:
    log = logged([0.5, 0.5], rows=2_000)
    halved = ChoiceLog(log.context, log.action, log.reward, log.propensity / 2)
    assert "propensities are wrong" in " ".join(estimate(halved, np.full((2_000, 2), 0.5)).warnings)


def test_a_policy_that_shows_nothing_earns_nothing() -> None:
    log = logged([0.5, 0.5], rows=200)
    found = estimate(log, np.zeros((200, 2)))
    assert {interval.value for interval in found.estimates.values()} == {0.0}


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5, float("nan")])
def test_impossible_propensities_are_refused(propensity: float) -> None:
    with pytest.raises(InvalidInput, match="propensities"):
        ChoiceLog(np.zeros(2, int), np.zeros(2, int), np.zeros(2), np.array([0.5, propensity]))


@pytest.mark.parametrize(
    "policy",
    [np.full((5, 2), 0.5), np.full((10, 2), 0.6), np.full((10, 2), -0.1), np.full((10, 1), 1.0)],
    ids=["rows", "above one", "negative", "too few actions"],
)
def test_what_is_no_policy_is_refused(policy: NDArray[np.float64]) -> None:
    log = ChoiceLog(np.zeros(10, int), np.arange(10) % 2, np.zeros(10), np.full(10, 0.5))
    with pytest.raises(InvalidInput):
        estimate(log, policy)


def test_logs_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInput, match="length"):
        ChoiceLog(np.zeros(2, int), np.zeros(2, int), np.zeros(3), np.full(2, 0.5))
    with pytest.raises(InvalidInput, match="not a number"):
        ChoiceLog(np.zeros(1, int), np.zeros(1, int), np.array([np.nan]), np.full(1, 0.5))


def test_the_reward_model_never_learns_from_the_rows_it_judges() -> None:
    action = np.arange(50) % 5
    reward = (action == 2).astype(float)
    tables = cross_fitted(np.zeros(50, int), action, reward, action % FOLDS, (1, 5))
    assert tables[2, 0, 2] == 0.0
    assert tables[0, 0, 2] > 0.2


def test_means_lean_on_their_neighbours_where_rows_are_few() -> None:
    found = shrunken(np.array([[50.0, 0.0], [0.0, 0.0]]), np.array([[100, 0], [100, 0]]))
    assert 0.3 < found[0, 0] <= 0.5
    assert found[0, 1] > found[1, 1] > 0
    assert not shrunken(np.zeros((2, 2)), np.zeros((2, 2))).any()


@pytest.mark.parametrize("campaign", ["women", "men"])
def test_a_real_random_log_foretells_the_click_rate_of_thompson_sampling(shared_data: Path, campaign: str) -> None:
    """Real logs of two policies, so that the estimate can be held against what the other one earned."""
    random, thompson = (
        pd.read_parquet(shared_data / "open_bandit" / f"{campaign}_{policy}.parquet") for policy in ("random", "bts")
    )
    shape = (3, int(random["item_id"].max()) + 1)
    chosen = np.bincount((thompson["position"] - 1) * shape[1] + thompson["item_id"], minlength=shape[0] * shape[1])
    chance = chosen.reshape(shape) / chosen.reshape(shape).sum(axis=1, keepdims=True)
    place = random["position"].to_numpy() - 1
    log = ChoiceLog(
        place, random["item_id"].to_numpy(), random["click"].to_numpy(), random["propensity_score"].to_numpy()
    )
    found = estimate(log, chance[place])
    own = stats.binomtest(int(thompson["click"].sum()), len(thompson)).proportion_ci()
    for method in Method:
        interval = found.estimates[method]
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low <= own.high, method
        assert interval.high >= own.low, method
    assert found.effective_sample > 500


def test_a_thompson_log_that_hardly_explored_is_told_to_say_little(shared_data: Path) -> None:
    log = pd.read_parquet(shared_data / "open_bandit" / "women_bts.parquet")
    actions = int(log["item_id"].max()) + 1
    choices = ChoiceLog(
        log["position"].to_numpy() - 1,
        log["item_id"].to_numpy(),
        log["click"].to_numpy(),
        log["propensity_score"].to_numpy(),
    )
    found = estimate(choices, np.full((len(log), actions), 1 / actions))
    assert found.effective_sample < 10
    assert len(found.warnings) >= 2


def logged(chances: list[float], rows: int) -> ChoiceLog:
    random = np.random.default_rng(0)
    action = random.choice(len(chances), size=rows, p=chances)
    reward = (random.random(rows) < 0.2).astype(float)
    return ChoiceLog(np.zeros(rows, int), action, reward, np.array(chances)[action])
