from dataclasses import replace

import numpy as np
import pytest

from engine.recommenders.popularity import a_year_ago, as_signal, decayed, novelty, surprise
from tests.engine.recommenders.logs import log_of


def test_half_life_halves() -> None:
    log = log_of([0, 1, 2], [0, 0, 1], day=[10.0, 3.0, 10.0])
    assert decayed(log, now=10.0, half_life_days=7.0) == pytest.approx([1.5, 1.0])


def test_without_times_every_event_counts_in_full() -> None:
    assert decayed(log_of([0, 1], [1, 1]), now=99.0, half_life_days=1.0) == pytest.approx([0.0, 2.0])


def test_an_event_after_now_counts_no_more_than_one_at_now() -> None:
    assert decayed(log_of([0], [0], day=[50.0]), now=10.0, half_life_days=1.0) == pytest.approx([1.0])


def test_signal_keeps_the_order_is_zero_for_untouched_and_scale_free() -> None:
    popularity = np.array([0.0, 1.0, 5.0, 2.0])
    signal = as_signal(popularity)
    assert signal[0] == 0
    assert np.argsort(signal).tolist() == np.argsort(popularity).tolist()
    assert as_signal(popularity * 37) == pytest.approx(signal)
    assert not as_signal(np.zeros(3)).any()


def test_surprise_of_a_half_is_one_bit() -> None:
    assert surprise(np.array([2.0, 1.0, 1.0])) == pytest.approx([1.0, 2.0, 2.0])


def test_novelty_falls_with_age_and_ends_after_two_years() -> None:
    log = log_of([0, 0, 0], [0, 1, 2], day=[990.0, 900.0, 10.0])
    found = novelty(replace(log, n_items=4), np.full(4, np.nan), now=1000.0)
    assert found[0] > found[1] > found[2] == 0
    assert found[3] == 0


def test_a_known_first_day_counts_before_the_first_event() -> None:
    log = log_of([0, 0], [0, 1], day=[990.0, 990.0])
    found = novelty(log, np.array([500.0, np.nan]), now=1000.0)
    assert found[1] > found[0] > 0


def test_a_year_ago_counts_the_weeks_that_followed() -> None:
    log = log_of([0, 0, 0, 0], [0, 1, 1, 2], day=[600.0, 640.0, 700.0, 990.0])
    assert a_year_ago(log, now=1000.0) == pytest.approx([0.0, 2.0, 0.0])
    assert a_year_ago(log, now=800.0) is None
    assert a_year_ago(log_of([0], [0]), now=800.0) is None
