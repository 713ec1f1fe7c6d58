"""The residual network as torch knows it (Gorishniy et al. 2021: a ResNet is a strong rival of trees on tables)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from engine.estimators.tabular.learner import Shape


class Block(nn.Module):
    """Normalise, widen, forget a part, narrow, add."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = rows + self.layers(rows)
        return found


class Residual(nn.Module):
    """Numbers and embedded categories to the scores of classes, or to one value.

    Parameters
    ----------
    numbers : int
        Scaled numbers of a row, indicators of gaps among them.
    checkpointing : bool
        Keep only what goes into each block, and compute the rest again on the way back.
    """

    def __init__(
        self, shape: Shape, numbers: int, *, width: int, blocks: int, dropout: float, checkpointing: bool
    ) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, _breadth(size)) for size in shape.sizes)
        self.first = nn.Linear(numbers + sum(_breadth(size) for size in shape.sizes), width)
        self.blocks = nn.ModuleList(Block(width, dropout) for _ in range(blocks))
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, max(shape.classes, 1)))
        self.checkpointing = checkpointing

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Scores, shape (n_rows, classes or 1)."""
        embedded = [table(codes[:, place]) for place, table in enumerate(self.tables)]
        rows = self.first(torch.cat([numbers, *embedded], dim=1))
        for block in self.blocks:
            again = self.checkpointing and self.training
            rows = checkpoint(block, rows, use_reentrant=False) if again else block(rows)
        found: torch.Tensor = self.last(rows)
        return found


def _breadth(size: int) -> int:
    """Dimensions of an embedding of so many codes."""
    return int(min(16, round(1.6 * size**0.56)))
