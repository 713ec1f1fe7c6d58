from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.clock import ManualClock
from engine.core import Engine
from engine.errors import InvalidFile, InvalidInput
from engine.recommendation_engine import Act, Plan, RecommendationEngine, RecommendationService, Surface
from engine.recommendation_engine import bulk as bulk_module

RULES = [
    {"rule_id": "off", "kind": "hide", "where": {"brand": "Vela"}},
    {"rule_id": "up", "kind": "boost", "where": {"colour": "red"}, "strength": 40, "scope": {"segments": ["25-34"]}},
    {"rule_id": "top", "kind": "pin", "where": {"item_id": "i46"}, "position": 3, "scope": {"segments": ["45-54"]}},
    {"rule_id": "few", "kind": "cap", "facet": "category", "most": 4},
]


def test_everybody_gets_the_list_that_a_single_call_gives(
    engine: Engine, publish: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_module, "_MOST_BLOCK", 64)
    engine.clock = ManualClock(datetime(2026, 9, 1, tzinfo=UTC))
    publish("demo", plan=Plan.model_validate({"rules": RULES}))
    service = engine.service(RecommendationService)
    lively = f"p_{7:020x}"
    service.observe(user_id=lively, item_id="i45", event=Act.DISMISS)
    done: list[tuple[int, int]] = []
    path = tmp_path / "lists.parquet"
    report = service.recommend_all(path, limit=6, progress=lambda part, whole: done.append((part, whole)))
    table = pq.read_table(path)
    rows = table.to_pylist()
    assert (report.shoppers, report.rows, done[-1]) == (240, len(rows), (240, 240))
    assert table.schema.metadata[b"plan"] == b"3"
    lists: dict[str, list[str]] = {}
    for row in rows:
        lists.setdefault(row["shopper"], []).append(row["item_id"])
        assert row["position"] == len(lists[row["shopper"]])
    for number in (0, 3, 7, 25, 111):
        shopper = f"p_{number:020x}"
        single = service.recommend(user_id=shopper, limit=6)
        assert lists[shopper] == [item.item_id for item in single.items]
    assert "i45" not in lists[lively]


def test_a_file_that_cannot_be_written_is_told(engine: Engine, publish: Callable[..., None], tmp_path: Path) -> None:
    publish("demo")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidFile):
        asyncio.run(RecommendationEngine(engine).recommend_all(tmp_path / "file" / "x.parquet"))
    with pytest.raises(InvalidInput):
        engine.service(RecommendationService).recommend_all(tmp_path / "y.parquet", surface=Surface.PRODUCT)
    assert not list(tmp_path.glob("*.parquet"))
