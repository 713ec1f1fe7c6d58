"""A residual network over embedded categories and quantile-normalised numbers, on the GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from engine.artifacts.formats import parse_safetensors
from engine.errors import CorruptArtifact, OutOfMemory
from engine.estimators.tabular.dense import Dense
from engine.estimators.tabular.residual import Residual
from engine.hub import choose_device

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded
    from engine.estimators.tabular.learner import Rows, Shape

FILE = "network.safetensors"
_BATCH = 8_192
_WARM_UP = 0.1
_SMALL = 2**18


class Network:
    """AdamW (Loshchilov and Hutter 2019) with a warm-up and a falling step; stops when held-back rows gain no more."""

    def __init__(self, config: TabularConfig, shape: Shape) -> None:
        self.config, self.shape = config, shape
        self.epochs = config.epochs
        self._dense: Dense | None = None
        self._module: Residual | None = None

    def fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        device = choose_device("auto")
        self._dense = Dense.learn(rows.encoded, "quantile")
        try:
            with _seeded(self.config.seed, device), _threads(self.config.width * self.config.batch_rows):
                self._module = self._new().to(device)
                self._learn(rows, held, report, device)
        except torch.cuda.OutOfMemoryError as error:
            raise OutOfMemory(
                "The network does not fit into the GPU's memory.",
                hint="Set fewer rows a step, or switch checkpointing on.",
            ) from error
        self._module = self._module.to("cpu").eval()

    def _new(self) -> Residual:
        assert self._dense is not None
        return Residual(
            self.shape,
            self._dense.width,
            width=self.config.width,
            blocks=self.config.blocks,
            dropout=self.config.dropout,
            checkpointing=self.config.checkpointing,
        )

    def _learn(self, rows: Rows, held: Rows | None, report: Report, device: str) -> None:
        assert self._module is not None
        inputs = (*self._tensors(rows.encoded, device), self._target(rows.target, device))
        order = np.random.default_rng(self.config.seed)
        optimizer = torch.optim.AdamW(
            self._module.parameters(), lr=self.config.network_rate, weight_decay=self.config.weight_decay
        )
        steps = -(-len(rows) // self.config.batch_rows)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _falling(steps * self.config.epochs))
        best, kept, waited = np.inf, None, 0
        for epoch in range(1, self.epochs + 1):
            self._pass(inputs, order.permutation(len(rows)), optimizer, schedule, device)
            if held is None:
                continue
            loss = self._loss(held, device)
            report.metric("validation_loss", epoch, loss)
            waited += 1
            if loss < best - 1e-5:
                best, kept, waited, reached = loss, deepcopy(self._module.state_dict()), 0, epoch
            if waited >= self.config.patience:
                break
        if kept is not None:
            self._module.load_state_dict(kept)
            self.epochs = reached

    def _pass(self, inputs: Any, order: NDArray[np.int64], optimizer: Any, schedule: Any, device: str) -> None:
        """One pass over the rows; a rest too small for a step joins the one before."""
        assert self._module is not None
        self._module.train()
        numbers, codes, target = inputs
        for part in np.array_split(order, -(-len(order) // self.config.batch_rows)):
            chosen = torch.from_numpy(part).to(device)
            with torch.autocast(device, torch.bfloat16, enabled=self.config.mixed_precision and device == "cuda"):
                scores = self._module(numbers[chosen], codes[chosen])
                loss = self._losses(scores.float(), target[chosen]).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
            optimizer.step()
            schedule.step()

    def _losses(self, scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.shape.classes:
            return torch.nn.functional.cross_entropy(scores, target, reduction="none")
        return (scores[:, 0] - target) ** 2

    def _loss(self, held: Rows, device: str) -> float:
        scores = torch.from_numpy(self._raw(held.encoded, device))
        return float(self._losses(scores, self._target(held.target, "cpu")).double().mean())

    def _raw(self, rows: Encoded, device: str) -> NDArray[np.float32]:
        assert self._module is not None
        self._module.eval()
        numbers, codes = self._tensors(rows, device)
        with torch.inference_mode():
            parts = [
                self._module(numbers[start : start + _BATCH], codes[start : start + _BATCH]).float().cpu().numpy()
                for start in range(0, len(rows), _BATCH)
            ]
        return np.concatenate(parts)

    def _tensors(self, rows: Encoded, device: str) -> tuple[torch.Tensor, torch.Tensor]:
        assert self._dense is not None
        numbers = torch.from_numpy(self._dense.numbers(rows)).to(device)
        return numbers, torch.from_numpy(rows.codes.astype(np.int64)).to(device)

    def _target(self, target: NDArray[Any], device: str) -> torch.Tensor:
        kind = np.int64 if self.shape.classes else np.float32
        return torch.from_numpy(np.asarray(target).astype(kind)).to(device)

    def scores(self, rows: Encoded) -> NDArray[np.float64]:
        found = self._raw(rows, "cpu").astype(np.float64)
        return found if self.shape.classes else found[:, 0]

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        from safetensors.numpy import save

        assert self._dense is not None
        assert self._module is not None
        arrays = {name: value.numpy().copy() for name, value in self._module.state_dict().items()}
        return {"epochs": self.epochs, "scaling": self._dense.model_dump(mode="json")}, {FILE: bytes(save(arrays))}

    @classmethod
    def load(cls, config: TabularConfig, shape: Shape, plain: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        found = cls(config, shape)
        found._dense = Dense.from_json(plain.get("scaling"), shape.numbers)
        arrays = parse_safetensors(files.get(FILE, b""), FILE)
        module = found._new()
        try:
            module.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in arrays.items()})
        except RuntimeError as error:
            raise CorruptArtifact(
                "The network's weights do not fit its config.", hint="Load another version."
            ) from error
        found._module = module.eval()
        return found


def _falling(steps: int) -> Any:
    """Warm-up, then half a cosine down to nothing."""
    warm = max(1, int(_WARM_UP * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + float(np.cos(np.pi * min(1.0, (step - warm) / max(1, steps - warm)))))

    return factor


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Torch's randomness from the seed, and as it was before afterwards."""
    with torch.random.fork_rng(devices=[0] if device == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def _threads(work: int) -> Iterator[None]:
    """One thread for small steps, where more would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if work <= _SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
