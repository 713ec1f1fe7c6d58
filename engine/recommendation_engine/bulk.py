"""Lists for all shoppers of a release into one Parquet file, in blocks, with the plan applied."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidFile
from engine.recommendation_engine.context import understand
from engine.recommendation_engine.rules import InForce, Situation, lay_out
from engine.recommendation_engine.schema import BulkReport, Request
from engine.recommendation_engine.shopper import Knowing
from engine.recommenders.topk import top_k

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from engine.recommendation_engine.plan import Plan, Surface
    from engine.recommendation_engine.serving import Laid, ReleaseRecommender

Progress = Callable[[int, int], None]
"""Told shoppers done and shoppers in all."""

_CELLS = 8_000_000
_MOST_BLOCK = 1_024


class Bulk:
    """One run over all shoppers that the model knows.

    Parameters
    ----------
    live : mapping of str to sequence of SessionEvent
        Acts since the training, by shopper; those shoppers are answered one by one.
    """

    def __init__(
        self,
        recommender: ReleaseRecommender,
        plan: Plan,
        *,
        surface: Surface,
        limit: int,
        moment: datetime,
        live: dict[str, Request],
    ) -> None:
        self._recommender = recommender
        self._laid: Laid = recommender.laid(plan)
        self._limit, self._live = limit, live
        self._request = Request(limit=limit, surface=surface, moment=moment)
        self._wishes = understand({}, self._laid.shelf.facets, self._laid.blend.facets)
        self._knowing = Knowing(recommender.model, self._laid.shelf.facets.place, {})

    def lists(self, progress: Progress | None = None) -> Iterator[list[tuple[int, NDArray[np.int64], NDArray[Any]]]]:
        """Blocks of (shopper row, rows shown, their scores)."""
        count = len(self._recommender.model.shopper_ids)
        step = max(1, min(_MOST_BLOCK, _CELLS // max(self._laid.blend.n_items, 1)))
        for start in range(0, count, step):
            rows = np.arange(start, min(start + step, count))
            yield self._block(rows)
            if progress is not None:
                progress(int(rows[-1]) + 1, count)

    def _block(self, rows: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64], NDArray[Any]]]:
        model, laid = self._recommender.model, self._laid
        scores = laid.blend.scores(model.taste(rows))
        found = []
        history = model.memory.history
        for place, row in enumerate(rows.tolist()):
            own = self._live.get(model.shopper_ids[row])
            if own is not None:
                listed = self._recommender.order(own, laid.plan)
                found.append((row, listed.rows, listed.scores))
                continue
            force = laid.rules.in_force(self._situation(row))
            total = scores[place] if force.bonus is None else scores[place] + force.bonus
            opened = np.where(self._allowed(force), total, -np.inf)
            opened[history.indices[history.indptr[row] : history.indptr[row + 1]]] = -np.inf
            shown = self._laid_out(opened, force)
            found.append((row, shown, total[shown]))
        return found

    def _laid_out(self, opened: NDArray[np.float64], force: InForce) -> NDArray[np.int64]:
        if not (force.pins or force.caps or force.diversity):
            best: NDArray[np.int64] = top_k(opened[None, :], self._limit)[0]
            return best[best >= 0].astype(np.int64)
        content = self._laid.shelf.content if force.diversity else None
        placed = lay_out(
            opened, self._limit, pins=force.pins, caps=force.caps, diversity=force.diversity, content=content
        )
        return np.array([entry.row for entry in placed], dtype=np.int64)

    def _allowed(self, force: InForce) -> NDArray[np.bool_]:
        allowed = self._wishes.allowed & self._laid.shelf.listed
        return allowed if force.barred is None else allowed & ~force.barred

    def _situation(self, row: int) -> Situation:
        groups = self._knowing.groups(row, replace(self._wishes, named={}))
        return Situation(moment=self._request.moment, groups=groups, surface=self._request.surface)


def write(
    bulk: Bulk,
    recommender: ReleaseRecommender,
    path: Path,
    about: dict[str, str],
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Write lists as rows of shopper, position, item_id, score; returns shoppers and rows.

    The file appears whole or not at all.

    Raises
    ------
    InvalidFile
        It cannot be written there.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            pa.field("shopper", pa.string()),
            pa.field("position", pa.int32()),
            pa.field("item_id", pa.string()),
            pa.field("score", pa.float64()),
        ],
        metadata=about,
    )
    draft = path.with_name(f".{path.name}.tmp")
    shoppers = rows = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for block in bulk.lists(progress):
                table = _table(block, recommender, schema)
                writer.write_table(table)
                shoppers, rows = shoppers + len(block), rows + len(table)
        draft.replace(path)
    except OSError as error:
        raise InvalidFile(
            f"{path} could not be written: {error.strerror}.", hint="Free disk space, or name another file."
        ) from error
    finally:
        if draft.exists():
            draft.unlink()
    return shoppers, rows


def _table(
    block: Sequence[tuple[int, NDArray[np.int64], NDArray[Any]]], recommender: ReleaseRecommender, schema: Any
) -> Any:
    import pyarrow as pa

    model = recommender.model
    sizes = [len(shown) for _, shown, _ in block]
    names = np.repeat(np.array([model.shopper_ids[row] for row, _, _ in block], dtype=object), sizes)
    items = [model.item_ids[item] for _, shown, _ in block for item in shown]
    positions = np.concatenate([np.arange(1, size + 1, dtype=np.int32) for size in sizes] or [np.zeros(0, np.int32)])
    scores = np.concatenate([scores for _, _, scores in block] or [np.zeros(0)])
    return pa.table([pa.array(names, pa.string()), positions, pa.array(items, pa.string()), scores], schema=schema)


def report(shop: str, path: Path, counts: tuple[int, int], about: dict[str, str], started: float) -> BulkReport:
    """What a run wrote; `started` is a reading of `time.perf_counter`."""
    return BulkReport(
        shop=shop,
        path=str(path),
        shoppers=counts[0],
        rows=counts[1],
        model=about["model"],
        version=about["version"],
        plan=int(about["plan"]),
        seconds=time.perf_counter() - started,
    )
