"""The training page as a person meets it: start, watch, reload, cancel, and what came of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Server, Watched, check_clean, settle
from tests.pages.stock import MODEL

pytestmark = pytest.mark.browser

PARTS = ("By slice", "Metrics", "Calibration", "Speed and size", "How it went", "Recipe")


def made_the_second(server: Server) -> str:
    """The job that made version 1.1.0."""
    with server.api() as api:
        jobs = api.get("/v1/jobs").json()
    return next(str(job["job_id"]) for job in jobs if job["version"] == "1.1.0")


def started(page: Page, *, name: str) -> str:
    """Start a training; returns its job."""
    page.get_by_role("button", name=name).click()
    page.wait_for_url(re.compile("job=job-"))
    settle(page)
    found = re.search(r"job=(job-\w+)", page.url)
    assert found is not None
    return found.group(1)


def test_a_training_is_watched_through_a_reload_and_told_when_it_ends(watched: Watched) -> None:
    page = watched.open("/training?preset=quick")
    job = started(page, name="Train a challenger")
    page.reload()
    settle(page)
    assert job in page.url
    page.get_by_text(re.compile("The gate (passed|did not pass)")).first.wait_for(timeout=90_000)
    expect(page.get_by_text("Quick").first).to_be_visible()
    check_clean(page)


def test_the_end_is_a_word_in_the_corner_and_in_the_tab(watched: Watched) -> None:
    page = watched.open("/training?preset=quick")
    started(page, name="Train a challenger")
    page.get_by_text(re.compile("is ready")).wait_for(timeout=90_000)
    expect(page).to_have_title(re.compile(rf"{re.escape(MODEL)} \d+\.\d+\.\d+ is ready"))


def test_cancelling_asks_once(watched: Watched) -> None:
    page = watched.open("/training?preset=best&tune=true&minutes=5")
    job = started(page, name="Train a challenger")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("The champion goes on serving.")).to_be_visible()
    page.get_by_role("button", name="Cancel this job").click()
    page.get_by_role("button", name="Run again exactly").wait_for()
    assert job in page.url
    expect(page.get_by_text(re.compile("skyy train recommender"))).to_be_visible()
    check_clean(page)


def test_changed_settings_are_in_the_address(watched: Watched) -> None:
    page = watched.open("/training?preset=quick")
    page.get_by_text("Options", exact=True).click()
    box = page.get_by_role("spinbutton", name="Neighbours")
    box.fill("140")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("settings="))
    again = watched.open(page.url.removeprefix(watched.base))
    again.get_by_text("Options", exact=True).click()
    expect(again.get_by_role("spinbutton", name="Neighbours")).to_have_value("140")
    expect(again.get_by_text("Neighbours 100 to 140")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_result_draws_in_both_themes_and_widths(browser: Browser, server: Server, scheme: str, width: int) -> None:
    job = made_the_second(server)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    watched = Watched(context, server.url)
    for part in PARTS:
        page = watched.open(f"/training?job={job}&part={part.replace(' ', '+')}")
        expect(page.get_by_role("tab", name=part)).to_have_attribute("aria-selected", "true")
        check_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{part} scrolls sideways"
        page.close()
    context.close()
    assert not watched.foreign
    assert not watched.broken
