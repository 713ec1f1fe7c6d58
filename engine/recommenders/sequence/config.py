"""Settings of the sequence model; they round-trip to JSON with its arrays."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SequenceConfig(BaseModel):
    """Shape of the transformer and how it is trained.

    Parameters
    ----------
    dimensions : int
        Width of item vectors and of every layer.
    blocks, heads : int
        Layers of attention, and heads in each.
    length : int
        Items of the history that are looked at, the latest ones.
    expansion : int
        Width of the feed-forward layer in multiples of `dimensions`.
    dropout : float
        Share of activations dropped while training.
    loss : {"softmax", "sampled"}
        Cross-entropy over all items, or over the next item and `negatives` drawn ones.
    negatives : int
        Drawn items, shared by all places of a batch.
    popularity : float
        Draw in proportion to an item's count to this power; 0 draws evenly.
    corrected : bool
        Shift drawn items by `-log q`, so that the sampled loss estimates the full one.
    epochs : int
        Most passes over the sequences.
    patience : int
        Passes without a better validation NDCG@10 before training stops; 0 holds nothing out.
    batch_tokens : int
        Places of a batch, padding included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: int = Field(default=128, ge=4, le=1024)
    blocks: int = Field(default=1, ge=1, le=8)
    heads: int = Field(default=1, ge=1, le=16)
    length: int = Field(default=50, ge=2, le=512)
    expansion: int = Field(default=1, ge=1, le=8)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    loss: Literal["softmax", "sampled"] = "sampled"
    negatives: int = Field(default=512, ge=1, le=65_536)
    popularity: float = Field(default=0.0, ge=0, le=1)
    corrected: bool = False
    epochs: int = Field(default=60, ge=1, le=2_000)
    patience: int = Field(default=5, ge=0)
    batch_tokens: int = Field(default=1_024, ge=16)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.dimensions % self.heads:
            raise ValueError(f"{self.dimensions} dimensions do not divide into {self.heads} heads")
        return self
