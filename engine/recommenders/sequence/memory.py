"""How much of a batch is computed at once, by the memory at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.sequence.config import SequenceConfig

_USED = 0.5
_FLOATS_PER_BLOCK = 16


@dataclass(frozen=True)
class Room:
    """Places that fit in memory at once, and whether blocks have to be computed twice for it."""

    tokens: int
    checkpointed: bool

    def parts(self, batch: Sequence[NDArray[Any]]) -> Iterator[Sequence[NDArray[Any]]]:
        """Pieces of a batch whose gradients are summed; a single sequence is never cut."""
        step = max(1, self.tokens // max(*(len(piece) - 1 for piece in batch), 1))
        for start in range(0, len(batch), step):
            yield batch[start : start + step]


def room(config: SequenceConfig, n_items: int, device: str) -> Room:
    """Half of the free memory, after weights, gradients and the optimizer's two moments."""
    return fit_into(_free(device), config, n_items)


def fit_into(free: int, config: SequenceConfig, n_items: int) -> Room:
    """Plain where a whole batch fits; else blocks are computed twice; else the batch goes in parts."""
    weights = 16 * config.dimensions * (n_items + config.length + 8 * config.blocks * config.dimensions)
    budget = max(_USED * free - weights, 0.0)
    plain = budget / _place(config, n_items, checkpointed=False)
    if plain >= config.batch_tokens:
        return Room(config.batch_tokens, checkpointed=False)
    lean = budget / _place(config, n_items, checkpointed=True)
    return Room(int(max(min(lean, config.batch_tokens), 1)), checkpointed=True)


def _place(config: SequenceConfig, n_items: int, *, checkpointed: bool) -> float:
    """Bytes that one place of a batch holds until its gradient is known."""
    scored = n_items if config.loss == "softmax" else config.negatives + 1
    inside = _FLOATS_PER_BLOCK * config.dimensions + 2 * config.dimensions * config.expansion
    inside += 2 * config.heads * config.length
    held = config.dimensions * config.blocks + inside if checkpointed else inside * config.blocks
    return 4.0 * (held + 3 * scored)


def _free(device: str) -> int:
    import psutil
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
