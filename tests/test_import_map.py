"""The map of the house, held against the imports: who may lean on whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the ground up; a room may import only itself and what stands above it in this list.
ROOMS = (
    "settings",
    "errors",
    "clock",
    "actor",
    "failpoints",
    "files",
    "naming",
    "outbound",
    "store",
    "artifacts",
    "sealed_tar",
    "core",
    "background",
    "boosting",
    "catalog",
    "hub",
    "text",
    "vision",
    "recommenders",
    "product_search",
    "estimators",
    "model_registry",
    "labelling",
    "training",
    "recommendation_engine",
    "standing_work",
    "backup",
    "doctor",
    "inference_server",
    "client",
    "cli",
)
ABOVE = ("streamlit", "plotly", "dashboard", "pages")


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (
                (f"{node.module}.{alias.name}" for alias in node.names) if node.module == "engine" else (node.module,)
            )


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "engine").parts[0].removesuffix(".py")


def test_every_room_is_on_the_map() -> None:
    rooms = {room_of(path) for path in modules("engine")} - {"__init__"}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize("path", modules("engine"), ids=lambda path: str(path.relative_to(ROOT)))
def test_engine_leans_only_on_what_is_nearer_the_ground(path: Path) -> None:
    room = room_of(path)
    height = ROOMS.index(room) if room in ROOMS else -1
    for name in imported(path):
        top = name.split(".")[0]
        assert top not in ABOVE, f"{path} imports {name}: the engine knows no user interface"
        if name.startswith("engine.") and height >= 0:
            target = name.split(".")[1]
            if target in ROOMS:
                assert ROOMS.index(target) <= height, f"{room} imports {target}, which stands on it"


@pytest.mark.parametrize("folder", ["engine", "dashboard"])
def test_nothing_imports_a_page(folder: str) -> None:
    for path in modules(folder):
        assert not any(name.split(".")[0] == "pages" for name in imported(path)), path


def test_only_the_store_opens_duckdb() -> None:
    for path in modules("engine"):
        if room_of(path) != "store" and "duckdb" in {name.split(".")[0] for name in imported(path)}:
            pytest.fail(f"{path} imports duckdb")


def test_no_module_brings_pickle() -> None:
    banned = {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
    for path in [*modules("engine"), *modules("dashboard"), *modules("pages")]:
        assert not banned & {name.split(".")[0] for name in imported(path)}, path


def loaded_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(answer.stdout.split())


def test_importing_the_engine_brings_nothing_heavy() -> None:
    assert not loaded_after("import engine") & {"numpy", "pandas", "torch", "duckdb", "pydantic", "streamlit"}


def test_the_client_needs_httpx_and_pydantic_only() -> None:
    heavy = {"numpy", "pandas", "torch", "duckdb", "pyarrow", "scipy", "fastapi", "pydantic_settings", "streamlit"}
    assert not loaded_after("import engine.client") & heavy


def test_the_command_line_starts_without_the_models() -> None:
    assert not loaded_after("import engine.cli") & {"torch", "pandas", "transformers", "scipy", "duckdb"}
