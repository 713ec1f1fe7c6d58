"""The packaged language model, fine-tuned by low-rank adapters (Hu et al. 2022) under a linear head."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.calibration import softmax
from engine.text import DIMENSIONS, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

FILE = "lora.safetensors"
_BATCH, _TOKENS = 32, 64
_RATE, _HEAD_RATE = 1e-3, 5e-3
_SCALE = 10.0


@dataclass(frozen=True)
class Lora:
    """Encoder with adapters, and the head on its pooled vectors."""

    network: Any
    classes: int
    epochs: int
    name: ClassVar[str] = "lora"

    @classmethod
    def learned(
        cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report, epochs: int | None = None
    ) -> Lora:
        """Passes until the held-back rows are foretold worse; without such rows `epochs` of them."""
        torch.manual_seed(config.seed)
        network = _Network(len(rows.classes), config.rank)
        most = epochs or config.epochs
        training = _Training(network, rows, most, config.seed)
        best, best_state, best_epoch = np.inf, network.state(), 0
        for epoch in range(1, most + 1):
            training.one_pass()
            if held is None:
                continue
            loss = _loss(network, held)
            report.metric("validation_loss", epoch, loss)
            if loss >= best:
                break
            best, best_state, best_epoch = loss, network.state(), epoch
        if held is not None:
            network.restore(best_state)
        return cls(network, len(rows.classes), best_epoch if held is not None else most)

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        return np.log(np.clip(softmax(self.network.scores(rows.texts.tolist())), 1e-9, 1.0))

    def save(self) -> dict[str, bytes]:
        return {FILE: save_arrays(self.network.state())}

    @classmethod
    def load(cls, files: Mapping[str, bytes], classes: int, config: FashionClassifierConfig) -> Lora:
        network = _Network(classes, config.rank)
        network.restore(parse_safetensors(files.get(FILE, b""), FILE))
        return cls(network, classes, config.epochs)


class _Network:
    """Only the adapters and the head are ever learned or stored."""

    def __init__(self, classes: int, rank: int) -> None:
        from peft import LoraConfig, get_peft_model

        base = load("cpu")
        adapters = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=["query", "value"])
        self.tokenizer = base.tokenizer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an old name
            self.encoder: Any = get_peft_model(base.encoder, adapters)
        self.head = torch.nn.Linear(DIMENSIONS, classes)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
        states = self.encoder(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
        pooled = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1).clamp(min=1e-9), dim=1)
        scores: torch.Tensor = self.head(_SCALE * pooled)
        return scores

    def scores(self, texts: list[str]) -> NDArray[np.float64]:
        """Raw scores, shape (n, classes); texts of like length are read together."""
        self.encoder.eval()
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        found = np.empty((len(texts), self.head.out_features))
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                found[rows] = self.forward([texts[row] for row in rows]).numpy()
        return found

    def _learned(self) -> dict[str, Any]:
        adapters = {f"adapter.{n}": p for n, p in self.encoder.named_parameters() if p.requires_grad}
        return {**adapters, "head.weight": self.head.weight, "head.bias": self.head.bias}

    @property
    def parameters(self) -> tuple[list[Any], list[Any]]:
        """Those of the adapters, and those of the head."""
        adapters = [value for name, value in self._learned().items() if name.startswith("adapter.")]
        return adapters, list(self.head.parameters())

    def state(self) -> dict[str, NDArray[np.float32]]:
        return {name: value.detach().numpy().copy() for name, value in self._learned().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take stored weights.

        Raises
        ------
        CorruptArtifact
            They are other arrays than this network has.
        """
        learned = self._learned()
        if {n: tuple(v.shape) for n, v in learned.items()} != {n: v.shape for n, v in state.items()}:
            raise CorruptArtifact("The adapters do not fit the language model.", hint="Load another version.")
        with torch.no_grad():
            for name, value in learned.items():
                value.copy_(torch.from_numpy(np.ascontiguousarray(state[name])))


class _Training:
    """Steps over shuffled batches under a falling rate."""

    def __init__(self, network: _Network, rows: Rows, epochs: int, seed: int) -> None:
        self._network, self._texts = network, rows.texts.tolist()
        self._label = torch.from_numpy(rows.label)
        self._random = np.random.default_rng(seed)
        adapters, head = network.parameters
        self._optimizer = torch.optim.AdamW(
            [{"params": adapters, "lr": _RATE}, {"params": head, "lr": _HEAD_RATE}], weight_decay=0.01
        )
        steps = max(1, epochs * -(-len(rows) // _BATCH))
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda step: max(0.02, 1 - step / steps))

    def one_pass(self) -> None:
        self._network.encoder.train()
        order = self._random.permutation(len(self._texts))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            scores = self._network.forward([self._texts[row] for row in rows])
            loss = torch.nn.functional.cross_entropy(scores, self._label[torch.from_numpy(rows)])
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self._schedule.step()


def _loss(network: _Network, rows: Rows) -> float:
    found = softmax(network.scores(rows.texts.tolist()))
    return float(-np.log(np.clip(found[np.arange(len(rows)), rows.label], 1e-12, 1)).mean())
