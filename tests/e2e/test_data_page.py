"""Data that stays alive, in a real browser: mend a quarantine, run a feed, remove it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.clock import SystemClock
from tests.e2e.browser import Server, Watched, check_clean, settle
from tests.pages.stock import SHOP

pytestmark = pytest.mark.browser


def test_a_corrected_row_comes_in(watched: Watched, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("item_id,title,cost\nm1,Mended coat,-80\nm2,Good coat,90\n")
    number = imported(server, file)
    page = watched.open(f"/data?tab=Quarantine&snapshot={number}")
    expect(page.get_by_role("button", name="Check and take in")).to_be_disabled()
    write_into(page, "-80", "80")
    button = page.get_by_role("button", name="Check and take in (1)")
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("1 row came in as snapshot")).to_be_visible()
    check_clean(page)
    with server.api() as api:
        rows = api.get("/v1/snapshots", params={"shop": SHOP}).json()
    assert rows[0]["importer"] == "mend"
    assert rows[0]["summary"]["items"]["accepted"] == 1


def test_a_watched_folder_is_run_and_removed(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "exports" / "items.csv"
    file.parent.mkdir()
    file.write_text("item_id,title\nf1,Coat of the feed\n")
    rest(file)
    page = watched.open("/data?tab=Feeds")
    page.get_by_role("textbox", name="Folder or file on the server").fill(str(file.parent))
    page.get_by_role("textbox", name="Name").fill("coats")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("It brought new rows on")).to_be_visible(timeout=60_000)
    settle(page)
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("There was nothing new on")).to_be_visible(timeout=60_000)
    settle(page)
    page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Snapshots that it brought stay.")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No feed yet")).to_be_visible()
    check_clean(page)


def imported(server: Server, file: Path) -> int:
    """Bring a file in by the command that a person would use; returns the snapshot."""
    command = [sys.executable, "-m", "engine.cli", "data", "import", str(file), "--shop", SHOP, "--mode", "upsert"]
    done = subprocess.run(
        [*command, "--json"],
        env={**os.environ, "SKYY_HOME": str(server.home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return int(json.loads(done.stdout)["snapshot"])


def write_into(page: Page, old: str, new: str) -> None:
    """Correct a cell by keyboard: the table is a canvas, its cells are known to readers of the screen only."""
    cells = page.locator("td[role=gridcell]")
    cell = cells.filter(has_text=old).first
    cell.wait_for(state="attached")
    name = str(cell.get_attribute("data-testid"))
    column = int(cell.get_attribute("aria-colindex") or 0)
    page.locator("[data-testid=stDataFrame] .dvn-scroller").first.click(position={"x": 40, "y": 52})
    for place in range(1, column + 1):
        selected = cells.and_(page.locator(f"[aria-colindex='{place}'][aria-selected=true]"))
        selected.wait_for(state="attached")
        if place < column:
            page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    field = page.locator("#portal textarea, #portal input").first
    field.fill(new)
    field.press("Enter")
    expect(page.get_by_test_id(name)).to_have_text(new)
    settle(page)


def rest(file: Path) -> None:
    """Let a file look as if nobody had written to it for a minute."""
    then = SystemClock().now().timestamp() - 60
    os.utime(file, (then, then))
