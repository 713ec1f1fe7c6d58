"""The merchandiser's way in a real browser: boost a product, see the arrow, publish with a reason, undo."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Server, Watched, check_clean, settle
from tests.e2e.test_main_path import confirm

pytestmark = pytest.mark.browser


def card(page: Page, place: int) -> Locator:
    """The card at a place of the big wall, counted from 1."""
    return page.locator(".wall:not(.small) .card").nth(place - 1)


def title(of: Locator) -> str:
    return of.locator(".title").inner_text()


def choose(page: Page, of: Locator, entry: str) -> None:
    """Choose from a card's menu by keyboard."""
    of.locator("button.more").focus()
    page.keyboard.press("Enter")
    item = page.get_by_role("menuitem", name=entry, exact=True)
    expect(item).to_be_visible()
    item.focus()
    page.keyboard.press("Enter")
    settle(page)


def served_plan(api: httpx.Client) -> int:
    return int(api.post("/v1/recommend", json={"shop": "atelier", "limit": 3}).json()["plan"])


def test_boost_see_the_arrow_publish_and_undo(watched: Watched, server: Server) -> None:
    page = watched.open("/sandbox?shop=atelier&limit=24")
    lifted = card(page, 8)
    name = title(lifted)
    choose(page, lifted, "Boost")
    moved = page.locator(".card", has_text=name).locator(".moved")
    expect(moved).to_have_text(re.compile("↑"))
    expect(page.locator(".card", has_text=name).locator(".badge")).to_contain_text("Boost")
    assert "draft=" in page.url

    page.get_by_role("radio", name="Before and after").click()
    settle(page)
    expect(page.get_by_role("heading", name="Before", exact=True)).to_be_visible()
    expect(page.locator(".wall.dense")).to_have_count(2)

    page.get_by_test_id("stSidebar").get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Boost {name} by 50%")).to_be_visible()
    expect(dialog.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    settle(page)
    confirm(page, dialog.get_by_role("button", name="Publish", exact=True), reason="It is in the window now")
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("stSidebar").get_by_text("as plan 1")).to_be_visible()
    assert "draft=" not in page.url
    with server.api() as api:
        assert served_plan(api) == 1

    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("It is in the window now")).to_be_visible()
    page.get_by_role("button", name="Undo the last").click()
    expect(dialog.get_by_text(f"Boost {name} by 50%")).to_be_visible()
    settle(page)
    confirm(page, dialog.get_by_role("button", name="Undo", exact=True), reason="The window changed")
    expect(page.get_by_test_id("stSidebar").get_by_text("as plan 2")).to_be_visible()
    with server.api() as api:
        assert served_plan(api) == 2
    check_clean(page)


def test_a_shared_draft_opens_for_somebody_else(watched: Watched, server: Server) -> None:
    page = watched.open("/sandbox?shop=atelier")
    slider = page.get_by_test_id("stSidebar").locator("input[type=range]").first
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text(re.compile("Against what is live"))).to_be_visible()
    settle(page)
    order = page.locator(".wall .title").all_inner_texts()
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid=stPopoverBody] code").inner_text()
    for part in ("shop=atelier", "shopper=", "draft="):
        assert part in link
    again = watched.open(link.removeprefix(server.url))
    expect(again.get_by_text(re.compile("Against what is live"))).to_be_visible()
    assert again.locator(".wall .title").all_inner_texts() == order


def test_a_click_in_the_shoppers_place_changes_the_wall_and_keeps_the_focus(watched: Watched) -> None:
    page = watched.open("/sandbox?shop=atelier")
    seen, kept = title(card(page, 1)), title(card(page, 4))
    page.locator("button.open", has_text=kept).focus()
    card(page, 1).locator("button.action", has_text="View").click()
    settle(page)
    expect(page.locator(".wall.small .title", has_text=seen)).to_be_visible()
    expect(page.locator(".wall:not(.small) .title", has_text=seen)).to_have_count(0)
    assert "did=view" in page.url
    page.get_by_role("button", name="End the visit").click()
    settle(page)
    expect(page.locator(".wall.small")).to_have_count(0)
