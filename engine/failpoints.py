"""Named points at which a test makes the process die or a write fail.

`SKYY_FAILPOINT=name:n[:action]` fires at the n-th pass of `name` in that process: `kill` (default)
ends it as `kill -9` does, `full` raises "no space left on device". Without the variable a point
costs one dictionary look-up.
"""

from __future__ import annotations

import errno
import os
import signal
import threading

_passes: dict[str, int] = {}
_guard = threading.Lock()


def failpoint(name: str) -> None:
    """Die or fail here when the environment asks for it."""
    wanted = os.environ.get("SKYY_FAILPOINT")
    if wanted is not None:
        _maybe_fire(name, wanted)


def _maybe_fire(name: str, wanted: str) -> None:
    target, count, action = (*wanted.split(":"), "kill")[:3]
    if target != name:
        return
    with _guard:
        _passes[name] = _passes.get(name, 0) + 1
        due = _passes[name] == int(count)
    if due and action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    if due:
        os.kill(os.getpid(), signal.SIGKILL)
