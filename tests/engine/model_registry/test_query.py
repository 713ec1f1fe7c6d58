"""The search language against a plain reading of the same records."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput
from engine.model_registry import Lineage, RegistryService
from engine.model_registry.query import compile_query
from engine.model_registry.search import SearchService

VERSIONS = [
    ("a.ranker", "1.0.0", {"ndcg": 0.1, "recall": 0.3}, {"season": "SS26"}, {"depth": 3}, 1),
    ("a.ranker", "1.2.0", {"ndcg": 0.2}, {"season": "AW26", "team": "home"}, {"depth": 5}, 2),
    ("a.ranker", "1.10.0", {"ndcg": 0.3, "recall": 0.1}, {}, {"depth": 8, "loss": "bpr"}, 2),
    ("b.pricer", "2.0.0", {"mae": 4.5}, {"season": "SS26"}, {}, 3),
]


@pytest.fixture
def filled(engine: Engine, actor: Actor) -> Engine:
    for model, version, metrics, tags, params, snapshot in VERSIONS:
        engine.call(
            RegistryService.register_version,
            actor=actor,
            model=model,
            version=version,
            framework="numpy",
            metrics=metrics,
            tags=tags,
            params=params,
            lineage=Lineage(snapshot=snapshot),
            description=f"Linen dress model {version}",
        )
    engine.call(
        RegistryService.set_alias, actor=actor, model="a.ranker", alias="shadow", version="1.2.0", expected=None
    )
    return engine


def found(engine: Engine, query: str, **options: Any) -> list[str]:
    page = engine.call(SearchService.search, query=query, sort="version", descending=False, **options)
    assert page.total == len(page.rows)
    return [row.version for row in page.rows]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ("", ["1.0.0", "1.2.0", "1.10.0", "2.0.0"]),
        ("metrics.ndcg > 0.1", ["1.2.0", "1.10.0"]),
        ("metrics.ndcg >= 0.1 and tags.season = 'SS26'", ["1.0.0"]),
        ("tags.season = 'SS26' or metrics.recall = 0.1", ["1.0.0", "1.10.0", "2.0.0"]),
        ("not tags.season = 'SS26'", ["1.2.0", "1.10.0"]),
        ("tags.season != 'SS26'", ["1.2.0", "1.10.0"]),
        ("model = b.pricer or (params.depth > 4 and params.depth < 8)", ["1.2.0", "2.0.0"]),
        ("params.loss = bpr", ["1.10.0"]),
        ("version >= 1.2.0 model = a.ranker", ["1.2.0", "1.10.0"]),
        ("version in (1.0.0, '2.0.0')", ["1.0.0", "2.0.0"]),
        ("alias = shadow", ["1.2.0"]),
        ("alias != shadow and model = a.ranker", ["1.0.0", "1.10.0"]),
        ("snapshot = 2", ["1.2.0", "1.10.0"]),
        ("created >= 2020-01-01", ["1.0.0", "1.2.0", "1.10.0", "2.0.0"]),
        ("created < 2020-01-01", []),
        ("'linen DRESS'", ["1.0.0", "1.2.0", "1.10.0", "2.0.0"]),
        ("description ~ '1.10'", ["1.10.0"]),
        ("author = tester stage = candidate pricer", ["2.0.0"]),
        ('tags.season = "\'; DROP TABLE versions; --"', []),
    ],
)
def test_a_query_finds_what_it_says(filled: Engine, query: str, versions: list[str]) -> None:
    assert found(filled, query) == versions


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("metrics.ndcg >", "ends too early"),
        ("metrics.ndcg > high", "is a number"),
        ("colour = red", "no field 'colour'"),
        ("(stage = candidate", "Expected ')'"),
        ("stage = candidate)", "Expected 'and', 'or', or the end"),
        ("'open", "cannot be read"),
        ("= 3", "a field or a text"),
        ("created > soon", "a day such as"),
        ("stage > candidate", "cannot be compared"),
        ("(" * 60 + "a" + ")" * 60, "nested too deeply"),
        ("x" * 3000, "3,000 characters"),
    ],
)
def test_a_query_that_cannot_be_read_says_where(filled: Engine, query: str, part: str) -> None:
    with pytest.raises(InvalidInput, match=part.replace("(", r"\(").replace(")", r"\)")):
        found(filled, query)


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it only reads
@given(
    first=st.tuples(
        st.sampled_from(["ndcg", "recall"]), st.sampled_from(sorted(_ORDERS)), st.sampled_from([0.1, 0.2, 0.3])
    ),
    second=st.tuples(
        st.sampled_from(["ndcg", "recall"]), st.sampled_from(sorted(_ORDERS)), st.sampled_from([0.1, 0.2, 0.3])
    ),
    join=st.sampled_from(["and", "or"]),
    negate=st.booleans(),
)
def test_boolean_logic_is_that_of_python(
    filled: Engine, first: tuple[str, str, float], second: tuple[str, str, float], join: str, negate: bool
) -> None:
    def holds(metrics: dict[str, float], part: tuple[str, str, float]) -> bool:
        return part[0] in metrics and _ORDERS[part[1]](metrics[part[0]], part[2])

    def whole(metrics: dict[str, float]) -> bool:
        left = holds(metrics, first) != negate
        right = holds(metrics, second)
        return (left and right) if join == "and" else (left or right)

    parts = [f"metrics.{name} {sign} {value}" for name, sign, value in (first, second)]
    query = f"{'not ' if negate else ''}{parts[0]} {join} {parts[1]}"
    assert found(filled, query) == [version for _, version, metrics, *_ in VERSIONS if whole(metrics)]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    refused = ""
    try:
        condition = compile_query(text)
    except InvalidInput as error:
        refused = error.found
    assert refused or condition.sql


def test_facets_count_and_filter(filled: Engine) -> None:
    page = filled.call(SearchService.search, query="")
    assert page.facets["model"] == {"a.ranker": 3, "b.pricer": 1}
    assert page.facets["snapshot"] == {"2": 2, "1": 1, "3": 1}
    assert page.facets["alias"] == {"shadow": 1}
    assert page.facets["tag"] == {"season=SS26": 2, "season=AW26": 1, "team=home": 1}
    assert found(filled, "", facets={"model": ["a.ranker"], "tag": ["season=SS26", "season=SS26"]}) == ["1.0.0"]
    assert found(filled, "", facets={"alias": ["shadow"], "snapshot": ["2"]}) == ["1.2.0"]


def test_pages_by_metric_put_those_without_it_last(filled: Engine) -> None:
    seen = []
    for offset in range(0, 4, 2):
        page = filled.call(SearchService.search, sort="metrics.ndcg", descending=True, limit=2, offset=offset)
        assert page.total == 4
        seen += [row.version for row in page.rows]
    assert seen == ["1.10.0", "1.2.0", "1.0.0", "2.0.0"]


def test_a_trend_is_oldest_first(filled: Engine) -> None:
    trend = filled.call(SearchService.trend, metric="ndcg", last=2)
    assert [(t.model, t.versions, t.values) for t in trend] == [("a.ranker", ["1.2.0", "1.10.0"], [0.2, 0.3])]


def test_a_facet_is_counted_as_if_it_were_not_chosen(filled: Engine) -> None:
    page = filled.call(SearchService.search, facets={"model": ["a.ranker"]})
    assert page.total == 3
    assert page.facets["model"] == {"a.ranker": 3, "b.pricer": 1}
    assert page.facets["snapshot"] == {"2": 2, "1": 1}


def test_tags_of_one_key_are_alternatives(filled: Engine) -> None:
    assert found(filled, "", facets={"tag": ["season=SS26", "season=AW26"]}) == ["1.0.0", "1.2.0", "2.0.0"]
    assert found(filled, "", facets={"tag": ["season=SS26", "season=AW26", "team=home"]}) == ["1.2.0"]


def test_days_bound_the_registration(filled: Engine) -> None:
    day = filled.call(SearchService.search).rows[0].created_at.date()
    assert len(found(filled, "", since=day, until=day)) == 4
    assert found(filled, "", since=day + timedelta(days=1)) == []
    assert found(filled, "", until=day - timedelta(days=1)) == []
