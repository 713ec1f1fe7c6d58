"""After a shopper is forgotten, no file of the store leads back to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.backup import BackupService
from engine.catalog.forgetting import ForgettingService
from engine.catalog.records import ForgetReport, MendedRow, Mode
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.catalog.views import SnapshotViews
from engine.core import Engine
from engine.errors import ShopNotFound
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR, Door

JANE, JOHN = "jane.doe@example.org", "john@example.org"
ITEMS = [{"item_id": "A", "title": "Dress"}, {"item_id": "B", "title": "Skirt"}]


def fill(door: Door, shop: str = "shop") -> None:
    """Three snapshots: people, orders with lines, events and reviews, and rows that were set aside."""
    both = [{"shopper": JANE, "age": 30}, {"shopper": JOHN, "age": 40}]
    door({Table.ITEMS: ITEMS, Table.SHOPPERS: both}, shop=shop)
    events = [
        {"shopper": JANE, "item_id": "A", "event": "view"},
        {"shopper": JOHN, "item_id": "A", "event": "view"},
        {"shopper": JANE, "item_id": "lost", "event": "view"},
    ]
    orders = [
        {"order_id": "o1", "shopper": JANE, "market": "DE"},
        {"order_id": "o2", "shopper": JOHN, "market": "DE"},
        {"order_id": "o3", "shopper": JANE, "time": "never"},
    ]
    lines = [{"order_id": order, "item_id": "A", "quantity": 1} for order in ("o1", "o2", "o3")]
    reviews = [{"shopper": JANE, "item_id": "A", "text": f"Loved it, write to {JANE}"}]
    records = [{"record_id": str(place), "shopper": who, "values": "{}"} for place, who in enumerate((JANE, JOHN))]
    door(
        {
            Table.INTERACTIONS: events,
            Table.ORDERS: orders,
            Table.ORDER_LINES: lines,
            Table.REVIEWS: reviews,
            Table.RECORDS: records,
        },
        shop=shop,
    )
    door({Table.SHOPPERS: [{"shopper": JANE, "age": 31}]}, mode=Mode.UPSERT, shop=shop)


def traces(home: Path, *words: str, ignored: tuple[str, ...] = ()) -> list[str]:
    """Files that hold one of the words, in plain bytes or inside Parquet."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file() or any(part in ignored for part in path.relative_to(home).parts):
            continue
        data = path.read_bytes()
        texts = [data]
        if data.startswith(b"PAR1"):
            texts.append(repr(pq.read_table(path).to_pylist()).encode())
        if any(word.encode() in text for word in words for text in texts):
            found.append(str(path.relative_to(home)))
    return found


def forget(engine: Engine, shopper: str = JANE, shop: str = "shop") -> ForgetReport:
    return engine.call(ForgettingService.forget, actor=ACTOR, shop=shop, shopper=shopper)


@pytest.mark.parametrize("by", ["id", "pseudonym", "other spelling"])
def test_nothing_leads_back(door: Door, engine: Engine, catalog: CatalogService, by: str) -> None:
    fill(door)
    name, other = catalog.pseudonym("shop", JANE), catalog.pseudonym("shop", JOHN)
    assert traces(engine.settings.home, name)
    report = forget(engine, {"id": JANE, "pseudonym": name, "other spelling": "Jane.Doe@Example.org"}[by])
    assert (report.found, report.snapshots) == (True, (1, 2, 3))
    assert report.rows == {"shoppers": 1, "interactions": 1, "orders": 1, "order_lines": 1, "reviews": 1, "records": 1}
    assert report.quarantined == 3
    assert traces(engine.settings.home, name, JANE) == []
    assert {row["shopper"] for row in door.rows(Table.INTERACTIONS)} == {other}
    assert [row["order_id"] for row in door.rows(Table.ORDER_LINES)] == ["o2"]
    assert catalog.pseudonym("shop", JANE) != name
    assert catalog.pseudonym("shop", JOHN) == other
    assert catalog.shoppers(shop="shop", query=name) == []


