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


# Resolves once the wall's cards are others than before, and the browser has painted them.
_WATCH_WALL = """
(wall) => {
    const started = performance.now();
    window.redrawn = new Promise((resolve) => {
        const watch = new MutationObserver(() => {
            watch.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - started)));
        });
        watch.observe(wall, {childList: true});
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
        open_page(page, f"{address}/sandbox")
        move_slider(page, "End")
        moves = [move_slider(page, key) for _ in range(_ROUNDS) for key in ("Home", "End")]
        table.figures.append(timed("slider move to redrawn wall", "ms", moves, "< 300 ms"))
        browser.close()
    return table


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning] h1", timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")


def move_slider(page: Page, key: str) -> float:
    """Milliseconds from a key on the first slider of the blend to the redrawn wall."""
    page.locator(".wall .card").first.wait_for()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    slider = page.locator("[data-testid=stSidebar] input[type=range]").first
    slider.focus()
    page.locator("ol.wall").first.evaluate(_WATCH_WALL)
    page.keyboard.press(key)
    took: float = page.evaluate("window.redrawn")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return took


def rerun(page: Page) -> float:
    """Milliseconds from the key to the end of the run."""
    page.evaluate(_WATCH)
    page.keyboard.press("r")
    took: float = page.evaluate("window.rerun")
    return took
