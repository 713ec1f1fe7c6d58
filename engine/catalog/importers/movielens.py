"""MovieLens 100K (Harper and Konstan, 2015): ratings with times, films with genres, people.

Both spellings are read: the files with a header and bars between the columns, and the original
ones (`u.data` with tabs, all without header, Latin-1).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from engine.catalog.importers import _frames
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.importers.sheet import check_shape
from engine.catalog.quarantine import ragged
from engine.catalog.records import ColumnGuess, SourceTable
from engine.catalog.schema import EventKind, Table
from engine.errors import InvalidFile, InvalidInput
from engine.files import canonical_json

if TYPE_CHECKING:
    import pandas as pd

_GENRES = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]
_COLUMNS = {
    "u.data": ["user", "item", "rating", "timestamp"],
    "u.item": ["item", "title", "releaseDate", "videoReleaseDate", "imdbURL", *_GENRES],
    "u.user": ["user", "age", "gender", "occupation", "zip"],
}
_TARGETS = {
    "u.data": {"user": "shopper", "item": "item_id", "rating": "value", "timestamp": "time"},
    "u.item": {"item": "item_id", "title": "title", "releaseDate": "created_at"},
    "u.user": {"user": "shopper", "age": "age", "gender": "attributes.gender", "occupation": "attributes.occupation"},
}
_TABLES = {"u.item": Table.ITEMS, "u.user": Table.SHOPPERS, "u.data": Table.INTERACTIONS}
_NOTE = "A film's category is its first genre; all of them are in its attributes. Post codes are left out."


class MovieLens:
    """Ratings as `interactions`, films as `items`, people as `shoppers`."""

    name = "movielens"
    about = "MovieLens 100K ratings, films and people"

    def recognises(self, bundle: Bundle) -> bool:
        found = _files(bundle)
        return "u.data" in found and _fits(bundle, found["u.data"])

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise InvalidFile(
                "No file here is the u.data of MovieLens 100K.",
                "A folder or archive holds u.data, and beside it u.item and u.user.",
                "Choose the folder ml-100k.",
            )

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        return [_source_table(bundle, kind, name) for kind, name in _files(bundle).items()], [_NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput("MovieLens columns are known.", "It takes no mapping.", "Import it as generic tables.")
        import pyarrow as pa

        makers = {"u.item": _films, "u.user": _people, "u.data": _ratings}
        read = {kind: _frame(bundle, kind, name) for kind, name in _files(bundle).items()}
        frames = {kind: rows for kind, (rows, _) in read.items()}
        tables = {_TABLES[kind]: _frames.arrow(makers[kind](rows), kind) for kind, rows in frames.items()}
        if Table.ITEMS not in tables:
            films = frames["u.data"][["item", "__row"]].drop_duplicates("item").rename(columns={"item": "item_id"})
            tables = {Table.ITEMS: _frames.arrow(films, "u.data"), **tables}
        broken = pa.concat_tables(ragged(_TABLES[kind], kind, lines) for kind, (_, lines) in read.items())
        return Reading(tables, rejected=broken, notes=(_NOTE,))


def _files(bundle: Bundle) -> dict[str, str]:
    """The files by kind, products first."""
    names = {
        PurePosixPath(name).name: name for kind in _TABLES for name in bundle.named(f"/{kind}") + bundle.named(kind)
    }
    return {kind: names[kind] for kind in _TABLES if kind in names}


def _fits(bundle: Bundle, name: str) -> bool:
    first = bundle.peek(name)[:200].split(b"\n")[0].strip()
    fields = first.replace(b"\t", b"|").split(b"|")
    return len(fields) == len(_COLUMNS["u.data"]) and (fields[0] == b"user" or all(f.isdigit() for f in fields))


def _frame(bundle: Bundle, kind: str, name: str) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """All cells as text, empty ones as None, with their places in `__row`; and the lines that cannot be split."""
    import pandas as pd

    lines = [line.rstrip("\r") for line in _text(bundle.raw(name)).split("\n")]
    wanted = _COLUMNS[kind]
    separator = "\t" if "\t" in lines[0] else "|"
    headed = lines[0].split(separator)[0] in ("user", "item")
    columns = lines[0].split(separator) if headed else wanted
    lacking = [column for column in wanted if column not in columns]
    if lacking:
        raise InvalidFile(
            f"{name} has no column {lacking[0]!r}.", f"{kind} has {', '.join(wanted[:6])}.", "Download it again."
        )
    split = [(row, line.split(separator)) for row, line in enumerate(lines[headed:], start=1) if line]
    good = [(row, cells) for row, cells in split if len(cells) == len(columns)]
    broken = [
        (row, f"the line has {len(cells)} fields where there are {len(columns)}", "")
        for row, cells in split
        if len(cells) != len(columns)
    ]
    check_shape(name, len(columns), len(split), bundle.limits)
    rows = pd.DataFrame([cells for _, cells in good], columns=columns, dtype=object)[wanted]
    rows = rows.where(rows != "", None)
    rows["__row"] = [row for row, _ in good]
    return rows, broken


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # as GroupLens published it
        return data.decode("latin-1")


def _films(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    flags = rows[_GENRES].to_numpy() == "1"
    genres = [[name for name, on in zip(_GENRES, row, strict=True) if on and name != "unknown"] for row in flags]
    released = pd.to_datetime(rows["releaseDate"], format="%d-%b-%Y", errors="coerce")
    # A date that is not one is left as it was, so that the check names it.
    written = released.dt.strftime("%Y-%m-%d").astype(object).where(released.notna(), rows["releaseDate"])
    attributes = [
        canonical_json({"genres": found, **({"year": int(year)} if year == year else {})})
        for found, year in zip(genres, released.dt.year, strict=True)
    ]
    return pd.DataFrame(
        {
            "item_id": rows["item"],
            "title": rows["title"],
            "category": [found[0].lower() if found else None for found in genres],
            "created_at": written,
            "attributes": attributes,
            "__row": rows["__row"],
        }
    )


def _people(rows: pd.DataFrame) -> pd.DataFrame:
    rows["attributes"] = _frames.json_column(rows, {"gender": "gender", "occupation": "occupation"})
    return rows.rename(columns={"user": "shopper"})[["shopper", "age", "attributes", "__row"]]


def _ratings(rows: pd.DataFrame) -> pd.DataFrame:
    named = rows.rename(columns={"user": "shopper", "item": "item_id", "rating": "value", "timestamp": "time"})
    return named.assign(event=EventKind.RATING.value)[["shopper", "item_id", "event", "value", "time", "__row"]]


def _source_table(bundle: Bundle, kind: str, name: str) -> SourceTable:
    rows, broken = _frame(bundle, kind, name)
    shown = rows.drop(columns="__row").head(5).to_dict("records")
    sample: tuple[dict[str, Any], ...] = tuple({str(key): value for key, value in row.items()} for row in shown)
    columns = tuple(
        ColumnGuess(
            name=column,
            kind="text",
            target=_TARGETS[kind].get(column, "attributes.genres" if column in _GENRES else None),
            examples=tuple(str(row[column]) for row in sample[:3] if row[column] is not None),
        )
        for column in _COLUMNS[kind]
    )
    return SourceTable(name=name, table=_TABLES[kind], rows=len(rows) + len(broken), columns=columns, sample=sample)
