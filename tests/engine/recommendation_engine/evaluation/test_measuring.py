import numpy as np
import pytest

from engine.recommendation_engine.evaluation import EvaluationPlan
from engine.recommendation_engine.evaluation.measuring import (
    Measured,
    Ranking,
    by_slice,
    by_window,
    overall,
    pairs,
    per_unit,
)
from engine.recommendation_engine.evaluation.splits import Split, splits
from tests.engine.recommendation_engine.evaluation.logs import shop_of


@pytest.fixture(scope="module")
def parts() -> list[Split]:
    return splits(shop_of(shoppers=220), EvaluationPlan(windows=2, days=20))[1:]


def ranked(split: Split, scores: np.ndarray) -> np.ndarray:
    ranking = Ranking(split)
    for start in range(0, len(split), 50):
        rows = slice(start, min(start + 50, len(split)))
        ranking.take(rows, scores[rows].copy())
    return ranking.lists


def test_figures_equal_the_definitions_written_out(parts: list[Split]) -> None:
    split = parts[0]
    scores = np.random.default_rng(2).random((len(split), split.n_items))
    found = per_unit(split, ranked(split, scores))
    for unit in range(len(split)):
        met = set(split.histories[split.units[unit]].tolist())
        allowed = [item for item in range(split.n_items) if split.candidate[item] and item not in met]
        order = sorted(allowed, key=lambda item: -scores[unit, item])
        wanted = set(split.wanted[split.starts[unit] : split.starts[unit + 1]].tolist())
        gains = [1 / np.log2(place + 2) for place, item in enumerate(order[:10]) if item in wanted]
        ideal = sum(1 / np.log2(place + 2) for place in range(min(10, len(wanted))))
        assert found["ndcg_at_10"][unit] == pytest.approx(sum(gains) / ideal)
        assert found["hit_rate_at_10"][unit] == bool(gains)
        assert found["recall_at_20"][unit] == pytest.approx(len(wanted & set(order[:20])) / len(wanted))
        first = next((place for place, item in enumerate(order[:20], 1) if item in wanted), None)
        assert found["mrr_at_20"][unit] == pytest.approx(1 / first if first else 0.0)


def test_what_was_met_or_does_not_exist_yet_is_never_ranked(parts: list[Split]) -> None:
    split = parts[1]
    lists = ranked(split, np.ones((len(split), split.n_items)))
    for unit, row in enumerate(lists):
        shown = row[row >= 0]
        assert split.candidate[shown].all()
        assert not set(shown) & set(split.histories[split.units[unit]])


def test_two_equal_models_differ_by_nothing_and_a_better_one_by_more(parts: list[Split]) -> None:
    measured = []
    for split in parts:
        random = np.random.default_rng(7)
        noise = random.random((len(split), split.n_items))
        better = noise.copy()
        better[split.unit, split.wanted] += 0.4
        lists = {"one": ranked(split, noise), "same": ranked(split, noise), "better": ranked(split, better)}
        measured.append(Measured.of(split, lists))
    found = {(pair.first, pair.second, pair.metric): pair for pair in pairs(measured, seed=0)}
    same = found["one", "same", "ndcg_at_10"]
    assert (same.difference.value, same.difference.low, same.difference.high) == (0, 0, 0)
    assert not same.decided
    assert found["one", "better", "ndcg_at_10"].decided
    figures = overall(measured, seed=0)
    for name in ("one", "better"):
        figure = figures[name]["ndcg_at_10"]
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < figure.value < figure.high
    values = np.concatenate([part.values["better"]["ndcg_at_10"] for part in measured])
    assert figures["better"]["ndcg_at_10"].value == pytest.approx(values.mean())


def test_slices_and_windows_hold_every_unit(parts: list[Split]) -> None:
    measured = [Measured.of(split, {"one": ranked(split, np.ones((len(split), split.n_items)))}) for split in parts]
    windows = by_window(measured, seed=0)
    assert [window.units for window in windows] == [len(split) for split in parts]
    slices = {group.name: group.units for group in by_slice(measured, seed=0)}
    lengths = sum(units for name, units in slices.items() if "items met" in name)
    assert lengths + slices.get("new shoppers", 0) == sum(len(split) for split in parts)
