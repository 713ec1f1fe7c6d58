"""The same signals for one request at a time, without waste: what a serving process does thousands of times."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommenders.facets import Facet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.blend import Blend


@dataclass(frozen=True)
class QuickFacet(Facet):
    """A facet that answers one taste faster; for several it answers as before.

    Parameters
    ----------
    table : ndarray of float32, shape (n_values, n_rows)
        Distinct rows of `ratio`, turned.
    at : ndarray of int64, shape (n_items,), or None
        Column of `table` for each item; None where every item has a row of its own.
    """

    table: NDArray[np.float32] | None = None
    at: NDArray[np.int64] | None = None

    def signal(self, taste: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log lift of every item, shape (n_shoppers, n_items)."""
        if len(taste) != 1 or self.table is None:
            return super().signal(taste)
        lift: NDArray[Any] = np.log(np.einsum("v,vi->i", taste[0].astype(np.float32), self.table))
        return (lift if self.at is None else lift[self.at])[None, :]


def quick(blend: Blend, item_codes: Mapping[str, NDArray[np.int32]]) -> Blend:
    """A blend with quick facets.

    Parameters
    ----------
    item_codes : mapping of str to ndarray of int32, shape (n_items,)
        Own value of each item; items with one value have one row of the facet's ratios.
    """
    facets = {name: _quick(facet, item_codes.get(name)) for name, facet in blend.facets.items()}
    return replace(blend, facets=facets)


def _quick(facet: Facet, codes: NDArray[np.int32] | None) -> Facet:
    if facet.side == "item" and codes is not None:
        _, first, at = np.unique(codes, return_index=True, return_inverse=True)
        if np.array_equal(facet.ratio[first][at], facet.ratio):
            return _made(facet, facet.ratio[first], at.astype(np.int64))
    return _made(facet, facet.ratio, None)


def _made(facet: Facet, rows: NDArray[np.float32], at: NDArray[np.int64] | None) -> QuickFacet:
    table = np.ascontiguousarray(rows.T)
    return QuickFacet(facet.name, facet.side, facet.labels, facet.ratio, facet.prior, table, at)


class _Limiter:
    """Holds linear algebra to one thread while any request is answered: products this small only lose by more."""

    def __init__(self) -> None:
        from threadpoolctl import ThreadpoolController

        self._controller = ThreadpoolController()
        self._guard = threading.Lock()
        self._inside = 0
        self._held: Any = None

    def enter(self) -> None:
        with self._guard:
            if self._inside == 0:
                self._held = self._controller.limit(limits=1)
            self._inside += 1

    def leave(self) -> None:
        with self._guard:
            self._inside -= 1
            if self._inside == 0:
                self._held.restore_original_limits()


@lru_cache(maxsize=1)
def _limiter() -> _Limiter:
    return _Limiter()


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread inside the block."""
    limiter = _limiter()
    limiter.enter()
    try:
        yield
    finally:
        limiter.leave()
