"""How soon one can work: importing the engine, and the second `make run` to the first page drawn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.homes import ROOT, demo_home, free_port, healthy, wait_until
from tests.benchmarks.table import Table, timed

_ROUNDS = 5
_DRAWN = "[data-testid=stApp][data-test-script-state=notRunning] h1"


def run() -> Table:
    home = demo_home()
    table = Table("start", "the demo shop, already made")
    bare = [seconds("pass") for _ in range(2 * _ROUNDS)]
    engine = [seconds("import engine") for _ in range(2 * _ROUNDS)]
    table.figures += [
        timed(
            "python -c 'import engine', above an empty python",
            "s",
            [e - b for e, b in zip(engine, bare, strict=True)],
            "< 0.3 s",
        ),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        drawn = [first_page(home, browser) for _ in range(_ROUNDS)]
        browser.close()
    table.figures.append(timed("second 'make run' to the first page drawn", "s", drawn, "< 6 s"))
    return table


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - started


def first_page(home: Path, browser: Browser) -> float:
    """From the command to a drawn Home page in a browser that has never been there."""
    port = free_port()
    environment = {**os.environ, "SKYY_HOME": str(home), "SKYY_PORT": str(port)}
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "-s", "run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: healthy(port))
        page = browser.new_context().new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(_DRAWN, timeout=60_000)
        page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
        took = time.perf_counter() - started
        page.context.close()
        return took
    finally:
        process.terminate()
        process.wait(timeout=30)
