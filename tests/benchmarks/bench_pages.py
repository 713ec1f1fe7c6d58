"""How long a page takes to run again on the demo shop, as the browser sees it."""

from __future__ import annotations

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.homes import dashboard, demo_home, wait_until
from tests.benchmarks.table import Table, timed

_ROUNDS = 15
_PAGES = (
    "/",
    "/registry",
    "/registry?model=demo.recommender&version=1.0.0",
    "/training",
    "/sandbox",
    "/data",
    "/system",
)

# Streamlit runs a page's script again on the key R, and tells its state on the app element.
_WATCH = """
() => {
    const app = document.querySelector('[data-testid=stApp]');
    window.rerun = new Promise((resolve) => {
        let started = null;
        const watch = new MutationObserver(() => {
            const state = app.getAttribute('data-test-script-state');
            if (started === null && state !== 'notRunning') started = performance.now();
            if (started !== null && state === 'notRunning') {
                watch.disconnect();
                resolve(performance.now() - started);
            }
        });
        watch.observe(app, {attributes: true});
    });
}
"""


def run() -> Table:
    table = Table("pages", "the demo shop: 3,000 products, 20,000 shoppers, about 400,000 events")
    home = demo_home()
    with dashboard(home) as address, sync_playwright() as playwright:
        # The product vectors of a new shop are made in the background; they are not what is measured here.
        wait_until(lambda: any((home / "cache" / "text").glob("*.safetensors")), within_s=300)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        for path in _PAGES:
            open_page(page, address + path)
            rerun(page)
            table.figures.append(timed(f"rerun of {path}", "ms", [rerun(page) for _ in range(_ROUNDS)], "< 300 ms"))
        browser.close()
    return table


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning] h1", timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")


def rerun(page: Page) -> float:
    """Milliseconds from the key to the end of the run."""
    page.evaluate(_WATCH)
    page.keyboard.press("r")
    took: float = page.evaluate("window.rerun")
    return took
