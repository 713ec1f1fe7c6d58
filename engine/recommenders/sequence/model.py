"""A fitted sequence model: arrays, and scores of sessions in plain numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.errors import CorruptArtifact, InvalidInput
from engine.recommenders.sequence.batches import pad
from engine.recommenders.sequence.network import NORM_FLOOR, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommenders.sequence.config import SequenceConfig

    Array = NDArray[np.float32]

_ROWS = 256


@dataclass(frozen=True)
class SequenceModel:
    """A transformer over the order of items, without torch.

    Parameters
    ----------
    config : SequenceConfig
    tensors : mapping of str to ndarray of float32
        As `network.shapes` names them.
    epochs : int
        Passes over the data after which training was best.
    validation : float or None
        NDCG@10 of the held-out last items then.
    """

    config: SequenceConfig
    tensors: Mapping[str, Array]
    epochs: int = 0
    validation: float | None = None

    @property
    def n_items(self) -> int:
        """Number of items that are scored."""
        return len(self.tensors["items"])

    def arrays(self) -> dict[str, Array]:
        """Everything that `from_arrays` needs beside the config."""
        return dict(self.tensors)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], config: SequenceConfig) -> Self:
        """A model from stored arrays.

        Raises
        ------
        CorruptArtifact
            A name, a shape or a value is not what the config says.
        """
        if "items" not in arrays or arrays["items"].ndim != 2:
            raise CorruptArtifact("A sequence model has no item vectors.", "A matrix 'items'.", "Train it again.")
        expected = shapes(config, len(arrays["items"]))
        for name, shape in expected.items():
            _check(name, arrays.get(name), shape)
        if foreign := sorted(set(arrays) - set(expected)):
            raise CorruptArtifact(f"A sequence model holds an array '{foreign[0]}'.", "Only those its config names.")
        return cls(config, {name: np.ascontiguousarray(arrays[name], dtype=np.float32) for name in expected})

    def states(self, sequences: Sequence[NDArray[Any]]) -> Array:
        """Where each sequence leads, shape (n_sequences, dimensions); zero for an empty one."""
        answer = np.zeros((len(sequences), self.config.dimensions), dtype=np.float32)
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        for start in range(0, len(order), _ROWS):
            rows = order[start : start + _ROWS]
            answer[rows] = self._encode([sequences[row][-self.config.length :] for row in rows])
        return answer

    def scores(self, sequences: Sequence[NDArray[Any]]) -> Array:
        """Scores of all items as the next one, shape (n_sequences, n_items), higher is better.

        Parameters
        ----------
        sequences : sequence of ndarray of int
            Items in order, the latest last; an empty one scores 0 everywhere.
        """
        return self.states(sequences) @ self.tensors["items"].T

    def _encode(self, sequences: Sequence[NDArray[Any]]) -> Array:
        padded = pad(sequences)
        low, high = int(padded.items.min()), int(padded.items.max())
        if low < 0 or high >= self.n_items:
            raise InvalidInput(
                f"Sequences name items {low} to {high}.",
                f"Items are numbered from 0 to {self.n_items - 1}.",
                "Leave unknown items out.",
            )
        n, width = padded.items.shape
        last = (np.arange(n), padded.lengths - 1)
        state = self.tensors["items"][padded.items] * np.float32(np.sqrt(self.config.dimensions))
        state += self.tensors["positions"][:width]
        for block in range(self.config.blocks):
            only = last if block == self.config.blocks - 1 else None
            state = self._block(state, block, only)
        return _norm(state, self.tensors["final"])

    def _block(self, state: Array, block: int, last: tuple[Any, Any] | None) -> Array:
        """One block at all places or, as the last one, at each sequence's end."""
        own = {name: self.tensors[f"{block}.{name}"] for name in _NAMES}
        normed = _norm(state, own["before"])
        asked = normed if last is None else normed[last][:, None, :]
        reach = np.arange(state.shape[1]) <= (np.arange(state.shape[1])[:, None] if last is None else last[1][:, None])
        reach = reach[None, None] if last is None else reach[:, None, None, :]
        seen = self._attention(asked @ own["query"], normed @ own["key"], normed @ own["value"], reach)
        state = (state if last is None else state[last][:, None, :]) + seen @ own["mix"]
        normed = _norm(state, own["between"])
        wide = np.maximum(normed @ own["widen"] + own["widen_bias"], 0)
        state = state + wide @ own["narrow"] + own["narrow_bias"]
        return state if last is None else state[:, 0]

    def _attention(self, query: Array, key: Array, value: Array, reach: NDArray[np.bool_]) -> Array:
        query, key, value = (self._heads(part) for part in (query, key, value))
        score = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1]))
        score = np.where(reach, score, -np.inf)
        share = np.exp(score - score.max(axis=-1, keepdims=True))
        seen = (share / share.sum(axis=-1, keepdims=True)) @ value
        n, _, width, _ = seen.shape
        joined: Array = seen.transpose(0, 2, 1, 3).reshape(n, width, self.config.dimensions)
        return joined

    def _heads(self, value: Array) -> Array:
        n, width, _ = value.shape
        heads = self.config.heads
        return value.reshape(n, width, heads, self.config.dimensions // heads).transpose(0, 2, 1, 3)


_NAMES = ("query", "key", "value", "mix", "before", "between", "widen", "widen_bias", "narrow", "narrow_bias")


def _norm(value: Array, scale: Array) -> Array:
    centred = value - value.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(NORM_FLOOR))
    normed: Array = centred / spread * scale[0] + scale[1]
    return normed


def _check(name: str, value: NDArray[Any] | None, shape: tuple[int, ...]) -> None:
    found = "missing" if value is None else f"of shape {value.shape} and type {value.dtype}"
    if value is None or value.shape != shape or value.dtype.kind != "f" or not np.isfinite(value).all():
        raise CorruptArtifact(
            f"Array '{name}' of a sequence model is {found}.",
            f"Finite floats of shape {shape}, as its config says.",
            "Train the model again.",
        )
