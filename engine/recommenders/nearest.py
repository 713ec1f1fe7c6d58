"""The vectors with the highest inner product: exact, or approximate where that is as good and pays.

Exact search reads the matrix once for a whole batch of queries. The approximate index (inverted lists
over product-quantised residuals, Jegou, Douze & Schmid 2011; scanned with SIMD shuffles, Andre et al.
2015) proposes candidates, whose scores are then computed exactly. It serves only above the size where
it pays, and only if it finds at least 99% of what exact search finds on queries it was not tuned on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

APPROXIMATE_FROM = 200_000
"""Rows above which an index pays: below, one exact answer takes a few milliseconds and needs no building."""

LEAST_RECALL = 0.99
CHECKED = (10, 100)
"""Lengths of lists at which the index is held against exact search; longer ones are searched exactly."""

_SPAN = 32_768
_UNPACKED = 1_000_000
_FEW = 16
_ROWS_AT_ONCE = 256
_SAMPLE = 100_000
_CHECKS = 200
_BATCH = 16
_SUBSPACE = 2
_ROUNDS = 8
_EFFORTS = ((16, 10), (32, 20), (64, 20), (128, 20), (256, 50))
"""Lists that are looked at, and candidates for each wanted row, from the quickest to the most thorough."""

_MOST_SHARE = 0.25
"""Part of all lists beyond which looking does not pay."""


@dataclass(frozen=True)
class Found:
    """The nearest rows of each query, best first.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_queries, k)
        -1 where fewer rows are allowed.
    scores : ndarray of float32, shape (n_queries, k)
        Inner products; -inf where there is no row.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


class Exact:
    """Exact search, one pass over the matrix for a batch.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_rows, n_dimensions)
        Kept, not copied, when it is contiguous float32.
    """

    def __init__(self, vectors: NDArray[Any]) -> None:
        self.vectors = _matrix(vectors, "vectors")

    def search(self, queries: NDArray[Any], k: int, *, allowed: NDArray[np.bool_] | None = None) -> Found:
        """The `k` rows with the highest inner product; ties go to the lower row.

        Parameters
        ----------
        queries : ndarray, shape (n_queries, n_dimensions)
        allowed : ndarray of bool, shape (n_rows,), optional
            Rows that may be found, for all queries.
        """
        from threadpoolctl import threadpool_limits

        asked = _asked(queries, self.vectors)
        best = _Best(len(asked), min(k, len(self.vectors)))
        room = np.empty((min(_SPAN, len(self.vectors)), len(asked)), dtype=np.float32)
        with threadpool_limits(limits=1):
            for start in range(0, len(self.vectors), _SPAN):
                span = self.vectors[start : start + _SPAN]
                scores = _scores(span, asked, room[: len(span)])
                if allowed is not None:
                    scores[~allowed[start : start + _SPAN]] = -np.inf
                best.offer(scores, start)
        return best.found(k)


class _Best:
    """The best rows so far of each query; spans are offered from the first row to the last."""

    def __init__(self, queries: int, size: int) -> None:
        self._size = size
        self._rows: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * queries
        self._scores: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * queries
        self._floor = np.full(queries, -np.inf, dtype=np.float32)

    def offer(self, scores: NDArray[np.float32], start: int) -> None:
        """Take in a span's scores, shape (n_span, n_queries)."""
        if self._size == 0:
            return
        if np.isneginf(self._floor).any():
            for query, values in enumerate(np.ascontiguousarray(scores.T)):
                self._merge(query, np.flatnonzero(values >= _floor_of(values, self._size)), values, start)
            return
        # An equal score in a later row loses to the earlier one. Comparing many rows at once spares short loops.
        together = _ROWS_AT_ONCE if len(scores) % _ROWS_AT_ONCE == 0 else 1
        floor = np.tile(self._floor, together)
        passing = np.flatnonzero(scores.reshape(-1, len(floor)) > floor)
        rows, owner = np.divmod(passing, scores.shape[1])
        for query in np.unique(owner).tolist():
            self._merge(query, rows[owner == query], scores[:, query], start)

    def _merge(self, query: int, rows: NDArray[np.int64], values: NDArray[np.float32], start: int) -> None:
        held = np.concatenate([self._rows[query], rows + start])
        scores = np.concatenate([self._scores[query], values[rows]])
        order = np.argsort(-scores, kind="stable")[: self._size]
        self._rows[query], self._scores[query] = held[order], scores[order]
        if len(order) == self._size:
            self._floor[query] = scores[order[-1]]

    def found(self, k: int) -> Found:
        rows = np.full((len(self._rows), k), -1, dtype=np.int64)
        scores = np.full((len(self._rows), k), -np.inf, dtype=np.float32)
        for query, (mine, values) in enumerate(zip(self._rows, self._scores, strict=True)):
            open_ = ~np.isneginf(values)
            size = int(open_.sum())
            rows[query, :size], scores[query, :size] = mine[open_], values[open_]
        return Found(rows, scores)


