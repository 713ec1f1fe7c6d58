import numpy as np
import pytest

from engine.recommenders.events import Codes
from engine.recommenders.facets import event_counts, of_events, of_items
from tests.engine.recommenders.logs import log_of

OCCASIONS = ("party", "work")


def occasions() -> tuple:
    log = log_of([0, 0, 1, 1, 2], [0, 1, 0, 1, 1])
    column = Codes(np.array([0, 1, 0, 1, -1], dtype=np.int32), OCCASIONS)
    return log, column, np.ones(5)


def test_a_shopper_without_evidence_gets_no_lift() -> None:
    log, column, weight = occasions()
    facet = of_events("occasion", "event", column, log, weight)
    lift = facet.signal(facet.taste(np.zeros((1, 2)), smoothing=1.0))
    assert lift == pytest.approx(np.zeros((1, 2)), abs=1e-6)


def test_the_item_that_goes_with_the_taste_is_lifted() -> None:
    log, column, weight = occasions()
    facet = of_events("occasion", "event", column, log, weight)
    counts = event_counts(column, log, weight).toarray()
    lift = facet.signal(facet.taste(counts[[0]] * [10, 0], smoothing=1.0))[0]
    assert lift[0] > 0 > lift[1]
    wish = facet.signal(facet.wish(1))[0]
    assert wish[1] > 0 > wish[0]


def test_one_request_and_many_agree() -> None:
    log, column, weight = occasions()
    facet = of_events("occasion", "event", column, log, weight)
    taste = facet.taste(event_counts(column, log, weight).toarray(), smoothing=1.0)
    alone = np.vstack([facet.signal(taste[[row]]) for row in range(len(taste))])
    np.testing.assert_allclose(facet.signal(taste), alone, atol=1e-6)


def test_an_item_without_the_value_is_neutral() -> None:
    column = Codes(np.array([0, 1, -1], dtype=np.int32), ("dress", "shoe"))
    facet = of_items("category", column, np.array([3.0, 1.0, 1.0]))
    lift = facet.signal(facet.wish(1))[0]
    assert lift[1] > 0 > lift[0]
    assert lift[2] == pytest.approx(0.0, abs=1e-6)


def test_shares_of_values_sum_to_one_for_every_item() -> None:
    log, column, weight = occasions()
    for facet in (
        of_events("occasion", "event", column, log, weight),
        of_items("c", column.take(np.arange(3)), np.ones(3)),
    ):
        assert (facet.ratio * facet.prior).sum(axis=1) == pytest.approx(np.ones(len(facet.ratio)), abs=1e-5)
