"""The thread that fires due feeds, one per owner process."""

from __future__ import annotations

import logging
import threading

from engine.catalog.feeds import FeedInfo, FeedService
from engine.catalog.forgetting import ForgettingService
from engine.core import Engine

_LOG = logging.getLogger(__name__)
_TICK_S = 5.0


class FeedRunner:
    """Looks for due feeds every few seconds; `tick` is one look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run until `close`."""
        if self._thread is None:
            self._engine.service(FeedService).mark_interrupted()
            self._thread = threading.Thread(target=self._run, name="feed-runner", daemon=True)
            self._thread.start()

    def tick(self) -> list[FeedInfo]:
        """Fire what is due; returns the feeds that ran."""
        return self._engine.service(FeedService).run_due()

    def close(self) -> None:
        """Stop after the import that runs now."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stop.wait(_TICK_S):
            try:
                self.tick()
            except Exception:
                _LOG.exception("a round of the feed runner failed")


def start_feeds(engine: Engine) -> None:
    """Let an owner finish a forgetting that was cut short, and fire feeds from now on."""
    engine.service(ForgettingService).resume()
    engine.part(FeedRunner).start()