def test_the_chain_verifies_and_replays_to_the_same_state(door: Door, engine: Engine, catalog: CatalogService) -> None:
    fill(door)
    forget(engine)
    engine.store.verify()
    before = engine.store.state()
    engine.store.rebuild(ACTOR)
    assert engine.store.state() == before
    for info in catalog.list_snapshots():
        for table in info.tables:
            assert catalog.dataset(info.number).rows(Table(table)) == info.summary[table].rows
    payload = next(event.payload for event in engine.store.events() if event.kind == "shopper.forgotten")
    assert set(payload) == {"shop", "snapshots"}
    assert all(set(new) == {"digest", "rows"} for parts in payload["snapshots"].values() for new in parts.values())


def test_quarantined_rows_keep_their_index_and_count(door: Door, engine: Engine, catalog: CatalogService) -> None:
    fill(door)
    before = catalog.quarantine(number=2)
    forget(engine)
    after = catalog.quarantine(number=2)
    assert [row.index for row in after] == [row.index for row in before]
    assert {row.reason for row in after} == {"the shopper was forgotten"}
    assert all(row.data == {} for row in after)
    mend = engine.call(CatalogService.mend, actor=ACTOR, number=2, rows=[MendedRow(index=0, data={})])
    assert mend.snapshot is None


def test_a_new_import_makes_a_new_pseudonym(door: Door, engine: Engine, catalog: CatalogService) -> None:
    fill(door)
    old = catalog.pseudonym("shop", JANE)
    forget(engine)
    door({Table.SHOPPERS: [{"shopper": JANE, "age": 33}]})
    new = catalog.pseudonym("shop", JANE)
    assert new != old
    assert new in {row["shopper"] for row in door.rows(Table.SHOPPERS)}
    forget(engine)
    assert traces(engine.settings.home, old, new, JANE) == []


def test_other_shops_keep_what_they_share(door: Door, engine: Engine, catalog: CatalogService) -> None:
    fill(door)
    fill(door, "second")
    forget(engine)
    assert len(door.rows(Table.ORDER_LINES, "second")) == 2
    assert catalog.pseudonym("second", JANE) in {row["shopper"] for row in door.rows(Table.SHOPPERS, "second")}
    forget(engine, shop="second")
    assert traces(engine.settings.home, JANE) == []


def test_nobody_of_that_name_is_no_error(door: Door, engine: Engine) -> None:
    fill(door)
    head = engine.store.head
    assert not forget(engine, "stranger").found
    assert engine.store.head == head
    with pytest.raises(ShopNotFound):
        forget(engine, shop="nowhere")


def test_job_folders_uploads_and_later_backups(
    door: Door, engine: Engine, catalog: CatalogService, tmp_path: Path
) -> None:
    fill(door)
    name = catalog.pseudonym("shop", JANE)
    info = catalog.get_snapshot(shop="shop")
    data = engine.settings.jobs / "job-1" / "data"
    data.mkdir(parents=True)
    for parts in info.tables.values():
        for part in parts:
            os.link(engine.artifacts.path(part.digest), data / f"{part.digest}.parquet")
    names = sorted(path.name for path in data.iterdir())
    upload = engine.settings.staging / "upload-1" / "orders.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text(f"order_id,shopper\n1,{JANE}\n")
    engine.call(SnapshotViews.table_parquet, number=info.number, table="shoppers")
    heard: list[tuple[str, frozenset[str]]] = []
    engine.service(ForgettingService).when_forgotten(lambda shop, names: heard.append((shop, names)))
    assert forget(engine).jobs == ("job-1",)
    assert sorted(path.name for path in data.iterdir()) == names
    assert traces(engine.settings.home, name, JANE) == []
    assert heard[0][0] == "shop"
    assert name in heard[0][1]
    engine.call(BackupService.create, actor=ACTOR, path=tmp_path / "later" / "backup.tar")
    assert traces(tmp_path / "later", name, JANE) == []
    assert forget(engine, JOHN).jobs == ("job-1",)
    assert traces(engine.settings.home, JOHN) == []


def test_models_that_learned_from_the_shopper_are_listed(door: Door, engine: Engine, catalog: CatalogService) -> None:
    from engine.model_registry.schema import Lineage
    from engine.model_registry.service import RegistryService

    fill(door)
    for version, snapshot in (("1.0.0", 1), ("1.1.0", 3)):
        engine.call(
            RegistryService.register_version,
            actor=ACTOR,
            model="shop.recommender",
            version=version,
            framework="skyy",
            metrics={},
            lineage=Lineage(snapshot=snapshot),
        )
    door({Table.ITEMS: [{"item_id": "C"}]}, shop="second")
    models = forget(engine).models
    assert [(model.model, model.version, model.snapshot) for model in models] == [
        ("shop.recommender", "1.0.0", 1),
        ("shop.recommender", "1.1.0", 3),
    ]


