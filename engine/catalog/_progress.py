"""What the import that runs now is doing, for pages to poll."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ProgressBoard:
    """One guarded dictionary: shop, stage, share."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._now: dict[str, Any] | None = None

    @contextmanager
    def running(self, shop: str) -> Iterator[None]:
        """Show an import from its start to its end, however it ends."""
        with self._guard:
            self._now = {"shop": shop, "stage": "Starting", "share": 0.0}
        try:
            yield
        finally:
            with self._guard:
                self._now = None

    def stage(self, stage: str, share: float) -> None:
        """Say what is done now; `share` of the whole import, 0 to 1. Without an import nothing is shown."""
        with self._guard:
            if self._now is not None:
                self._now = {**self._now, "stage": stage, "share": round(share, 3)}

    def now(self) -> dict[str, Any] | None:
        """A copy of the present state, None when no import runs."""
        with self._guard:
            return dict(self._now) if self._now is not None else None
