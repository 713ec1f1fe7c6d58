import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation import EvaluationPlan, EvaluationReport, Protocol, evaluate
from engine.recommendation_engine.evaluation.mixing import learn
from engine.recommendation_engine.evaluation.rivals import RIVALS, Rival
from engine.recommendation_engine.evaluation.scorers import Popular, reach, weighted
from engine.recommendation_engine.evaluation.splits import Split, splits
from tests.engine.recommendation_engine.evaluation.logs import shop_of

QUICK = ("popularity", "cosine", "rp3beta", "ease", "als", "blend")


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return evaluate(shop_of(shoppers=300), EvaluationPlan(windows=2, days=15, models=QUICK))


def test_item_to_item_models_find_the_tastes_that_popularity_cannot(report: EvaluationReport) -> None:
    popularity = report.model("popularity").metrics["ndcg_at_10"].value
    for name in ("cosine", "rp3beta", "ease", "als", "blend"):
        assert report.model(name).metrics["ndcg_at_10"].value > 1.5 * popularity
        assert report.pair(name, "popularity").decided


def test_pairs_read_the_same_from_both_sides(report: EvaluationReport) -> None:
    one, other = report.pair("cosine", "popularity"), report.pair("popularity", "cosine")
    assert one.difference.value == -other.difference.value
    assert (one.difference.low, one.difference.high) == (-other.difference.high, -other.difference.low)  # type: ignore[operator]
    with pytest.raises(KeyError):
        report.pair("cosine", "nobody")


def test_the_report_tells_what_was_chosen_and_survives_json(report: EvaluationReport) -> None:
    assert EvaluationReport.model_validate_json(report.model_dump_json()) == report
    assert report.model("cosine").settings["trials"] == RIVALS["cosine"].trials == 6
    assert all(weight >= 0 for weight in report.model("blend").weights.values())
    assert [window.units for window in report.windows] == [window.units for window in report.windows]
    assert sum(window.units for window in report.windows) == report.units


def test_the_same_seed_gives_the_same_report(report: EvaluationReport) -> None:
    again = evaluate(shop_of(shoppers=300), EvaluationPlan(windows=2, days=15, models=QUICK))
    assert again.models[:-1] == [
        model.model_copy(update={"fit_seconds": other.fit_seconds})
        for model, other in zip(report.models[:-1], again.models[:-1], strict=True)
    ]
    assert again.pairs == report.pairs


def test_a_sequence_model_stops_early_and_is_fitted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"dimensions": 16, "epochs": 3, "patience": 2, "negatives": 30}
    rival = Rival("sequence", "Order", RIVALS["sequence"].fit, (small,))
    told: list[str] = []
    plan = EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT, models=("popularity", "sequence", "blend"))
    found = evaluate(
        shop_of(days=None),
        plan,
        rivals={**RIVALS, "sequence": rival},
        tell=lambda stage, share: told.append(stage),
    )
    assert found.model("sequence").settings["patience"] == 0
    assert 1 <= found.model("sequence").settings["epochs"] <= 3
    assert any("Order: pass 1, NDCG@10" in stage for stage in told)
    assert set(found.model("blend").weights) == {"popularity", "sequence"}


def test_a_model_of_the_callers_stands_beside_the_others() -> None:
    def last(split: Split) -> np.ndarray:
        return np.tile(np.arange(20), (len(split), 1))

    found = evaluate(shop_of(), EvaluationPlan(windows=1, models=("popularity", "mine")), own={"mine": ("Mine", last)})
    assert found.model("mine").title == "Mine"
    assert found.pair("mine", "popularity").difference.low is not None


def test_progress_never_goes_back() -> None:
    shares: list[float] = []
    evaluate(
        shop_of(), EvaluationPlan(windows=1, models=("cosine", "blend")), tell=lambda stage, share: shares.append(share)
    )
    assert shares == sorted(shares)
    assert shares[-1] <= 1


@pytest.mark.parametrize(
    ("models", "told"), [(("nobody",), "There is no model 'nobody'"), (("content",), "tells no attributes")]
)
def test_models_that_cannot_be_measured_are_refused(models: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        evaluate(shop_of(), EvaluationPlan(windows=1, models=models))


def test_the_mix_leans_on_the_model_that_knows() -> None:
    split = splits(shop_of(shoppers=300), EvaluationPlan(windows=1, days=20))[1]
    knowing = RIVALS["cosine"].fit(split, {"shrink": 5.0}, 0, lambda note: None)
    noise = Popular(np.random.default_rng(1).random(split.n_items))
    weights = learn(split, {"knowing": knowing, "noise": noise}, seed=0)
    assert weights["knowing"] > 0
    assert weights["knowing"] > 3 * weights["noise"]


def test_histories_decay_from_their_end() -> None:
    found = weighted([np.array([2, 0, 2]), np.array([], dtype=np.int32)], 0.5, 3).toarray()
    np.testing.assert_allclose(found, [[0.5, 0.0, 1.25], [0.0, 0.0, 0.0]])


def test_reach_is_the_log_of_a_share_against_an_even_one() -> None:
    np.testing.assert_allclose(reach(np.array([[1.0, 3.0, -2.0, 0.0]])), [[np.log(2), np.log(4), 0.0, 0.0]])
    assert not reach(np.zeros((1, 4))).any()
