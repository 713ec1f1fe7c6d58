"""A real server process and a real Chromium, with what every browser test watches for."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import ROOT

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
NO_SKELETON = "!document.querySelector('[data-testid=stSkeleton]')"


@dataclass
class Server:
    """The dashboard in its own process."""

    url: str
    home: Path
    log: Path

    def api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api", timeout=30)


@dataclass
class Watched:
    """A browser context that notes requests to other hosts and errors in the console."""

    context: BrowserContext
    base: str
    foreign: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.goto(self.base + path)
        settle(page)
        return page

    def _note(self, url: str) -> None:
        if not url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(url)


def settle(page: Page) -> None:
    """Wait until the script has run and nothing is a grey placeholder."""
    page.wait_for_function("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    page.wait_for_selector(SETTLED, timeout=60_000)
    page.wait_for_function(NO_SKELETON, timeout=30_000)


def words(page: Page) -> str:
    return page.locator("[data-testid=stMain]").inner_text()


def check_clean(page: Page) -> None:
    """No exception box and no traceback."""
    assert page.locator("[data-testid=stException]").count() == 0
    assert not re.search(r"Traceback|File \".*\.py\"", words(page))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(home: Path, log: Path) -> Iterator[Server]:
    """Run the dashboard until the generator is closed."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/server.py", "--server.port", str(port)]
    environment = {**os.environ, "SKYY_HOME": str(home)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    server = Server(f"http://localhost:{port}", home, log)
    try:
        _wait_ready(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{server.url}/api/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        threading.Event().wait(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")


@pytest.fixture(scope="module")
def server(stocked_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    home = folder / "home"
    shutil.copytree(stocked_template, home, ignore=shutil.ignore_patterns("owner.*"))
    yield from serve(home, folder / "log")


# No wider than a module: while it is open, an event loop runs in this thread and asyncio.run cannot.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    """A fresh context; at the end no other host was asked and no script broke."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", permissions=["clipboard-read"]
    )
    context.set_default_timeout(30_000)
    watched = Watched(context, server.url)
    yield watched
    for page in context.pages:  # captured output is shown for a failed test only
        print(page.url, words(page), sep="\n")
    context.close()
    assert not watched.foreign
    assert not watched.broken
