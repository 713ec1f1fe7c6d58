"""Search by meaning: a query's words and a product's copy, compared as MiniLM vectors.

The vectors of a catalogue snapshot are made once, in the background, and kept on disk. Until they
are there, and for queries that name a product exactly, the search goes by the words themselves.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from engine import text
from engine.catalog.records import ItemCard
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine, Service
from engine.store import Event, operation

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.recommenders.nearest import Nearest

_LOG = logging.getLogger(__name__)
_KEPT = 4
_LEAST_SIMILARITY = 0.2


class SearchResult(BaseModel):
    """Products for a query, best first; `by_meaning` is False where only words were compared."""

    model_config = ConfigDict(frozen=True)

    by_meaning: bool
    items: list[ItemCard]


class SearchService(Service):
    """Finds products of a shop's newest snapshot."""

    @operation("products.search")
    def search(self, *, shop: str, query: str, limit: int = 24) -> SearchResult:
        """Products that hold all words of the query, then those that mean the same.

        Raises
        ------
        ShopNotFound, SnapshotNotFound
        """
        catalog = self.engine.service(CatalogService)
        number = catalog.get_snapshot(shop=shop).number
        cards = catalog.cards(number)
        literal = list(cards.search(query))[:limit]
        vectors = self.engine.part(Embedder).vectors(number)
        if not query.strip() or vectors is None or len(literal) >= limit:
            return SearchResult(by_meaning=False, items=literal)
        near = self._near(query, vectors, limit)
        found = {card.item_id: card for card in [*literal, *(cards.cards[place] for place in near)]}
        return SearchResult(by_meaning=True, items=list(found.values())[:limit])

    def _near(self, query: str, vectors: Nearest, limit: int) -> list[int]:
        """Places of up to `limit` products, the most similar first."""
        found = vectors.search(text.embed(self.engine, [query]), limit)
        similar = (found.rows[0] >= 0) & (found.scores[0] >= _LEAST_SIMILARITY)
        return [int(place) for place in found.rows[0][similar]]


class _Closing(Exception):  # noqa: N818  # a signal, not an error
    """The process ends; the snapshot in work is left for the next one."""


class Embedder:
    """Makes the vectors of snapshots, one at a time, in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ready: dict[int, Nearest] = {}
        self._wanted: queue.Queue[int | None] = queue.Queue()
        self._asked: set[int] = set()
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def vectors(self, number: int) -> Nearest | None:
        """Search over the vectors of a snapshot's products; None while they are being made."""
        ready = self._ready.get(number)
        if ready is None:
            self.want(number)
        return ready

    def want(self, number: int) -> None:
        """Make a snapshot's vectors soon."""
        with self._guard:
            if number in self._asked:
                return
            self._asked.add(number)
            self._wanted.put(number)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="product-embedder", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop within seconds; what is half made is dropped."""
        self._closing.set()
        self._wanted.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        import torch

        torch.set_num_threads(1)  # of this thread: the pages keep the other cores
        while (number := self._wanted.get()) is not None:
            try:
                self._ready[number] = self._make(number)
            except _Closing:
                return
            except Exception:
                _LOG.exception("the products of snapshot %d could not be embedded", number)
            for old in sorted(self._ready)[:-_KEPT]:
                del self._ready[old]

    def _make(self, number: int) -> Nearest:
        from engine.recommenders.nearest import Nearest

        texts = copy_of(self._engine.service(CatalogService).dataset(number))
        return Nearest(text.embed_cached(self._engine, texts, between=self._check))

    def _check(self) -> None:
        if self._closing.is_set():
            raise _Closing


def copy_of(dataset: Dataset) -> list[str]:
    """What each row of a snapshot's items says of itself, as it is embedded."""
    items = dataset.frame(Table.ITEMS, ["title", "category", "colour", "description"])
    return [". ".join(str(part) for part in row if isinstance(part, str)) for row in items.itertuples(index=False)]


def follow_snapshots(engine: Engine) -> None:
    """Prepare the search for every shop's newest snapshot, now and whenever there is a new one."""
    embedder = engine.part(Embedder)

    def on_events(events: list[Event]) -> None:
        for event in events:
            if event.kind == "snapshot.taken":
                embedder.want(int(event.payload["number"]))

    engine.store.listen(on_events)
    for shop in engine.service(CatalogService).list_shops():
        if shop.snapshot is not None:
            embedder.want(shop.snapshot)