class Nearest:
    """Search that answers exactly, or approximately where the check at load allowed it.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_rows, n_dimensions)
    queries : ndarray, shape (n_samples, n_dimensions), optional
        A sample of what will be asked, at least some hundreds; rows of `vectors` when left out. Tastes of
        shoppers lie elsewhere than products do, so give them where they are what is asked.
    approximate_from : int
        Rows from which an index is tried.
    least_recall : float
        Share of the exact answer that the index must find.
    seed : int
        Of samples and clusters.
    """

    def __init__(
        self,
        vectors: NDArray[Any],
        *,
        queries: NDArray[Any] | None = None,
        approximate_from: int = APPROXIMATE_FROM,
        least_recall: float = LEAST_RECALL,
        seed: int = 0,
    ) -> None:
        self.exact = Exact(vectors)
        self.recall: dict[int, float] = {}
        self._index: _Index | None = None
        rows = len(self.exact.vectors)
        if rows < approximate_from:
            self.about = f"Exact: an index pays from {approximate_from:,} rows on, and there are {rows:,}."
            return
        self._index = self._tuned(queries, least_recall, seed)

    @property
    def approximate(self) -> bool:
        """Whether the index answers."""
        return self._index is not None

    @property
    def memory_bytes(self) -> int:
        """About what vectors and index take."""
        return self.exact.vectors.nbytes + (0 if self._index is None else self._index.memory_bytes)

    def search(self, queries: NDArray[Any], k: int, *, allowed: NDArray[np.bool_] | None = None) -> Found:
        """The nearest `k` rows; exactly wherever the index was not checked or finds too few.

        Parameters
        ----------
        queries : ndarray, shape (n_queries, n_dimensions)
        allowed : ndarray of bool, shape (n_rows,), optional
            Rows that may be found. A mask sends the search the exact way: an index that looks at a few
            lists cannot promise to meet the rows that a strict mask leaves.
        """
        if self._index is None or allowed is not None or k > max(CHECKED):
            return self.exact.search(queries, k, allowed=allowed)
        return self._index.search(_asked(queries, self.exact.vectors), k)

    def _tuned(self, queries: NDArray[Any] | None, least_recall: float, seed: int) -> _Index | None:
        """The index, if it passes on queries other than those that its effort was set by."""
        tuning, checking = _samples(self.exact.vectors, queries, seed)
        index = _Index(self.exact.vectors, seed)
        aim = (1 + least_recall) / 2  # half of what may be missed, so that the check does not fail by chance
        for lists, candidates in _EFFORTS:
            if lists > index.lists * _MOST_SHARE:
                break
            index.try_at(lists, candidates)
            if min(self._held(index, tuning).values()) >= aim:
                break
        self.recall = self._held(index, checking)
        if min(self.recall.values()) < least_recall:
            self.about = f"Exact: the index finds only {_told(self.recall)}."
            return None
        self.about = f"Approximate: the index finds {_told(self.recall)}."
        return index

    def _held(self, index: _Index, queries: NDArray[np.float32]) -> dict[int, float]:
        """Recall of the index at each checked length."""
        truth = self.exact.search(queries, max(CHECKED)).rows
        found = {k: index.search(queries, k).rows for k in CHECKED}
        return {k: recall(found[k], truth[:, :k]) for k in CHECKED}


