"""Every malformed file: one clear sentence and an untouched store, or rows in quarantine."""

from __future__ import annotations

import codecs
import io
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.records import ImportReport
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR

Put = Callable[[str, bytes | str], Path]
GOOD = "item_id,title,price\nA,Dress,10\nB,Skirt,20\n"


def parquet(table: pa.Table | None = None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table if table is not None else pa.table({"item_id": ["A", "B"], "title": ["x", "y"]}), sink)
    return sink.getvalue()


def zipped(members: dict[str, bytes | str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def with_link() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("items.csv", GOOD)
        link = zipfile.ZipInfo("passwords.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return sink.getvalue()


def lying_zip() -> bytes:
    """Announces 10 bytes and holds a megabyte."""
    data = bytearray(zipped({"items.csv": "item_id\n" + "A\n" * 500_000}))
    real = (8 + 1_000_000).to_bytes(4, "little")
    assert data.count(real) == 2
    return bytes(data.replace(real, (10).to_bytes(4, "little")))


def dictionary_bomb() -> bytes:
    """One text of a megabyte, 30,000 times, in a small file."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 30_000, pa.int32()), pa.array(["x" * 2**20]))
    return parquet(pa.table({"item_id": [str(n) for n in range(30_000)], "title": values}))


REFUSED: dict[str, tuple[str, Callable[[], bytes | str], str]] = {
    "wrong encoding": (
        "a.csv",
        lambda: "item_id,title\nA,Café\n".encode("latin-1"),
        "is not UTF-8 text: byte 0xe9 in line 2",
    ),
    "utf-32": ("a.csv", lambda: GOOD.encode("utf-32"), "NUL bytes"),
    "NUL bytes": ("a.csv", lambda: "item_id,title\nA,Dre\0ss\n", "NUL bytes"),
    "NUL in UTF-16": ("a.csv", lambda: codecs.BOM_UTF16_LE + "item_id\nA\0\n".encode("utf-16-le"), "NUL bytes"),
    "pickle": ("a.csv", lambda: pickle.dumps({"item_id": ["A"]}), "pickle"),
    "old pickle": ("a.csv", lambda: pickle.dumps({"item_id": ["A"]}, protocol=0), "no column for 'item_id'"),
    "gzip": ("a.csv.gz", lambda: b"\x1f\x8b\x08\x00" + b"\x01" * 50, "gzip"),
    "png as csv": ("a.csv", lambda: b"\x89PNG\r\n\x1a\n" + b"\x01" * 50, "a picture"),
    "empty": ("a.csv", lambda: b"", "is empty"),
    "only a mark": ("a.csv", lambda: codecs.BOM_UTF8 + b"\r\n\n", "is empty"),
    "header only": ("a.csv", lambda: "item_id,title\n", "a header and no rows"),
    "no id": ("a.csv", lambda: "name,colour\nDress,red\n", "no column for 'item_id'"),
    "no known column": ("a.csv", lambda: "x,y\n1,2\n", "no column for 'item_id'"),
    "300 columns": (
        "a.csv",
        lambda: ",".join(f"c{n}" for n in range(300)) + "\n" + ",".join("1" * 300) + "\n",
        "has 300 columns",
    ),
    "300 Parquet columns": (
        "a.parquet",
        lambda: parquet(pa.table({f"c{n}": [1] for n in range(300)})),
        "has 300 columns",
    ),
    "a column twice": ("a.csv", lambda: "item_id,title,title\nA,x,y\n", "'title' twice"),
    "an open quote": ("a.csv", lambda: 'item_id,title\nA,"Dress\nB,Skirt\nC,Coat\n', "never ends"),
    "every price negative": ("prices.csv", lambda: "item_id,price\nA,-1\nB,-2\n", "price is below 0"),
    "every row without id": ("products.csv", lambda: "item_id,title\n,x\n ,y\n", "item_id is missing"),
    "truncated Parquet": ("a.parquet", lambda: parquet()[:-20], "not a whole Parquet file"),
    "Parquet with holes": ("a.parquet", lambda: parquet()[:4] + bytes(60) + parquet()[64:], "not a whole Parquet file"),
    "Parquet mark only": ("a.parquet", lambda: b"PAR1PAR1", "not a whole Parquet file"),
    "Parquet without rows": (
        "a.parquet",
        lambda: parquet(pa.table({"item_id": pa.array([], pa.string())})),
        "has no rows",
    ),
    "Parquet bomb": ("a.parquet", dictionary_bomb, "unpacks to"),
    "not Parquet": ("a.parquet", lambda: b"\x00" * 100, "NUL bytes"),
    "zip bomb by ratio": ("a.zip", lambda: zipped({"items.csv": "item_id\n" + "A" * 40_000_000}), "times its size"),
    "zip over the limit": (
        "a.zip",
        lambda: zipped({f"{n}.csv": bytes(15 * 2**20) for n in range(5)}),
        "more than 64 MB",
    ),
    "lying zip": ("a.zip", lying_zip, "not a whole zip archive"),
    "zip leaving its folder": ("a.zip", lambda: zipped({"../items.csv": GOOD}), "leaves its folder"),
    "zip with absolute name": ("a.zip", lambda: zipped({"/etc/items.csv": GOOD}), "leaves its folder"),
    "zip with a link": ("a.zip", with_link, "has the link"),
    "cut zip": ("a.zip", lambda: zipped({"items.csv": GOOD})[:-30], "not a whole zip archive"),
    "zip without tables": ("a.zip", lambda: zipped({"readme.md": "hello"}), "holds no table"),
    "zip in a zip": ("a.zip", lambda: zipped({"b.zip": zipped({"items.csv": GOOD})}), "holds no table"),
}


@pytest.fixture
def engine(tmp_path: Path) -> object:
    with Engine.open(Settings.at(tmp_path / "home", max_upload_mb=64), actor=ACTOR) as engine:
        yield engine


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence_and_nothing_is_stored(
    case: str, engine: Engine, catalog: CatalogService, put: Put
) -> None:
    name, make, words = REFUSED[case]
    before = (engine.store.head, engine.store.state(), sorted(engine.settings.artifacts.rglob("*")))
    with pytest.raises(InvalidInput) as caught:
        catalog.run_import(actor=ACTOR, shop="shop", path=put(name, make()))
    assert words in str(caught.value)
    assert caught.value.found.endswith(".")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    assert before == (engine.store.head, engine.store.state(), sorted(engine.settings.artifacts.rglob("*")))
    assert catalog.import_progress() is None


def test_a_missing_path_and_a_link_are_refused(catalog: CatalogService, tmp_path: Path, put: Put) -> None:
    with pytest.raises(InvalidInput, match="no file or folder"):
        catalog.run_import(actor=ACTOR, shop="shop", path=tmp_path / "nothing")
    put("folder/items.csv", GOOD)
    (tmp_path / "files/folder/secret.csv").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInput, match="is a link"):
        catalog.run_import(actor=ACTOR, shop="shop", path=tmp_path / "files/folder")


def counts(report: ImportReport, table: str) -> tuple[int, int, int]:
    summary = report.summary[table]
    assert summary.accepted + summary.quarantined == summary.read
    return summary.read, summary.accepted, summary.quarantined


QUARANTINED: dict[str, tuple[str, bytes | str, str, tuple[int, int, int], str]] = {
    "negative price": (
        "a.csv",
        "item_id,title,price\nA,x,-1\nB,y,2\n",
        "prices",
        (2, 1, 1),
        "prices: price is below 0",
    ),
    "infinite price": (
        "a.csv",
        "item_id,title,price\nA,x,inf\nB,y,2\n",
        "prices",
        (2, 1, 1),
        "prices: price is not a finite number",
    ),
    "huge number": (
        "a.csv",
        "item_id,title,price\nA,x,1e400\nB,y,2\n",
        "prices",
        (2, 1, 1),
        "prices: price is not a finite number",
    ),
    "no number": (
        "a.csv",
        "item_id,title,price\nA,x,cheap\nB,y,2\n",
        "prices",
        (2, 1, 1),
        "prices: price is not a number",
    ),
    "NaN where needed": (
        "a.csv",
        "item_id,title,price\nA,x,NaN\nB,y,2\n",
        "prices",
        (2, 1, 1),
        "prices: price is missing",
    ),
    "future date": (
        "a.csv",
        "item_id,title,created_at\nA,x,2999-01-01\nB,y,2020-01-01\n",
        "items",
        (2, 1, 1),
        "items: created_at lies in the future",
    ),
    "no date": (
        "a.csv",
        "item_id,title,created_at\nA,x,soon\nB,y,2020-01-01\n",
        "items",
        (2, 1, 1),
        "items: created_at is not a date or time",
    ),
    "far year": (
        "a.csv",
        "item_id,title,created_at\nA,x,0001-01-01\nB,y,2020-01-01\n",
        "items",
        (2, 1, 1),
        "items: created_at lies outside the years 1900 to 3000",
    ),
    "ragged lines": (
        "a.csv",
        "item_id,title\nA\nB,y\nC,z,q\n",
        "items",
        (3, 1, 2),
        "items: the line has 1 fields where the header has 2",
    ),
    "huge cell": (
        "a.csv",
        f"item_id,title\nA,{'x' * 200_000}\nB,y\n",
        "items",
        (2, 1, 1),
        "items: title is longer than 100,000 characters",
    ),
    "control character": (
        "a.csv",
        "item_id,title\nA\x01,x\nB,y\n",
        "items",
        (2, 1, 1),
        "items: item_id holds a control character",
    ),
    "same id twice": (
        "a.csv",
        "item_id,title\nA,x\nA,y\n",
        "items",
        (2, 1, 1),
        "items: item_id repeats that of an earlier row",
    ),
    "unknown event": (
        "events.csv",
        "user,item_id,event\nu,A,dance\nu,A,Buy\n",
        "interactions",
        (2, 1, 1),
        "interactions: event is none of view, cart, favourite, rental, rating, purchase",
    ),
}


@pytest.mark.parametrize("case", QUARANTINED)
def test_bad_rows_are_set_aside(case: str, catalog: CatalogService, put: Put) -> None:
    name, content, table, expected, reason = QUARANTINED[case]
    report = catalog.run_import(actor=ACTOR, shop="shop", path=put(name, content))
    assert counts(report, table) == expected
    assert reason in report.reasons
    rows = catalog.quarantine(number=report.snapshot or 0)
    assert len(rows) == sum(report.reasons.values())
    assert all(row.reason and row.row >= 1 and row.source == name for row in rows)


FINE: dict[str, bytes | str] = {
    "plain": GOOD,
    "byte order mark": codecs.BOM_UTF8 + GOOD.encode(),
    "UTF-16": GOOD.encode("utf-16"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "bars": GOOD.replace(",", "|"),
    "windows line ends": GOOD.replace("\n", "\r\n"),
    "mac line ends": GOOD.replace("\n", "\r"),
    "mixed line ends": "item_id,title,price\r\nA,Dress,10\nB,Skirt,20\r",
    "no last line end": GOOD.rstrip("\n"),
    "blank lines": "\n\nitem_id,title,price\n\nA,Dress,10\n\n\nB,Skirt,20\n\n",
    "spaces": "item_id , title,price\n A ,Dress , 10\nB,Skirt,20\n",
    "quotes": '"item_id","title","price"\n"A","Dress","10"\n"B","Skirt","20"\n',
    "decimal comma": "item_id;title;price\nA;Dress;10,00\nB;Skirt;20,0\n",
    "money": "item_id,title,price\nA,Dress,$10.00\nB,Skirt,20 EUR\n",
    "other names": "SKU,Product Name,List price\nA,Dress,10\nB,Skirt,20\n".replace("List price", "List Price"),
    "Parquet": parquet(pa.table({"Article ID": ["A", "B"], "Name": ["Dress", "Skirt"], "price": [10.0, 20.0]})),
    "zip": zipped({"export/items.csv": GOOD, "export/readme.md": "hello", "__MACOSX/._items.csv": b"\0\0"}),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_only_unusual_is_read(case: str, catalog: CatalogService, put: Put) -> None:
    report = catalog.run_import(actor=ACTOR, shop="shop", path=put("products.csv", FINE[case]))
    assert counts(report, "items") == (2, 2, 0)
    cards = catalog.items(shop="shop")
    assert [(card.item_id, card.title, card.price) for card in cards] == [("A", "Dress", 10.0), ("B", "Skirt", 20.0)]


def test_a_quoted_newline_stays_in_its_cell_and_rows_keep_their_places(catalog: CatalogService, put: Put) -> None:
    path = put("a.csv", 'item_id,title\nA,"red\nand, blue"\nbroken\n,no id\n')
    report = catalog.run_import(actor=ACTOR, shop="shop", path=path)
    assert catalog.items(shop="shop")[0].title == "red\nand, blue"
    places = {row.reason: row.row for row in catalog.quarantine(number=report.snapshot or 0)}
    assert places == {"the line has 1 fields where the header has 2": 2, "item_id is missing": 3}


def test_a_million_duplicated_rows_leave_one(catalog: CatalogService, put: Put) -> None:
    path = put("products.csv", "item_id,title\n" + "A,Dress\n" * 1_000_000)
    report = catalog.run_import(actor=ACTOR, shop="shop", path=path)
    assert counts(report, "items") == (1_000_000, 1, 999_999)
    assert report.reasons == {"items: item_id repeats that of an earlier row": 999_999}
    assert len(catalog.quarantine(number=report.snapshot or 0, limit=5)) == 5


def test_more_rows_than_allowed_are_refused(tmp_path: Path, put: Put) -> None:
    with Engine.open(Settings.at(tmp_path / "small", max_import_rows=1)) as engine:
        catalog = engine.service(CatalogService)
        with pytest.raises(InvalidInput, match="has 2 rows"):
            catalog.run_import(actor=ACTOR, shop="shop", path=put("a.csv", GOOD))
        assert engine.store.head[0] == 0
