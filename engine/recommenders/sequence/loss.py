"""Cross-entropy of the next item, over all items or over drawn ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Negatives:
    """Draws items that were not chosen, by popularity to a power.

    Parameters
    ----------
    share : ndarray of float64, shape (n_items,)
        Probability of a draw; sums to 1.
    """

    share: NDArray[np.float64]
    sums: NDArray[np.float64]

    @classmethod
    def of(cls, counts: NDArray[np.int64], power: float) -> Negatives:
        weight = (counts.astype(np.float64) + 1.0) ** power
        share = np.asarray(weight / weight.sum(), dtype=np.float64)
        return cls(share, np.cumsum(share))

    def draw(self, n: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Items with replacement, shape (n,)."""
        return np.minimum(np.searchsorted(self.sums, random.random(n)), len(self.sums) - 1)


def full_softmax(state: torch.Tensor, target: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Sum over places of `-log softmax(state @ items.T)[target]`."""
    from torch.nn import functional

    return functional.cross_entropy(state @ items.T, target, reduction="sum")


def sampled_softmax(
    state: torch.Tensor,
    target: torch.Tensor,
    items: torch.Tensor,
    drawn: torch.Tensor,
    share: NDArray[np.float64] | None,
) -> torch.Tensor:
    """The same over the target and drawn items; a draw that is the target is left out of its place.

    Parameters
    ----------
    state : Tensor, shape (n_places, dimensions)
    target : Tensor of int64, shape (n_places,)
    items : Tensor, shape (n_rows, dimensions)
        What `target` and `drawn` index.
    drawn : Tensor of int64, shape (n_negatives,)
        Shared by all places.
    share : ndarray, shape (n_negatives,), or None
        Probability of each draw, for the logQ correction (Bengio & Senecal 2008).
    """
    import torch

    wanted = (state * items[target]).sum(dim=1, keepdim=True)
    others = state @ items[drawn].T
    if share is not None:
        others = others - torch.from_numpy(np.log(share) + math.log(len(share))).to(others)
    others = others.masked_fill(drawn[None, :] == target[:, None], -torch.inf)
    return (torch.logsumexp(torch.cat([wanted, others], dim=1), dim=1) - wanted[:, 0]).sum()
