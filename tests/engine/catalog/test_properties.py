"""Whatever a file holds: no crash, no lost row, and an untouched store where it is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.records import ImportReport, Mode
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import EngineError
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR

HEADERS = [
    "item_id",
    "title",
    "price",
    "created_at",
    "user",
    "event",
    "time",
    "rating",
    "text",
    "sku",
    "order_id",
    "qty",
    "x",
]
CELLS = st.one_of(
    st.sampled_from(
        [
            "A",
            "B",
            "C",
            "",
            "1",
            "-1",
            "1e999",
            "nan",
            "2020-01-01",
            "2999-01-01",
            "view",
            '"',
            '""',
            "{}",
            "1,5",
            "\x00",
            "\r",
        ]
    ),
    st.text(max_size=8),
)
ROUGH = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
_numbers = itertools.count()


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Delimited text with known columns, odd cells and now and then a broken line."""
    header = draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=6, unique=True))
    separator = draw(st.sampled_from([",", ";", "\t"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    width = st.sampled_from([len(header)] * 8 + [1, len(header) + 1])
    rows = draw(st.lists(width.flatmap(lambda n: st.lists(CELLS, min_size=n, max_size=n)), max_size=8))
    return end.join(separator.join(row) for row in [header, *rows])


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine.open(Settings.at(tmp_path_factory.mktemp("home")), actor=ACTOR) as engine:
        yield engine


def conserved(report: ImportReport) -> None:
    for summary in report.summary.values():
        assert summary.accepted + summary.quarantined == summary.read
    assert sum(report.reasons.values()) == sum(summary.quarantined for summary in report.summary.values())


def attempt(owner: Engine, act: Callable[[str], ImportReport]) -> None:
    """Run an import into a new shop and check what must hold however it ends."""
    catalog, shop, before = owner.service(CatalogService), f"shop{next(_numbers)}", owner.store.head
    try:
        report = act(shop)
    except EngineError:
        assert owner.store.head == before
        return
    conserved(report)
    snapshot = catalog.get_snapshot(shop=shop)
    assert snapshot.number == report.snapshot
    assert snapshot.quarantined == sum(report.reasons.values())
    assert len(catalog.quarantine(number=snapshot.number)) == snapshot.quarantined
    dataset = catalog.dataset(snapshot.number)
    assert {name: dataset.rows(name) for name in dataset.files} == {
        name: summary.rows for name, summary in snapshot.summary.items() if summary.rows
    }
    catalog.items(shop=shop)


@settings(max_examples=150, **ROUGH)
@given(text=tables())
def test_any_table_is_conserved_or_refused(text: str, owner: Engine, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    attempt(owner, lambda shop: owner.call(CatalogService.run_import, actor=ACTOR, shop=shop, path=path))


@settings(max_examples=150, **ROUGH)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.binary(max_size=100).map(lambda b: b"PAR1" + b + b"PAR1"),
        st.binary(max_size=100).map(lambda b: b"PK\x03\x04" + b),
    )
)
def test_any_bytes_are_refused_or_read(data: bytes, owner: Engine, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(data)
    attempt(owner, lambda shop: owner.call(CatalogService.run_import, actor=ACTOR, shop=shop, path=path))


ROW = st.tuples(st.sampled_from("ABCD"), st.sampled_from(["x", "y", ""]), st.sampled_from(["1", "2", "-1", ""]))


@settings(max_examples=60, **ROUGH)
@given(
    steps=st.lists(
        st.tuples(st.lists(ROW, min_size=1, max_size=5), st.sampled_from(list(Mode))), min_size=1, max_size=4
    )
)
def test_any_run_of_imports_equals_a_dictionary(
    steps: list[tuple[list[tuple[str, str, str]], Mode]], owner: Engine, tmp_path: Path
) -> None:
    """Items by key, as an ordinary dictionary would hold them."""
    shop, held = f"shop{next(_numbers)}", {}
    catalog = owner.service(CatalogService)
    for number, (rows, mode) in enumerate(steps):
        path = tmp_path / "items.csv"
        path.write_text("item_id,title,cost,batch\n" + "".join(f"{','.join(row)},{number}\n" for row in rows))
        good: dict[str, tuple[str | None, str | None]] = {}
        for item, title, cost in rows:
            if cost != "-1":
                good.setdefault(item, (title or None, cost or None))
        if not good or (mode is Mode.APPEND and all(item in held for item in good)):
            with pytest.raises(EngineError):
                _import(catalog, shop, path, mode)
            continue
        conserved(_import(catalog, shop, path, mode))
        held = good if mode is Mode.REPLACE else {**held, **good} if mode is Mode.UPSERT else {**good, **held}
    if held:
        stored = catalog.dataset(catalog.get_snapshot(shop=shop).number).frame("items")
        titles = stored["title"].astype(object).where(stored["title"].notna(), None)
        costs = [None if cost != cost else f"{cost:.0f}" for cost in stored["cost"]]
        assert dict(zip(stored["item_id"], zip(titles, costs, strict=True), strict=True)) == held


def _import(catalog: CatalogService, shop: str, path: Path, mode: Mode) -> ImportReport:
    return catalog.run_import(actor=ACTOR, shop=shop, path=path, mode=mode)
