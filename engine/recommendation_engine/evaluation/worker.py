"""The child process: `python -m engine.recommendation_engine.evaluation.worker FOLDER`. It never opens the store."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from pathlib import Path

from engine.background import BackgroundState
from engine.errors import EngineError
from engine.recommendation_engine.evaluation.folder import EvaluationFolder

_WRITE_EVERY_S = 0.3
_NICE = 10


def main(path: Path) -> int:
    """Measure what the folder says; how it ended is written last."""
    from threadpoolctl import threadpool_limits

    from engine.recommendation_engine.evaluation.shop import evaluate_shop
    from engine.training.vectors import Sources

    folder = EvaluationFolder(path)
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    try:
        spec = folder.spec()
        with threadpool_limits(limits=1):
            report = evaluate_shop(
                folder.dataset(spec),
                spec.shop,
                spec.plan,
                spec.source.config,
                sources=Sources.within(folder.data_path),
                tell=_Progress(folder).tell,
            )
        folder.write_report(report)
        folder.write_end(BackgroundState.DONE)
    except EngineError as error:
        folder.write_end(BackgroundState.FAILED, str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        told = f"It failed unexpectedly: {type(error).__name__}: {str(error)[:300]}. The full report is in its log."
        folder.write_end(BackgroundState.FAILED, told)
        return 1
    return 0


class _Progress:
    """Progress as a file, at most three writes a second."""

    def __init__(self, folder: EvaluationFolder) -> None:
        self._folder, self._written = folder, 0.0

    def tell(self, stage: str, share: float) -> None:
        if time.monotonic() - self._written >= _WRITE_EVERY_S:
            self._folder.write_progress(stage, share)
            self._written = time.monotonic()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