class _Index:
    """Inverted lists over quantised residuals, refined by exact scores."""

    def __init__(self, vectors: NDArray[np.float32], seed: int) -> None:
        import faiss

        self._vectors = vectors
        rows, dimensions = vectors.shape
        parts = max(part for part in range(1, max(dimensions // _SUBSPACE, 1) + 1) if dimensions % part == 0)
        self.lists = lists = int(2 ** np.round(np.log2(np.sqrt(rows))))
        faiss.omp_set_num_threads(1)
        kind = f"IVF{lists},PQ{parts}x4fsr"
        self._index = cast(Any, faiss.index_factory(dimensions, kind, faiss.METRIC_INNER_PRODUCT))
        self._index.cp.niter = _ROUNDS
        self._index.cp.seed = seed
        sample = np.random.default_rng(seed).choice(rows, min(rows, _SAMPLE), replace=False)
        self._index.train(vectors[np.sort(sample)])
        for start in range(0, rows, _SAMPLE):
            self._index.add(vectors[start : start + _SAMPLE])
        self.memory_bytes = rows * (parts // 2 + 8) + lists * dimensions * 4
        self.try_at(*_EFFORTS[0])

    def try_at(self, lists: int, candidates: int) -> None:
        """Look at so many lists, and at so many candidates for each wanted row."""
        self._index.nprobe = lists
        self._candidates = candidates

    def search(self, queries: NDArray[np.float32], k: int) -> Found:
        """The nearest rows among the candidates, by exact scores."""
        parts = [self._some(queries[start : start + _BATCH], k) for start in range(0, len(queries), _BATCH)]
        return Found(np.concatenate([part.rows for part in parts]), np.concatenate([part.scores for part in parts]))

    def _some(self, queries: NDArray[np.float32], k: int) -> Found:
        _, candidates = self._index.search(queries, min(self._candidates * (k + 5), len(self._vectors)))
        candidates = np.sort(candidates, axis=1)  # ties go to the lower row
        scores = np.einsum("qcd,qd->qc", self._vectors[candidates], queries)
        scores[candidates < 0] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        rows, best = np.take_along_axis(candidates, order, 1), np.take_along_axis(scores, order, 1)
        missing = ((0, 0), (0, k - rows.shape[1]))
        return Found(np.pad(rows, missing, constant_values=-1), np.pad(best, missing, constant_values=-np.inf))


def recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Mean share of each query's true rows that were found."""
    hits = [np.isin(wanted, got).mean() for got, wanted in zip(found, truth, strict=True)]
    return float(np.mean(hits)) if hits else 0.0


def _scores(
    span: NDArray[np.float32], queries: NDArray[np.float32], scores: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Inner products into `scores`, shape (n_span, n_queries)."""
    across = np.ascontiguousarray(queries.T)
    step = _block(across.size) if 1 < len(queries) <= _FEW else len(span)
    whole = len(span) // step * step
    np.matmul(span[:whole].reshape(-1, step, span.shape[1]), across, out=scores[:whole].reshape(-1, step, len(queries)))
    np.matmul(span[whole:], across, out=scores[whole:])
    return scores


def _floor_of(values: NDArray[np.float32], size: int) -> np.float32:
    """The score of the `size`-th best, -inf where there are fewer."""
    place = len(values) - size
    return np.float32(-np.inf) if place < 0 else np.float32(np.partition(values, place)[place])


def _block(width: int) -> int:
    """Rows of a block that OpenBLAS multiplies where it lies; larger ones it copies first, another pass over memory."""
    return max(64, _UNPACKED // max(width, 1) // 64 * 64)


def _samples(
    vectors: NDArray[np.float32], queries: NDArray[Any] | None, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two samples of queries without a common row: for tuning and for checking."""
    source = vectors if queries is None else _asked(queries, vectors)
    drawn = np.random.default_rng(seed + 1).choice(len(source), min(2 * _CHECKS, len(source)), replace=False)
    half = len(drawn) // 2
    return source[drawn[:half]], source[drawn[half:]]


def _asked(queries: NDArray[Any], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    found = _matrix(queries, "queries")
    if found.shape[1] != vectors.shape[1]:
        raise InvalidInput(f"The queries have {found.shape[1]} dimensions.", f"The vectors have {vectors.shape[1]}.")
    return found


def _matrix(values: NDArray[Any], name: str) -> NDArray[np.float32]:
    found = np.ascontiguousarray(values, dtype=np.float32)
    if found.ndim != 2:
        raise InvalidInput(f"The {name} have the shape {found.shape}.", "They are rows of one length each.")
    return found


def _told(recalls: dict[int, float]) -> str:
    return " and ".join(f"{share:.1%} of the nearest {k}" for k, share in recalls.items())
