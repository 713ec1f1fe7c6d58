"""What a person does, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.state import PAGES
from tests.conftest import wait_for
from tests.e2e.browser import Server, Watched, check_clean, settle, words
from tests.pages.stock import MODEL, TRICKY_TITLE

pytestmark = pytest.mark.browser

VERSION = f"/registry?model={MODEL}&version=1.1.0"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_draws_in_both_themes_and_widths(
    browser: Browser, server: Server, tmp_path: Path, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    watched = Watched(context, server.url)
    for name, (title, _) in PAGES.items():
        page = watched.open("/" if name == "home" else f"/{name}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        check_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        page.screenshot(path=tmp_path / f"{name}.png")
        page.close()
    context.close()
    assert not watched.foreign
    assert not watched.broken


def confirm(page: Page, button: Locator, *, reason: str) -> None:
    """Give the reason and click; a rerun that comes between may take what was typed, so it is looked at again."""
    box = page.get_by_role("dialog").get_by_role("textbox", name="Reason")
    for _ in range(5):
        box.fill(reason)
        page.keyboard.press("Tab")
        settle(page)
        if button.is_enabled():
            break
    button.click()


def test_promote_then_roll_back(watched: Watched, server: Server) -> None:
    page = watched.open(VERSION)
    page.get_by_role("button", name="Promote", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Serves now")).to_be_visible()
    expect(dialog.get_by_role("button", name="Promote", exact=True)).to_be_visible()
    settle(page)
    expect(dialog.get_by_text("1.0.0", exact=True)).to_be_visible()
    if dialog.get_by_text("Overrule the gate").count():
        expect(dialog.get_by_role("button", name="Promote", exact=True)).to_be_disabled()
        dialog.get_by_text("Overrule the gate").click()
        expect(dialog.get_by_role("checkbox")).to_be_checked()
    settle(page)
    confirm(page, dialog.get_by_role("button", name="Promote", exact=True), reason="It knows the new season")
    expect(page.get_by_role("button", name="Roll back")).to_be_visible()
    with server.api() as api:
        assert api.get(f"/v1/models/{MODEL}").json()["aliases"]["champion"] == "1.1.0"
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Roll back")).to_be_disabled()
    confirm(page, dialog.get_by_role("button", name="Roll back", exact=True), reason="Returns went up")
    expect(page.get_by_role("button", name="Promote", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Audit trail").click()
    settle(page)
    with server.api() as api:
        assert api.get(f"/v1/models/{MODEL}").json()["aliases"]["champion"] == "1.0.0"
        moves = api.get(f"/v1/models/{MODEL}/history").json()
    assert [move["reason"] for move in moves[:2]] == ["Returns went up", "It knows the new season"]


def test_a_promotion_holds_only_while_what_was_shown_still_serves(watched: Watched, server: Server) -> None:
    page = watched.open(VERSION)
    with server.api() as api:
        before = api.get(f"/v1/models/{MODEL}").json()["aliases"]["champion"]
        assert before == "1.0.0"
        page.get_by_role("button", name="Promote", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Serves now")).to_be_visible()
        expect(dialog.get_by_role("button", name="Promote", exact=True)).to_be_visible()
        settle(page)
        body = {"version": "1.1.0", "expected": before, "reason": "faster", "overrule": True}
        assert api.post(f"/v1/models/{MODEL}/promote", json=body).status_code == 200
        try:
            if dialog.get_by_text("Overrule the gate").count():
                dialog.get_by_text("Overrule the gate").click()
                expect(dialog.get_by_role("checkbox")).to_be_checked()
            settle(page)
            dialog.get_by_role("textbox", name="Reason").fill("too late")
            page.keyboard.press("Tab")
            settle(page)
            dialog.get_by_role("button", name="Promote", exact=True).click()
            expect(dialog.get_by_text("Look at the present state")).to_be_visible()
        finally:
            api.post(f"/v1/models/{MODEL}/rollback", json={"expected": "1.1.0", "reason": "as before"})


def test_a_job_survives_a_reload_and_shows_its_result(watched: Watched) -> None:
    page = watched.open("/training")
    page.get_by_role("button", name="Retrain").click()
    page.wait_for_url(re.compile("job=job-"))
    address = page.url
    page.reload()
    settle(page)
    assert page.url == address
    page.get_by_text(re.compile("The gate (passed|did not pass)")).wait_for(timeout=90_000)
    check_clean(page)


def test_a_shared_link_opens_the_same_view(watched: Watched, server: Server) -> None:
    page = watched.open("/sandbox?who=Basket&basket=i01&category=shirts&limit=12")
    before = titles(page)
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid=stPopoverBody] code").inner_text()
    assert link.startswith(f"{server.url}/sandbox?")
    again = watched.open(link.removeprefix(server.url))
    assert titles(again) == before
    assert len(before) == 12


def test_a_product_opens_by_keyboard_and_goes_into_the_basket(watched: Watched) -> None:
    page = watched.open("/sandbox")
    first = page.locator("button.open").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Position 2")).to_be_visible()
    assert "item=" in page.url
    dialog.get_by_role("button", name="Add to basket").click()
    expect(dialog).to_have_count(0)
    settle(page)
    assert "basket=" in page.url
    assert "item=" not in page.url


def test_titles_are_text_and_never_markup(watched: Watched) -> None:
    page = watched.open("/sandbox?who=Basket&basket=i21&category=shirts&limit=24")
    expect(page.locator(".title", has_text=TRICKY_TITLE)).to_be_visible()
    page.locator("button.open", has_text=TRICKY_TITLE).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(TRICKY_TITLE)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def test_pictures_come_from_this_server(watched: Watched) -> None:
    page = watched.open("/sandbox")
    image = page.locator("img.photo").first
    image.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('img.photo') === null || true")
    expect(image).to_have_js_property("complete", True)
    assert image.get_attribute("src").startswith("/api/v1/images/")
    assert image.get_attribute("alt")


def test_a_file_is_imported_by_upload(watched: Watched, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("item_id,title,category\nA1,=cmd()|x,scarf\nA2,Wool scarf,scarf\n,No id,scarf\n")
    page = watched.open("/data?tab=Import")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("Recognised as").wait_for()
    settle(page)
    box = page.get_by_role("combobox", name="Into shop")
    box.click()
    box.fill("scarves")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Its title").wait_for()
    settle(page)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("holds the rows").wait_for(timeout=60_000)
    assert "shop=scarves" in page.url  # the page turns to what came in
    check_clean(page)
    with server.api() as api:
        snapshot = api.get("/v1/snapshots", params={"shop": "scarves"}).json()[0]
    assert snapshot["summary"]["items"]["accepted"] == 2
    assert snapshot["summary"]["items"]["quarantined"] == 1
    page.get_by_role("button", name="Close", exact=True).last.click()
    settle(page)
    wait_for(lambda: list((server.home / "staging").glob("upload-*")), until=lambda left: not left)


def test_a_path_that_is_not_there_is_one_clear_sentence(watched: Watched) -> None:
    page = watched.open("/data?tab=Import")
    page.get_by_role("radio", name="The server").click()
    settle(page)
    page.get_by_role("textbox", name="File or folder on the server").fill("/nowhere/at/all.csv")
    page.keyboard.press("Enter")
    page.locator("[data-testid=stAlert]").first.wait_for()
    assert page.locator("[data-testid=stAlert]").count() == 1
    check_clean(page)


def titles(page: Page) -> list[str]:
    page.locator("button.open").first.wait_for()
    assert "products from" in words(page)
    return page.locator(".wall:not(.small) .title").all_inner_texts()
