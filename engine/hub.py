"""Loaded models of this process: each loaded once, shared, and evicted only when nobody uses it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from engine.core import Engine
from engine.errors import OutOfMemory

_LOG = logging.getLogger(__name__)
_MB = 1024 * 1024

T = TypeVar("T")


class HubModel(BaseModel):
    """One loaded model: `megabytes` resident, `users` calls in it now."""

    model_config = ConfigDict(frozen=True)

    key: str
    megabytes: float
    users: int
    hits: int


class HubStatus(BaseModel):
    """What the hub holds and how well it serves."""

    model_config = ConfigDict(frozen=True)

    device: str
    budget_mb: int
    used_mb: float
    loads: int
    hits: int
    evictions: int
    models: tuple[HubModel, ...]


@dataclass(eq=False)
class _Entry:
    """A model, or the wait for it."""

    ready: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None
    size: int = 0
    users: int = 0
    hits: int = 0
    used_at: float = 0.0


class Hub:
    """Models by digest, under one memory budget.

    Parameters
    ----------
    engine : Engine
        Its settings give budget (`hub_memory_mb`) and device.
    """

    def __init__(self, engine: Engine) -> None:
        self._settings = engine.settings
        self._guard = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._loads = self._hits = self._evictions = 0
        self._device: str | None = None

    @property
    def device(self) -> str:
        """`cuda` or `cpu`: where new models go."""
        if self._device is None:
            self._device = choose_device(self._settings.device)
        return self._device

    @contextmanager
    def use(self, key: str, load: Callable[[], T]) -> Iterator[T]:
        """Lend the model of `key`; many simultaneous callers cause one load.

        Parameters
        ----------
        key : str
            Digest of the artifact.
        load : callable
            Makes the model; its size is `memory_bytes` of the model, where it has that attribute.

        Raises
        ------
        OutOfMemory
            The model does not fit beside those in use.
        """
        entry, mine = self._claim(key)
        try:
            if mine:
                self._load(key, entry, load)
            else:
                entry.ready.wait()
            if entry.error is not None:
                raise entry.error
            yield entry.value
        finally:
            with self._guard:
                entry.users -= 1
                entry.used_at = time.monotonic()

    def warm_up(self, key: str, load: Callable[[], object]) -> None:
        """Load ahead of the first request."""
        with self.use(key, load):
            pass

    def status(self) -> HubStatus:
        """Device, memory, hits, and every model."""
        with self._guard:
            models = [
                HubModel(key=key, megabytes=entry.size / _MB, users=entry.users, hits=entry.hits)
                for key, entry in self._entries.items()
                if entry.ready.is_set()
            ]
            return HubStatus(
                device=self.device,
                budget_mb=self._settings.hub_memory_mb,
                used_mb=sum(model.megabytes for model in models),
                loads=self._loads,
                hits=self._hits,
                evictions=self._evictions,
                models=tuple(models),
            )

    def close(self) -> None:
        """Forget every model."""
        with self._guard:
            self._entries.clear()

    def _claim(self, key: str) -> tuple[_Entry, bool]:
        """The entry of a key with one more user, and whether this caller must load it."""
        with self._guard:
            entry = self._entries.get(key)
            mine = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
            else:
                entry.hits += 1
                self._hits += 1
            entry.users += 1
            return entry, mine

    def _load(self, key: str, entry: _Entry, load: Callable[[], object]) -> None:
        started = time.perf_counter()
        try:
            value = load()
            with self._guard:
                self._make_room(entry, int(getattr(value, "memory_bytes", 0)))
                entry.value = value
                self._loads += 1
            _LOG.info("loaded %s in %.2f s", key[:12], time.perf_counter() - started)
        except BaseException as error:
            entry.error = error
            with self._guard:
                self._entries.pop(key, None)
        finally:
            entry.ready.set()

    def _make_room(self, newcomer: _Entry, size: int) -> None:
        """Evict what is unused, oldest first, until the newcomer fits."""
        budget = self._settings.hub_memory_mb * _MB
        idle = sorted(
            ((key, entry) for key, entry in self._entries.items() if entry.users == 0 and entry.ready.is_set()),
            key=lambda pair: pair[1].used_at,
        )
        busy = self._used() - sum(entry.size for _, entry in idle)
        if busy + size > budget:
            raise OutOfMemory(
                f"A model of {size / _MB:.0f} MB does not fit: {busy / _MB:.0f} of"
                f" {self._settings.hub_memory_mb} MB are in use.",
                "Models that are answering are never unloaded.",
                "Raise SKYY_HUB_MEMORY_MB, or try again in a moment.",
            )
        while self._used() + size > budget:
            key, _ = idle.pop(0)
            del self._entries[key]
            self._evictions += 1
        newcomer.size = size

    def _used(self) -> int:
        return sum(entry.size for entry in self._entries.values())


def choose_device(wanted: str) -> str:
    """`cuda` when it is wanted (or `auto`) and there is one, else `cpu`; CUDA_VISIBLE_DEVICES is respected."""
    if wanted == "cpu" or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def fits_on_gpu(size: int) -> bool:
    """Whether `size` bytes fit into the free memory of the GPU, with a tenth to spare."""
    import torch

    free, _ = torch.cuda.mem_get_info()
    return size * 1.1 < free
