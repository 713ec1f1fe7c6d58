"""The door to LightGBM, which needs the OpenMP runtime that a bare machine may lack."""

from __future__ import annotations

import ctypes
import importlib.util
from importlib import import_module
from pathlib import Path
from typing import Any

_RUNTIME = "libgomp.so.1"


def lightgbm() -> Any:
    """The module; where the system has no OpenMP runtime, the one that ships with torch is loaded first.

    Raises
    ------
    OSError
        There is no runtime anywhere.
    """
    try:
        return import_module("lightgbm")
    except OSError as error:
        if _RUNTIME not in str(error):
            raise
        ctypes.CDLL(str(_shipped(error)), mode=ctypes.RTLD_GLOBAL)
        return import_module("lightgbm")


def _shipped(error: OSError) -> Path:
    """The runtime in torch's own folder."""
    found = importlib.util.find_spec("torch")
    roots = [] if found is None else list(found.submodule_search_locations or [])
    for root in roots:
        path = Path(root) / "lib" / _RUNTIME
        if path.is_file():
            return path
    raise error
