"""The registry in a real browser: from the list to the answer, shared, compared, kept as a view."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Server, Watched, check_clean, settle, words
from tests.pages.stock import MODEL

pytestmark = pytest.mark.browser

_HEADER, _ROW, _TICKS = 35, 35, 40


def click_row(page: Page, row: int, *, tick: bool = False) -> None:
    """Click a row of the first table, which is drawn on a canvas: in its first column, or on its tick."""
    x = _TICKS / 2 if tick else _TICKS + 25
    page.locator(".dvn-scroller").first.click(position={"x": x, "y": _HEADER + _ROW * row + _ROW / 2})
    settle(page)


def test_why_is_this_version_live_and_on_which_rows_was_it_trained_in_three_clicks(watched: Watched) -> None:
    page = watched.open("/registry?q=alias+%3D+champion")
    click_row(page, 0)
    page.wait_for_url(re.compile(r"\?model=[^&]+&version=1\.0\.0$"))
    expect(page.get_by_text("Live now.")).to_be_visible()
    settle(page)
    told = words(page)
    assert "Promoted by tester" in told
    assert "“the first”" in told
    assert "Trained on snapshot 1 of atelier" in told
    page.get_by_role("tab", name="Lineage").click()
    page.get_by_role("link", name="Snapshot 1").click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    expect(page.get_by_text("Products", exact=True)).to_be_visible()
    settle(page)
    assert "shop=atelier&snapshot=1" in page.url
    check_clean(page)


def test_a_point_of_the_lineage_is_a_link(watched: Watched) -> None:
    page = watched.open(f"/registry?model={MODEL}&version=1.0.0&part=Lineage")
    points = page.locator(".scatterlayer .point")
    expect(points).to_have_count(6)
    points.nth(1).click(force=True)
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()


def test_a_search_is_in_the_address_and_the_link_opens_it(watched: Watched, server: Server) -> None:
    page = watched.open("/registry")
    page.get_by_label("Search", exact=True).fill("stage in (candidate, staging)")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 version.")).to_be_visible()
    settle(page)
    assert "q=stage" in page.url
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid=stPopoverBody] code").inner_text()
    again = watched.open(link.removeprefix(server.url))
    expect(again.get_by_text("1 version.")).to_be_visible()
    expect(again.get_by_label("Search", exact=True)).to_have_value("stage in (candidate, staging)")


def test_a_wrong_search_is_one_clear_sentence(watched: Watched) -> None:
    page = watched.open("/registry")
    page.get_by_label("Search", exact=True).fill("colour = red")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no field 'colour'.")).to_be_visible()
    expect(page.get_by_text("2 versions.")).to_be_visible()
    check_clean(page)


def test_two_ticked_versions_are_compared_on_their_shared_rows(watched: Watched) -> None:
    page = watched.open("/registry?sort=version&asc=yes")
    click_row(page, 0, tick=True)
    click_row(page, 1, tick=True)
    page.get_by_role("button", name="Compare 2 versions").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("shared units"))).to_be_visible()
    assert "versions=1.0.0%2C1.1.0" in page.url
    check_clean(page)


def test_a_view_is_kept_and_opened_again(watched: Watched) -> None:
    page = watched.open("/registry?stage=production&sort=version")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("textbox", name="Name of a new view").fill("live")
    page.get_by_role("button", name="Save what is shown").click()
    settle(page)
    fresh = watched.open("/registry")
    expect(fresh.get_by_text("2 versions.")).to_be_visible()
    fresh.get_by_role("button", name="Views").click()
    fresh.get_by_role("button", name="live", exact=True).click()
    expect(fresh.get_by_text("1 version.")).to_be_visible()
    settle(fresh)
    assert "stage=production" in fresh.url
    assert "sort=version" in fresh.url


def test_a_filter_is_chosen_with_its_count_and_taken_away(watched: Watched) -> None:
    page = watched.open("/registry")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Stage").click()
    page.get_by_role("option", name="production (1)").click()
    expect(page.get_by_text("1 version.")).to_be_visible()
    settle(page)
    assert "stage=production" in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stage: production").click()
    expect(page.get_by_text("2 versions.")).to_be_visible()
    settle(page)
    assert "stage" not in page.url


def test_the_list_is_as_it_was_left(watched: Watched) -> None:
    page = watched.open("/registry?q=alias+%3D+champion")
    click_row(page, 0)
    page.wait_for_url(re.compile(r"version=1\.0\.0$"))
    settle(page)
    page.get_by_role("button", name="All versions").click()
    expect(page.get_by_text("1 version.")).to_be_visible()
    settle(page)
    assert "q=alias" in page.url
    assert "version=" not in page.url
