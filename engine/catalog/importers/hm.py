"""H&M articles with photos, one week of baskets and the customers (Kaggle competition data)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from engine.catalog.importers import _frames
from engine.catalog.importers.base import Mapped, Reading
from engine.catalog.importers.bundle import Bundle
from engine.catalog.records import SourceTable
from engine.catalog.schema import EventKind, Table
from engine.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

_ARTICLES = ("article_id", "prod_name", "product_type_name", "colour_group_name", "detail_desc")
_BASKETS = ("customer", "article_id")
_CUSTOMERS = ("customer", "age", "club_member_status")
_ATTRIBUTES = {
    "product_code": "product_code",
    "product_group_name": "product_group",
    "graphical_appearance_name": "pattern",
    "perceived_colour_value_name": "colour_value",
    "perceived_colour_master_name": "colour_family",
    "department_name": "department",
    "index_name": "index",
    "index_group_name": "index_group",
    "section_name": "section",
    "garment_group_name": "garment_group",
}
_ITEM = {
    "article_id": "item_id",
    "prod_name": "title",
    "product_type_name": "category",
    "colour_group_name": "colour",
    "detail_desc": "description",
}
_PERSON = {"fashion_news_frequency": "fashion_news", "FN": "newsletter", "Active": "active"}
_NOTE = "The purchases carry no time: a split into past and future is not possible, only one by shopper."


class HM:
    """Articles as `items`, baskets as purchases in `interactions`, customers as `shoppers`."""

    name = "hm"
    about = "H&M articles, photos, baskets and customers"

    def recognises(self, bundle: Bundle) -> bool:
        return _frames.table_with(bundle, _ARTICLES) is not None

    def check(self, bundle: Bundle) -> None:
        if not self.recognises(bundle):
            raise _frames.missing("H&M articles", _ARTICLES)

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        targets = {**_ITEM, **{source: f"attributes.{name}" for source, name in _ATTRIBUTES.items()}}
        people = {"customer": "shopper", "age": "age", "club_member_status": "segment"}
        people |= {source: f"attributes.{name}" for source, name in _PERSON.items()}
        places = {
            Table.ITEMS: targets,
            Table.SHOPPERS: people,
            Table.INTERACTIONS: {"customer": "shopper", "article_id": "item_id"},
        }
        tables = [_frames.source_table(bundle, name, table, places[table]) for table, name in _files(bundle).items()]
        return tables, [f"{len(bundle.pictures):,} pictures.", _NOTE]

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        if mapping:
            raise InvalidInput("H&M columns are known.", "It takes no mapping.", "Import it as generic tables.")
        files = _files(bundle)
        makers = {Table.ITEMS: _items, Table.SHOPPERS: _shoppers, Table.INTERACTIONS: _purchases}
        tables = {table: _frames.arrow(makers[table](bundle, name), name) for table, name in files.items()}
        pictures = {PurePosixPath(name).stem: data for name, data in bundle.pictures.items()}
        broken = _frames.rejected(bundle, {name: (table,) for table, name in files.items()})
        return Reading(tables, images=pictures, rejected=broken, notes=(_NOTE,) if Table.INTERACTIONS in files else ())


def _files(bundle: Bundle) -> dict[Table, str]:
    """Which file is which; baskets and customers may be absent."""
    articles = _frames.table_with(bundle, _ARTICLES)
    people = _frames.table_with(bundle, _CUSTOMERS)
    rest = Bundle(bundle.name, {n: d for n, d in bundle.tables.items() if n != articles}, {}, bundle.limits)
    found = {Table.ITEMS: articles, Table.SHOPPERS: people, Table.INTERACTIONS: _frames.table_with(rest, _BASKETS)}
    return {table: name for table, name in found.items() if name is not None}


def _items(bundle: Bundle, name: str) -> pd.DataFrame:
    rows = _frames.frame(bundle, name, (*_ARTICLES, *_ATTRIBUTES))
    rows["attributes"] = _frames.json_column(rows, _ATTRIBUTES)
    return rows.rename(columns=_ITEM)[[*_ITEM.values(), "attributes", "__row"]]


def _shoppers(bundle: Bundle, name: str) -> pd.DataFrame:
    rows = _frames.frame(bundle, name, (*_CUSTOMERS, *_PERSON))
    rows["attributes"] = _frames.json_column(rows, _PERSON)
    rows["segment"] = rows["club_member_status"].str.lower()
    return rows.rename(columns={"customer": "shopper"})[["shopper", "age", "segment", "attributes", "__row"]]


def _purchases(bundle: Bundle, name: str) -> pd.DataFrame:
    rows = _frames.frame(bundle, name, _BASKETS).rename(columns={"customer": "shopper", "article_id": "item_id"})
    return rows.assign(event=EventKind.PURCHASE.value)[["shopper", "item_id", "event", "__row"]]
