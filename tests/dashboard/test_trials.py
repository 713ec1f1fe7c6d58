"""The plot and the table of a search's trials."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.training.trials import best_of, best_so_far, figure_of, row_of
from engine.training.schema import Trial

State = Literal["running", "complete", "pruned", "failed"]


def trial(number: int, value: float | None, state: State = "complete") -> Trial:
    return Trial(number=number, state=state, value=value, params={"learning_rate": 0.012345}, seconds=61)


FOUND = [trial(0, 0.2), trial(1, 0.5, "pruned"), trial(2, 0.3), trial(3, None, "failed"), trial(4, None, "running")]


def test_the_best_is_among_the_complete_ones() -> None:
    more, less = best_of(FOUND, higher_is_better=True), best_of(FOUND, higher_is_better=False)
    assert more is not None
    assert less is not None
    assert (more.number, less.number) == (2, 0)
    assert best_of(FOUND[3:], higher_is_better=True) is None


def test_the_best_so_far_is_drawn_on_to_the_last_trial() -> None:
    assert best_so_far(FOUND, higher_is_better=True) == ([0, 2, 4], [0.2, 0.3, 0.3])
    assert best_so_far([], higher_is_better=True) == ([], [])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_the_best_so_far_never_gets_worse(values: list[float]) -> None:
    found = [trial(number, value) for number, value in enumerate(values)]
    _, up = best_so_far(found, higher_is_better=True)
    _, down = best_so_far(found, higher_is_better=False)
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert (up[-1], down[-1]) == (max(values), min(values))


def test_every_trial_is_drawn_with_a_marker_of_its_state() -> None:
    drawn = figure_of(FOUND, measure="NDCG@10", higher_is_better=True)
    markers = {trace.name: (len(trace.x), trace.marker.symbol) for trace in drawn.data[1:]}
    assert {name: number for name, (number, _) in markers.items()} == {
        "Complete": 2, "Stopped early": 1, "Running": 1, "Failed": 1,
    }  # fmt: skip
    assert len({symbol for _, symbol in markers.values()}) == 4
    foot = next(trace.y[0] for trace in drawn.data if trace.name == "Failed")
    assert foot < 0.2


def test_a_search_without_any_value_is_drawn() -> None:
    assert figure_of([trial(0, None, "running")], measure="MAE", higher_is_better=False).data


def test_a_trial_is_a_row_with_its_settings() -> None:
    assert row_of(FOUND[0], measure="MAE") == {
        "Trial": 0, "State": "Complete", "MAE": 0.2, "Took": "1 min 01 s", "Learning rate": "0.01235",
    }  # fmt: skip
