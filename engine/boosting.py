"""The door to the boosted trees, which need the OpenMP runtime that a bare machine may lack."""

from __future__ import annotations

import ctypes
import importlib.util
from importlib import import_module
from pathlib import Path
from typing import Any

_RUNTIME = "libgomp.so.1"


def lightgbm() -> Any:
    """The LightGBM module; where the system has no OpenMP runtime, the one that ships with torch is loaded first.

    Raises
    ------
    OSError
        There is no runtime anywhere.
    """
    return _with_runtime("lightgbm")


def xgboost() -> Any:
    """The XGBoost module, in the same way.

    Raises
    ------
    OSError
        There is no runtime anywhere.
    """
    return _with_runtime("xgboost")


def _with_runtime(module: str) -> Any:
    try:
        return import_module(module)
    except Exception as error:  # XGBoost wraps the loader's OSError in one of its own
        if _RUNTIME not in str(error):
            raise
        ctypes.CDLL(str(_shipped(error)), mode=ctypes.RTLD_GLOBAL)
        return import_module(module)


def _shipped(error: Exception) -> Path:
    """The runtime in torch's own folder."""
    found = importlib.util.find_spec("torch")
    roots = [] if found is None else list(found.submodule_search_locations or [])
    for root in roots:
        path = Path(root) / "lib" / _RUNTIME
        if path.is_file():
            return path
    raise error
