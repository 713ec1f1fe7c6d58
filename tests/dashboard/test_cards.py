from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import cards
from dashboard.metrics import metric_name, primary_first

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_cell_of_a_download_starts_a_formula(values: list[str]) -> None:
    data = cards.to_csv([{"a": value} for value in values], ["a"]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline="")))[1:]
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        shown = row[0] if row else ""
        assert not shown.lstrip(" ").startswith(("=", "+", "-", "@", "\t"))
        assert shown.removeprefix("'") == value.removeprefix("'")


def test_numbers_of_a_download_stay_numbers() -> None:
    assert cards.to_csv([{"a": -1.5, "b": None}], ["a", "b"]).decode("utf-8-sig").splitlines()[1] == "-1.5,"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (59, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (200_000, "2 days ago")],
)
def test_ago(seconds: int, words: str) -> None:
    assert cards.ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_moment_in_the_future_is_now() -> None:
    assert cards.ago(NOW + timedelta(days=1), NOW) == "just now"


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "–"), (0.4, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3700, "1 h 01 min")]
)
def test_span(seconds: float | None, words: str) -> None:
    assert cards.span(seconds) == words


def test_an_interval_is_told_only_when_it_is_known() -> None:
    assert cards.with_interval(0.5, 0.4, 0.6, 2) == "0.50 (0.40 to 0.60)"
    assert cards.with_interval(0.5, None, None, 2) == "0.50"


@pytest.mark.parametrize(
    ("name", "words"),
    [("ndcg_at_10", "NDCG@10"), ("recall_at_20", "Recall@20"), ("new_item_share", "New item share"), ("f1", "F1")],
)
def test_metric_names(name: str, words: str) -> None:
    assert metric_name(name) == words


def test_the_primary_metric_comes_first() -> None:
    assert primary_first(["coverage_at_10", "ndcg_at_10"], "recommender") == ["ndcg_at_10", "coverage_at_10"]
    assert primary_first(["b", "a"], "unknown_kind") == ["b", "a"]