SCRIPT = """
import sys
from pathlib import Path
from engine.actor import Actor
from engine.catalog.forgetting import ForgettingService
from engine.core import Engine
from engine.settings import Settings

with Engine.open(Settings.at(Path(sys.argv[1]))) as engine:
    engine.call(ForgettingService.forget, actor=Actor("tester"), shop="shop", shopper=sys.argv[2])
"""
POINTS = (
    "catalog.private_rename:1",
    "forget.noted:1",
    "files.rename:2",
    "forget.parts:1",
    "store.commit.before:1",
    "store.commit.after:1",
    "catalog.private_rename:2",
    "forget.ring:1",
    "forget.copies:1",
    "forget.swept:1",
)


@pytest.mark.parametrize(
    ("point", "again"),
    [
        *((point, "by asking again") for point in POINTS),
        *((point, "by the owner") for point in ("forget.parts:1", "store.commit.after:1", "forget.ring:1")),
    ],
)
def test_a_kill_at_any_step_is_finished_by_the_next_owner(point: str, again: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        catalog = engine.service(CatalogService)
        fill(Door(catalog))
        name, other = catalog.pseudonym("shop", JANE), catalog.pseudonym("shop", JOHN)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), JANE],
        env={**os.environ, "SKYY_FAILPOINT": point},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        if again == "by the owner":
            engine.service(ForgettingService).resume()
        report = forget(engine)
        assert report.found or again == "by the owner"
        assert [record.snapshots for record in engine.call(ForgettingService.list_forgotten)] == [(1, 2, 3)]
        engine.store.verify()
        assert traces(home, name, JANE) == []
        door = Door(engine.service(CatalogService))
        assert {row["shopper"] for row in door.rows(Table.SHOPPERS)} == {other}
        for parts in door.catalog.get_snapshot(shop="shop").tables.values():
            for part in parts:
                engine.artifacts.read_blob(part.digest)


def test_what_a_killed_import_left_goes_too(tmp_path: Path) -> None:
    from tests.engine.catalog.test_crash import run_import

    home, path = tmp_path / "home", tmp_path / "events.csv"
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        fill(Door(engine.service(CatalogService)))
    path.write_text(f"user,item_id,event\n{JANE},A,view\nanna,B,view\n")
    for point in ("catalog.before_event:1", "files.rename:1"):
        assert run_import(home, path, point).returncode == -signal.SIGKILL
    with Engine.open(Settings.at(home), actor=ACTOR) as engine:
        name = engine.service(CatalogService).pseudonym("shop", JANE)
        forget(engine)
        assert traces(home, name, JANE) == []
        engine.store.verify()


def test_a_look_up_makes_no_record(catalog: CatalogService, engine: Engine, put: Callable[..., Path]) -> None:
    catalog.pseudonym("shop", "anybody")
    catalog.preview(shop="shop", path=put("events.csv", "user,item_id,event\nsomebody,A,view\n"))
    assert not (engine.settings.home / "keys" / "shoppers").exists()


def test_a_served_shop_publishes_without_the_shopper(demo: Engine) -> None:
    """The demo shop with a model in service: only the model, which is listed, still knows the pseudonym."""
    from engine.model_registry.release import ReleaseService

    releases = demo.service(ReleaseService)
    releases.follow()
    before = demo.call(ReleaseService.latest, shop="demo")
    name = demo.service(CatalogService).pseudonym("demo", "s00042")
    held = traces(demo.settings.home, name)
    report = forget(demo, "s00042", "demo")
    assert report.found
    assert [(model.model, model.version) for model in report.models] == [("demo.recommender", "1.0.0")]
    after = demo.call(ReleaseService.latest, shop="demo")
    assert before is not None
    assert after is not None
    assert after.number == before.number + 1
    left = traces(demo.settings.home, name, "s00042")
    model = demo.artifacts.open(after.manifest["models"]["recommender"]["artifact"])
    allowed = {entry.sha256 for entry in model.entries.values()}
    assert {Path(path).name for path in left} <= allowed, left
    assert len(held) > len(left)
    demo.store.verify()
