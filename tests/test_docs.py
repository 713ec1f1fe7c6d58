"""The documentation is true: its Python runs, its commands run, every command is told of."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from engine.cli import app
from engine.core import Engine
from engine.inference_server.control import create_app
from tests.conftest import ROOT, finished, wait_for
from tests.test_public_api import run

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
STARTS_A_SERVER = ("skyy up", "skyy serve")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def commands(page: Path) -> list[str]:
    """The `skyy` lines of a page that end by themselves."""
    lines = [line.strip() for block in blocks(page, "bash") for line in block.splitlines()]
    return [line for line in lines if line.startswith("skyy ") and not line.startswith(STARTS_A_SERVER)]


@contextlib.contextmanager
def api(engine: Engine) -> Iterator[str]:
    """The HTTP API over an engine, at an address of this test's own."""
    routes = Starlette(routes=[Mount("/api", app=create_app(lambda: engine, allowed_hosts=("127.0.0.1",)))])
    server = uvicorn.Server(uvicorn.Config(routes, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started, until=bool)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("page", with_blocks("python"), ids=lambda page: page.name)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, demo: Engine) -> None:
    with api(demo) as address, contextlib.redirect_stdout(io.StringIO()):
        run("\n".join(blocks(page, "python")).replace("http://127.0.0.1:8501", address))
    from engine.training import TrainingService

    for job in demo.call(TrainingService.list_jobs):
        finished(demo, job.job_id)


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run_in_order(page: Path, demo: Engine, tmp_path: Path) -> None:
    home = demo.settings.home
    demo.close()
    environment = {**os.environ, "SKYY_HOME": str(home), "COLUMNS": "200"}
    for line in commands(page):
        answer = subprocess.run(
            [sys.executable, "-m", "engine.cli", *shlex.split(line)[1:]],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert answer.returncode == 0, f"{line}\n{answer.stdout}\n{answer.stderr}"
        assert answer.stdout.strip(), line


def every_command() -> list[str]:
    group = typer.main.get_command(app)
    names = []
    for name, command in sorted(group.commands.items()):
        inner = getattr(command, "commands", None)
        names += [f"skyy {name} {part}" for part in sorted(inner)] if inner else [f"skyy {name}"]
    return names


@pytest.mark.parametrize("command", every_command())
def test_every_command_is_in_the_manual(command: str) -> None:
    assert f"`{command}`" in (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
