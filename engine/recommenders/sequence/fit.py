"""Training of the sequence model, with early stopping on each sequence's last item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommenders.sequence.batches import pad, shuffled, windows
from engine.recommenders.sequence.loss import Negatives, full_softmax, sampled_softmax
from engine.recommenders.sequence.memory import Room, room
from engine.recommenders.sequence.model import SequenceModel
from engine.recommenders.sequence.network import encode, initial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.sequence.config import SequenceConfig

Progress = Callable[["Epoch"], None]

_BETAS = (0.9, 0.98)
_VALIDATED = 10_000


@dataclass(frozen=True)
class Epoch:
    """One pass over the data: its number from 1, mean loss by place, validation NDCG@10 if one was held out."""

    number: int
    loss: float
    ndcg: float | None


def fit_sequence(
    sequences: Sequence[NDArray[Any]],
    n_items: int,
    config: SequenceConfig,
    *,
    held_out: NDArray[Any] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> SequenceModel:
    """Fit a SASRec to what followed what.

    With `config.patience` > 0 an item of each sequence is held out, and the weights of the pass that ranked
    those best are kept; with 0 every item is learned from, for exactly `config.epochs` passes.

    Parameters
    ----------
    sequences : sequence of ndarray of int
        Items of a shopper in order of time, numbered from 0.
    held_out : ndarray of int, shape (n_sequences,), or None
        The item that came after each sequence, -1 where none is known; when left out, the last item of
        each sequence is taken off and stands for it.
    device : str
        "auto" takes a GPU when there is one; or any name torch knows.
    progress : callable or None
        Called after each pass.

    Raises
    ------
    InvalidInput
        Nothing to learn from, or an item out of range.
    """
    import torch

    _check(sequences, n_items)
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    training = sequences
    if config.patience and held_out is None:
        training = [sequence[:-1] for sequence in sequences]
        held_out = np.array([sequence[-1] if len(sequence) > 1 else -1 for sequence in sequences], dtype=np.int64)
    held = _held_out(training, held_out, config) if config.patience else None
    with torch.random.fork_rng(devices=[] if place == "cpu" else None):
        torch.manual_seed(config.seed)
        return _Run(config, n_items, place, training, held, progress).best()


@dataclass(frozen=True)
class HeldOut:
    """Histories, and the item that came next in each."""

    histories: list[NDArray[Any]]
    target: NDArray[np.int64]


class _Run:
    """One training from first weights to best ones."""

    def __init__(
        self,
        config: SequenceConfig,
        n_items: int,
        device: str,
        sequences: Sequence[NDArray[Any]],
        held: HeldOut | None,
        progress: Progress | None,
    ) -> None:
        import torch

        self.config, self.device, self.held, self.progress = config, device, held, progress
        self.pieces = windows(sequences, config.length)
        counts = np.bincount(np.concatenate(sequences).astype(np.int64), minlength=n_items)
        self.negatives = Negatives.of(counts, config.popularity)
        self.random = np.random.default_rng(config.seed)
        self.tensors = initial(config, n_items, device)
        self.gradient = torch.zeros_like(self.tensors["items"])
        self.tensors["items"].grad = self.gradient
        self.touched: list[Any] = []
        self.room: Room = room(config, n_items, device)
        self.optimizer = torch.optim.Adam(
            list(self.tensors.values()), lr=config.learning_rate, betas=_BETAS, fused=True
        )

    def best(self) -> SequenceModel:
        kept = self._model(0, None)
        for number in range(1, self.config.epochs + 1):
            mean = self._epoch()
            now = self._model(number, None)
            if self.held is not None:
                now = replace(now, validation=validate(now, self.held))
            if self.progress is not None:
                self.progress(Epoch(number, mean, now.validation))
            if now.validation is None or now.validation > (kept.validation or 0.0):
                kept = now
            elif number - kept.epochs >= self.config.patience:
                break
        return kept

    def _epoch(self) -> float:
        total, places = 0.0, 0
        for batch in shuffled(self.pieces, self.config.batch_tokens, self.random):
            count = sum(len(piece) - 1 for piece in batch)
            for part in self.room.parts(batch):
                total += self._backward(part, count)
            self.optimizer.step()
            self._clear()
            places += count
        return total / max(places, 1)

    def _backward(self, pieces: Sequence[NDArray[Any]], count: int) -> float:
        """Add a part's gradient, of the mean over `count` places; answers with its summed loss.

        Only the item vectors that take part are in the graph: a dense gradient for each use of a large
        catalogue's matrix costs more than everything else.
        """
        import torch

        before, after = pad([piece[:-1] for piece in pieces]), pad([piece[1:] for piece in pieces])
        target, drawn = after.items[after.known], self._drawn()
        used, place = _compact(before.items, target, drawn, everything=self.config.loss == "softmax")
        rows = self.tensors["items"].detach()[used].requires_grad_(True)
        at = [torch.from_numpy(part).to(self.device) for part in place]
        state = encode(
            self.tensors | {"items": rows}, at[0], self.config, training=True, checkpointed=self.room.checkpointed
        )
        state = state[torch.from_numpy(before.known).to(self.device)]
        share = self.negatives.share[drawn] if self.config.corrected else None
        value = (
            full_softmax(state, at[1], rows) if not len(drawn) else sampled_softmax(state, at[1], rows, at[2], share)
        )
        (value / count).backward()  # type: ignore[no-untyped-call]
        assert rows.grad is not None
        self.gradient[used] += rows.grad
        self.touched.append(used)
        return float(value.detach())

    def _drawn(self) -> NDArray[np.int64]:
        if self.config.loss == "softmax":
            return np.empty(0, dtype=np.int64)
        return self.negatives.draw(self.config.negatives, self.random)

    def _clear(self) -> None:
        for name, value in self.tensors.items():
            if name != "items":
                value.grad = None
        for used in self.touched:
            self.gradient[used] = 0.0
        self.touched = []

    def _model(self, epochs: int, validation: float | None) -> SequenceModel:
        arrays = {name: value.detach().cpu().numpy().copy() for name, value in self.tensors.items()}
        return SequenceModel(self.config, arrays, epochs, validation)


def _compact(
    items: NDArray[np.int64], target: NDArray[np.int64], drawn: NDArray[np.int64], *, everything: bool
) -> tuple[Any, list[NDArray[np.int64]]]:
    """The distinct items of a batch, and the three index arrays renumbered to them."""
    if everything:
        return slice(None), [items, target, drawn]
    used, place = np.unique(np.concatenate([items.ravel(), target, drawn]), return_inverse=True)
    first, second = items.size, items.size + len(target)
    return used, [place[:first].reshape(items.shape), place[first:second], place[second:]]


def validate(model: SequenceModel, held: HeldOut) -> float:
    """NDCG@10 of the held-out items among all items that the history lacks."""
    gained = 0.0
    for start in range(0, len(held.target), 512):
        rows = slice(start, start + 512)
        scores = model.scores(held.histories[rows])
        target = held.target[rows]
        wanted = scores[np.arange(len(target)), target]
        for row, history in enumerate(held.histories[rows]):
            scores[row, history] = -np.inf
        rank = (scores > wanted[:, None]).sum(axis=1)
        gained += float((1 / np.log2(rank[rank < 10] + 2)).sum())
    return gained / max(len(held.target), 1)


def _held_out(sequences: Sequence[NDArray[Any]], after: NDArray[Any] | None, config: SequenceConfig) -> HeldOut:
    """Up to 10,000 histories whose next item is known."""
    assert after is not None
    rows = np.flatnonzero((after >= 0) & (np.array([len(sequence) for sequence in sequences]) > 0))
    if len(rows) > _VALIDATED:
        rows = np.sort(np.random.default_rng(config.seed).choice(rows, _VALIDATED, replace=False))
    return HeldOut([sequences[int(row)] for row in rows], after[rows].astype(np.int64))


def _check(sequences: Sequence[NDArray[Any]], n_items: int) -> None:
    if not any(len(sequence) > 1 for sequence in sequences):
        raise InvalidInput(
            f"None of {len(sequences)} sequences has two items.",
            "What follows what is learned from pairs at least.",
            "Import more events.",
        )
    low = min(int(sequence.min()) for sequence in sequences if len(sequence))
    high = max(int(sequence.max()) for sequence in sequences if len(sequence))
    if low < 0 or high >= n_items:
        raise InvalidInput(
            f"Sequences name items {low} to {high}.", f"Items are numbered from 0 to {n_items - 1}.", "Renumber them."
        )
