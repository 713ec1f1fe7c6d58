import numpy as np
import pytest
from scipy import stats

from engine.recommenders.bootstrap import interval, resampled_means


@pytest.mark.parametrize("kind", ["sparse", "smooth"])
def test_interval_agrees_with_scipy(kind: str) -> None:
    random = np.random.default_rng(3)
    values = random.random(400) if kind == "smooth" else np.where(random.random(400) < 0.1, 0.63, 0.0)
    ours = interval(values, resamples=20_000, seed=1)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=random
    ).confidence_interval
    assert ours == pytest.approx(tuple(theirs), abs=0.05 * (theirs.high - theirs.low))


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(4).random(50)
    means = resampled_means(np.c_[values, values * 2], resamples=100)
    np.testing.assert_allclose(means[:, 1], 2 * means[:, 0])


def test_the_seed_decides() -> None:
    values = np.arange(30.0)
    assert interval(values, seed=5) == interval(values, seed=5)
    assert interval(values, seed=5) != interval(values, seed=6)


def test_blocks_do_not_change_the_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(6).random(200)
    whole = resampled_means(values, resamples=4_000).std()
    monkeypatch.setattr("engine.recommenders.bootstrap._BLOCK_CELLS", 1_000)
    assert resampled_means(values, resamples=4_000).std() == pytest.approx(whole, rel=0.1)


def test_nothing_to_resample() -> None:
    assert all(np.isnan(interval(np.array([]))))
