from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from engine.actor import Actor
from engine.catalog.records import ImportReport, Mode, Source
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.settings import Settings

ACTOR = Actor("tester")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(tmp_path / "home"), actor=ACTOR) as engine:
        yield engine


@pytest.fixture
def catalog(engine: Engine) -> CatalogService:
    return engine.service(CatalogService)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    """Write a file that an import reads."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def _as_table(rows: list[dict[str, object]]) -> pa.Table:
    """Every key of any row is a column."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


class Door:
    """Takes tables in by `take_in`; every call is a delivery of its own."""

    def __init__(self, catalog: CatalogService) -> None:
        self.catalog = catalog
        self._count = itertools.count()

    def __call__(
        self,
        tables: dict[Table, pa.Table | list[dict[str, object]]],
        *,
        mode: Mode = Mode.APPEND,
        shop: str = "shop",
        images: dict[str, bytes] | None = None,
        name: str | None = None,
    ) -> ImportReport:
        arrow = {table: rows if isinstance(rows, pa.Table) else _as_table(rows) for table, rows in tables.items()}
        label = name or f"delivery {next(self._count)}"
        return self.catalog.take_in(
            actor=ACTOR,
            shop=shop,
            title="A shop",
            synthetic=False,
            importer="test",
            tables=arrow,
            images=images or {},
            sources=(Source(name=label, sha256=label.encode().hex().ljust(64, "0")[:64], bytes=0),),
            mode=mode,
        )

    def rows(self, table: Table, shop: str = "shop") -> list[dict[str, object]]:
        number = self.catalog.get_snapshot(shop=shop).number
        return self.catalog.dataset(number).arrow(table).to_pylist()


@pytest.fixture
def door(catalog: CatalogService) -> Door:
    return Door(catalog)


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    from PIL import Image

    def draw(width: int = 60, height: int = 80, kind: str = "JPEG", colour: str = "teal", **options: object) -> bytes:
        sink = io.BytesIO()
        Image.new("RGB", (width, height), colour).save(sink, kind, **options)
        return sink.getvalue()

    return draw
