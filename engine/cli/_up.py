"""`skyy up` and `skyy demo`: from nothing to a running dashboard."""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import util
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from engine import standing_work
from engine.actor import Actor
from engine.catalog.demo import SHOP, DemoService, load_demo
from engine.catalog.service import CatalogService
from engine.cli._output import Json, answer, engine, progress
from engine.cli._serve import check_address
from engine.cli._training import follow
from engine.core import Engine
from engine.errors import EngineError, InternalError, ModelNotFound, StoreOwned
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.settings import Settings
from engine.store import socket
from engine.training import TrainingService

_SETUP = Actor.system("setup")


def demo(as_json: Json = False) -> None:
    """Make the synthetic demo shop and train its first model; what exists is left as it is."""
    with engine() as opened:
        version = ensure_demo(opened)
    answer(
        {"shop": SHOP, "champion": version},
        as_json=as_json,
        text=f"The demo shop is ready; {SHOP}.recommender {version} serves.",
    )


def up(
    with_demo: Annotated[bool, typer.Option("--demo", help="Make the demo shop first, if there is no data.")] = False,
    headless: Annotated[bool, typer.Option(help="No dashboard: only jobs and the door for other commands.")] = False,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of dashboard and API.")] = None,
    as_json: Json = False,
) -> None:
    """Start the owner: dashboard and HTTP API in one process."""
    settings = Settings()
    check_address(settings.host)
    _refuse_second_owner(settings)
    if with_demo:
        with engine() as opened:
            if not _serves(opened):
                ensure_demo(opened)
    address = f"http://localhost:{port or settings.port}"
    answer(
        {"address": None if headless else address, "home": str(settings.home)},
        as_json=as_json,
        text=_greeting(address, headless),
    )
    if headless:
        _wait_headless(settings)
    else:
        _become_dashboard(settings, port or settings.port)


def ensure_demo(opened: Engine) -> str:
    """Demo shop and champion, made where they are missing; returns the champion's version."""
    if not any(shop.shop == SHOP for shop in opened.call(CatalogService.list_shops)):
        _generate(opened)
    champion = _champion(opened)
    if champion is None:
        job = opened.call(
            TrainingService.submit,
            actor=_SETUP,
            kind="recommender",
            shop=SHOP,
            idempotency_key=None,
            promote_if_passed=True,
        )
        job = follow(opened, job)
        if job.error is not None:
            raise InternalError(
                f"The first training ended without a model: {job.error}", hint="See 'skyy jobs' and the job's log."
            )
        champion = job.version
    return str(champion)


def _generate(opened: Engine) -> None:
    with progress("Making the demo shop") as bar:
        task = bar.add_task("", total=1.0)
        if opened.owns_store:
            load_demo(opened.service(CatalogService), actor=_SETUP, progress=_teller(bar, task))
        else:
            bar.update(task, description="in the process that holds the store")
            opened.call(DemoService.load, actor=_SETUP)


def _teller(bar: Progress, task: Any) -> Any:
    def tell(stage: str, share: float) -> None:
        bar.update(task, completed=share, description=stage)

    return tell


def _serves(opened: Engine) -> bool:
    """Whether there is anything to show: the demo's champion, or data of one's own."""
    shops = {shop.shop for shop in opened.call(CatalogService.list_shops)}
    return bool(shops - {SHOP}) or (SHOP in shops and _champion(opened) is not None)


def _champion(opened: Engine) -> str | None:
    try:
        return opened.call(RegistryService.get_model, model=f"{SHOP}.recommender").aliases.get(CHAMPION)
    except ModelNotFound:
        return None


def _refuse_second_owner(settings: Settings) -> None:
    if settings.home.exists() and socket.answers(settings.home):
        raise StoreOwned(
            f"A dashboard or command already holds {settings.home}.",
            "One process owns a store at a time.",
            "Open the dashboard that runs, or stop it first; SKYY_HOME names another store.",
        )


def _greeting(address: str, headless: bool) -> str:
    return "The owner runs without a dashboard; stop it with Ctrl-C." if headless else f"DevSkyy ML is at {address}"


def _wait_headless(settings: Settings) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Engine.open(settings) as opened:
        standing_work.begin(opened)
        stop.wait()


def _become_dashboard(settings: Settings, port: int) -> None:
    """Replace this process by the dashboard server, run from the folder with its configuration."""
    found = util.find_spec("dashboard")
    if found is None or not found.submodule_search_locations or util.find_spec("streamlit") is None:
        raise EngineError("The dashboard is not installed.", hint="Run 'make run' in a checkout.")
    folder = Path(next(iter(found.submodule_search_locations)))
    os.chdir(folder.parent)
    command = ["-m", "streamlit", "run", str(folder / "server.py"), "--server.port", str(port)]
    command += ["--server.address", settings.host, "--server.headless", "true"]
    for name in settings.allowed_hosts:
        command += ["--server.allowedHosts", name]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606  # our own interpreter


COMMANDS = (demo, up)
