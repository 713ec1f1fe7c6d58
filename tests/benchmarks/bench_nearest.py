"""Nearest vectors among 1,000,000 of 128 dimensions: exact against the machine's floor, the index against exact.

Processor time of one thread, so that other work on the machine counts little; each figure is the best of
interleaved rounds. The memory floor is the quickest of three plain reads of the matrix; the arithmetic
floor is the time that a large square product takes for as many operations.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from engine.recommenders.nearest import Exact, Nearest, recall
from tests.benchmarks.table import Figure, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, DIMENSIONS, K = 1_000_000, 128, 10
ROUNDS = 7
QUERIES = 300
_SIDE = 2_048
_RANK, _CLUSTERS, _WITHIN, _NOISE = 24, 2_000, 0.6, 0.15
_STEP = 100_000


def run() -> Table:
    table = Table("nearest", f"{ROWS:,} vectors of {DIMENSIONS} dimensions, one thread")
    with threadpool_limits(limits=1):
        vectors, queries = clustered(ROWS, seed=1), clustered(QUERIES, seed=2)
        table.figures += floors(vectors, queries)
        table.figures += index("clustered, as embeddings are", vectors, queries)
        random = np.random.default_rng(3)
        stretched = vectors * np.exp(0.2 * random.standard_normal((ROWS, 1), dtype=np.float32))
        del vectors
        table.figures += index("the same with lengths that vary by a fifth", stretched, queries)
        del stretched
        gaussian = random.standard_normal((ROWS, DIMENSIONS), dtype=np.float32)
        table.figures += index("Gaussian, without structure", gaussian, gaussian[:QUERIES])
    return table


def floors(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> list[Figure]:
    """Exact search of several batches beside what the machine needs at least."""
    flat, exact = vectors.reshape(-1), Exact(vectors)
    square = np.random.default_rng(0).standard_normal((_SIDE, _SIDE), dtype=np.float32)
    work: dict[str, Callable[[], object]] = {
        "sum": flat.sum,
        "max": flat.max,
        "xor": lambda: np.bitwise_xor.reduce(flat.view(np.int64)),
        "square": lambda: square @ square,
    }
    batches = (1, 2, 4, 8, 64)
    work |= {str(size): partial(exact.search, queries[:size], K) for size in batches}
    took = best(work)
    floor = min(took["sum"], took["max"], took["xor"])
    speed = 2 * _SIDE**3 / took["square"]
    figures = [
        Figure("one plain read of the matrix (memory floor)", floor, "ms", rounds=ROUNDS),
        Figure("speed of a large product", speed / 1e6, "GFLOP/s", rounds=ROUNDS),
    ]
    for size in batches:
        arithmetic = 2 * size * ROWS * DIMENSIONS / speed
        binding = "memory" if floor >= arithmetic else "arithmetic"
        ratio = took[str(size)] / max(floor, arithmetic)
        bar = "1.3 at most" if size == 1 else ""
        figures += [
            Figure(f"exact, batch {size}", took[str(size)], "ms", rounds=ROUNDS),
            Figure(f"exact, batch {size}, of its {binding} floor", ratio, "times", rounds=ROUNDS, bar=bar),
            Figure(
                f"exact, batch {size}, a query, of one read", took[str(size)] / size / floor, "times", rounds=ROUNDS
            ),
        ]
    return figures


def index(what: str, vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> list[Figure]:
    """Whether the index serves here, what it finds and how much quicker it is at batch 1."""
    started = time.thread_time()
    found = Nearest(vectors)
    built = time.thread_time() - started
    print(f"  {what}: {found.about}")
    figures = [Figure(f"{what}: index built and checked", built, "s")]
    if not found.approximate:
        return [*figures, Figure(f"{what}: recall at {K} when it was checked", found.recall[K], "", bar="falls back")]
    truth = found.exact.search(queries, K).rows
    share = recall(found.search(queries, K).rows, truth)
    took = best(
        {
            "exact": lambda: found.exact.search(queries[:1], K),
            "index": lambda: [found.search(query[None], K) for query in queries],
        }
    )
    single = took["index"] / len(queries)
    return [
        *figures,
        Figure(f"{what}: recall at {K} of fresh queries", share, "", bar="0.99 at least"),
        Figure(f"{what}: index, batch 1", single, "ms", rounds=ROUNDS),
        Figure(f"{what}: exact over index, batch 1", took["exact"] / single, "times", bar="10 at least"),
    ]


def best(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The quickest of interleaved rounds, in milliseconds of this thread."""
    took = dict.fromkeys(work, float("inf"))
    for _ in range(ROUNDS):
        for name, act in work.items():
            started = time.thread_time()
            act()
            took[name] = min(took[name], 1_000 * (time.thread_time() - started))
    return took


def clustered(rows: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors around directions in a subspace, with noise: few intrinsic dimensions, as embeddings have."""
    world = np.random.default_rng(0)
    basis = np.linalg.qr(world.standard_normal((DIMENSIONS, _RANK)))[0].astype(np.float32)
    centres = world.standard_normal((_CLUSTERS, _RANK), dtype=np.float32)
    drawn = np.random.default_rng(seed)
    found = np.empty((rows, DIMENSIONS), dtype=np.float32)
    for start in range(0, rows, _STEP):
        part = found[start : start + _STEP]
        inner = centres[drawn.integers(0, _CLUSTERS, len(part))]
        inner = inner + _WITHIN * drawn.standard_normal((len(part), _RANK), dtype=np.float32)
        part[:] = inner @ basis.T + _NOISE * drawn.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return found
