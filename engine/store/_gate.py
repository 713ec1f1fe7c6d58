"""Readers come and go freely; now and then all of them must be out for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE_S = 2.0


class ReadGate:
    """Counts readers, and can keep new ones out until those inside have left."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._open = True

    def enter(self) -> None:
        """Come in; waits while the gate is closed, but never longer than who closed it would."""
        with self._condition:
            self._condition.wait_for(lambda: self._open, timeout=_PATIENCE_S)
            self._inside += 1

    def leave(self) -> None:
        with self._condition:
            self._inside -= 1
            self._condition.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """A moment without readers; after two seconds it comes even if one is still inside."""
        with self._condition:
            self._open = False
            self._condition.wait_for(lambda: self._inside == 0, timeout=_PATIENCE_S)
        try:
            yield
        finally:
            with self._condition:
                self._open = True
                self._condition.notify_all()
