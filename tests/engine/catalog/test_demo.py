"""The demo shop passes the same checks as every import."""

from __future__ import annotations

from engine.catalog.demo import load_demo
from engine.catalog.records import Mode
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from tests.engine.catalog.conftest import ACTOR, Door


def test_the_demo_shop_is_taken_in_whole_and_once(catalog: CatalogService, door: Door) -> None:
    stages: list[str] = []
    report = load_demo(catalog, actor=ACTOR, scale=0.02, progress=lambda stage, share: stages.append(stage))
    assert stages
    assert report.reasons == {}
    assert all(summary.accepted == summary.read for summary in report.summary.values())
    assert catalog.list_shops()[0].synthetic
    door({Table.ITEMS: [{"item_id": "mine", "title": "My own"}]}, shop="demo", mode=Mode.APPEND)
    again = load_demo(catalog, actor=ACTOR, scale=0.02)
    assert (again.unchanged, again.snapshot) == (True, report.snapshot)
    assert catalog.items(shop="demo", query="my own")
