"""Sequences in batches of like length, so that short histories cost little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POOL = 32


@dataclass(frozen=True)
class Padded:
    """Sequences side by side, filled up at the end.

    Parameters
    ----------
    items : ndarray of int64, shape (n, width)
        0 where there is no item.
    lengths : ndarray of int64, shape (n,)
    """

    items: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is an item, shape (n, width)."""
        held: NDArray[np.bool_] = np.arange(self.items.shape[1]) < self.lengths[:, None]
        return held


def pad(sequences: Sequence[NDArray[Any]]) -> Padded:
    """Sequences in rows of the longest one's width."""
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    items = np.zeros((len(sequences), max(int(lengths.max(initial=0)), 1)), dtype=np.int64)
    items[np.arange(items.shape[1]) < lengths[:, None]] = np.concatenate(sequences) if len(sequences) else []
    return Padded(items, lengths)


def windows(sequences: Sequence[NDArray[Any]], length: int) -> list[NDArray[Any]]:
    """Pieces of at most `length` + 1 items, cut from the end; each place but the first is a target once.

    Sequences of fewer than two items have no target and give no piece.
    """
    pieces = []
    for sequence in sequences:
        end = len(sequence)
        while end >= 2:
            pieces.append(sequence[max(0, end - length - 1) : end])
            end -= length
    return pieces


def shuffled(pieces: Sequence[NDArray[Any]], tokens: int, random: np.random.Generator) -> Iterator[list[NDArray[Any]]]:
    """Every piece once: pools are drawn at random, sorted by length and cut, and the batches mixed."""
    lengths = np.array([len(piece) for piece in pieces])
    order = random.permutation(len(pieces))
    pool = max(1, _POOL * tokens // max(int(lengths.mean()), 1)) if len(pieces) else 1
    cuts: list[NDArray[np.int64]] = []
    for start in range(0, len(order), pool):
        drawn = order[start : start + pool]
        cuts += _cut(drawn[np.argsort(lengths[drawn], kind="stable")], lengths, tokens)
    for place in random.permutation(len(cuts)):
        yield [pieces[row] for row in cuts[place]]


def _cut(rows: NDArray[np.int64], lengths: NDArray[np.int64], tokens: int) -> list[NDArray[np.int64]]:
    """Runs of rows, ascending in length, whose padded size stays within `tokens`."""
    cuts, start = [], 0
    for place in range(1, len(rows) + 1):
        full = place < len(rows) and (place - start + 1) * (lengths[rows[place]] - 1) > tokens
        if place == len(rows) or full:
            cuts.append(rows[start:place])
            start = place
    return cuts
