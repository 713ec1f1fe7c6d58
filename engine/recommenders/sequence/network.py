"""The transformer in torch: plain tensors by name, and the functions between them.

Pre-norm blocks of causal self-attention and a feed-forward layer, learned positions counted from the
start of what is looked at, item vectors tied to the output (Kang & McAuley, "Self-Attentive Sequential
Recommendation", ICDM 2018; pre-norm after Xiong et al., ICML 2020). `model.py` does the same in numpy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from engine.recommenders.sequence.config import SequenceConfig

    Tensors = dict[str, torch.Tensor]

NORM_FLOOR = 1e-5


def shapes(config: SequenceConfig, n_items: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of a model."""
    width, wide = config.dimensions, config.dimensions * config.expansion
    found: dict[str, tuple[int, ...]] = {"items": (n_items, width), "positions": (config.length, width)}
    for block in range(config.blocks):
        for name in ("query", "key", "value", "mix"):
            found[f"{block}.{name}"] = (width, width)
        found |= {f"{block}.before": (2, width), f"{block}.between": (2, width)}
        found |= {f"{block}.widen": (width, wide), f"{block}.widen_bias": (wide,)}
        found |= {f"{block}.narrow": (wide, width), f"{block}.narrow_bias": (width,)}
    return found | {"final": (2, width)}


def initial(config: SequenceConfig, n_items: int, device: str) -> Tensors:
    """Xavier-normal matrices, norms at one, biases at zero, from torch's present random state."""
    import torch

    tensors: Tensors = {}
    for name, shape in shapes(config, n_items).items():
        value = torch.zeros(shape)
        if name.rpartition(".")[2] in ("before", "between", "final"):
            value[0] = 1.0
        elif len(shape) == 2:
            value.normal_(0.0, math.sqrt(2 / sum(shape)))
        tensors[name] = value.to(device).requires_grad_(True)
    return tensors


def encode(
    tensors: Tensors, items: torch.Tensor, config: SequenceConfig, *, training: bool, checkpointed: bool = False
) -> torch.Tensor:
    """What each place says about the next item, shape (n, width, dimensions).

    Parameters
    ----------
    items : Tensor of int64, shape (n, width)
        Filled up at the end; a place sees only itself and those before it.
    checkpointed : bool
        Keep no activations inside blocks and compute them twice (Chen et al. 2016).
    """
    from torch.nn import functional
    from torch.utils.checkpoint import checkpoint

    state = functional.embedding(items, tensors["items"]) * math.sqrt(config.dimensions)
    state = functional.dropout(state + tensors["positions"][: items.shape[1]], config.dropout, training)
    for block in range(config.blocks):
        if checkpointed:
            state = checkpoint(_block, tensors, state, config, block, training, use_reentrant=False)
        else:
            state = _block(tensors, state, config, block, training)
    return _norm(state, tensors["final"])


def _block(tensors: Tensors, state: torch.Tensor, config: SequenceConfig, block: int, training: bool) -> torch.Tensor:
    from torch.nn import functional

    drop = config.dropout if training else 0.0
    normed = _norm(state, tensors[f"{block}.before"])
    query, key, value = (_heads(normed @ tensors[f"{block}.{name}"], config) for name in ("query", "key", "value"))
    seen = functional.scaled_dot_product_attention(query, key, value, dropout_p=drop, is_causal=True)
    mixed = seen.transpose(1, 2).reshape(state.shape) @ tensors[f"{block}.mix"]
    state = state + functional.dropout(mixed, drop, training)
    normed = _norm(state, tensors[f"{block}.between"])
    wide = functional.relu(normed @ tensors[f"{block}.widen"] + tensors[f"{block}.widen_bias"])
    wide = functional.dropout(wide, drop, training)
    narrow = wide @ tensors[f"{block}.narrow"] + tensors[f"{block}.narrow_bias"]
    return state + functional.dropout(narrow, drop, training)


def _heads(value: torch.Tensor, config: SequenceConfig) -> torch.Tensor:
    n, width, _ = value.shape
    return value.view(n, width, config.heads, config.dimensions // config.heads).transpose(1, 2)


def _norm(value: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional

    return functional.layer_norm(value, (value.shape[-1],), scale[0], scale[1], NORM_FLOOR)
