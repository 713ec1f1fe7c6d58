"""Where a shopper is, before anything is taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.datasets import dataset_of
from dashboard.runtime import ask
from engine.catalog.records import ForgottenIn, SnapshotInfo
from engine.catalog.schema import TABLES, Table
from engine.catalog.service import CatalogService
from engine.model_registry.service import RegistryService

_SHOPPER = "shopper"


@dataclass(frozen=True)
class Traces:
    """Rows of the newest snapshot by table, snapshots and the models trained on them.

    Not `exact`: nobody of that name is in the newest snapshot, so that any of the shop's may hold them.
    """

    exact: bool
    rows: dict[str, int]
    snapshots: tuple[int, ...]
    models: tuple[ForgottenIn, ...]


def traces(shop: str, typed: str, snapshots: Sequence[SnapshotInfo]) -> Traces:
    """Look for a shopper by the shop's own id or by pseudonym."""
    name = _pseudonym(shop, typed)
    if name is None:
        numbers = tuple(sorted(snapshot.number for snapshot in snapshots))
        return Traces(False, {}, numbers, tuple(_models(numbers)))
    counts = {snapshot.number: _rows(snapshot, name) for snapshot in snapshots}
    numbers = tuple(sorted(number for number, rows in counts.items() if rows))
    return Traces(True, counts[snapshots[0].number], numbers, tuple(_models(numbers)))


def _pseudonym(shop: str, typed: str) -> str | None:
    """Only a search that neither a pseudonym's beginning nor a segment answers looks for the shop's own id."""
    word = typed.lower()
    for card in ask(CatalogService.shoppers, shop=shop, query=typed, limit=2):
        by_word = card.shopper.startswith(word) or word in (card.segment or "").lower()
        if card.shopper == typed or not by_word:
            return card.shopper
    return None


def _rows(snapshot: SnapshotInfo, name: str) -> dict[str, int]:
    import pyarrow.compute as pc

    dataset, found = dataset_of(snapshot), {}
    for table in Table:
        if _SHOPPER in TABLES[table].names and dataset.rows(table):
            equal = pc.equal(dataset.arrow(table, [_SHOPPER]).column(0), name)
            found[str(table)] = int(pc.sum(equal).as_py() or 0)
    if found.get(Table.ORDERS):
        orders = dataset.arrow(Table.ORDERS, ["order_id", _SHOPPER])
        theirs = orders.filter(pc.equal(orders.column(_SHOPPER), name)).column("order_id")
        lines = dataset.arrow(Table.ORDER_LINES, ["order_id"]).column(0)
        found[str(Table.ORDER_LINES)] = int(pc.sum(pc.is_in(lines, value_set=theirs)).as_py() or 0)
    return {table: rows for table, rows in found.items() if rows}


def _models(numbers: Iterable[int]) -> Iterable[ForgottenIn]:
    wanted = set(numbers)
    for version in ask(RegistryService.list_versions):
        if version.lineage.snapshot in wanted:
            yield ForgottenIn(model=version.model, version=version.version, snapshot=version.lineage.snapshot)
