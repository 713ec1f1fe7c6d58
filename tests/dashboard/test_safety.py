"""What the pages promise: text stays text, colours can be read, nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, strategies
from streamlit.testing.v1 import AppTest

from dashboard.runtime import plain, run
from dashboard.uploads import safe_name
from engine.errors import InvalidFile
from tests.conftest import ROOT

CONFIG: dict[str, Any] = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
SOURCES = [
    path
    for folder in ("dashboard", "pages")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".js", ".css")
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_builds_html_or_asks_another_host(path: Any) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafe_allow|eval\(", text)
    assert not re.search(r"https?://(?!localhost|127\.0\.0\.1)", text)


def test_the_configuration_is_the_safe_one() -> None:
    server, client = CONFIG["server"], CONFIG["client"]
    assert server["address"] == "127.0.0.1"
    assert server["enableCORS"]
    assert server["enableXsrfProtection"]
    assert server["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert client["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert "http" not in str(CONFIG["theme"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read(theme: str) -> None:
    colours = CONFIG["theme"][theme]
    for surface in ("backgroundColor", "secondaryBackgroundColor"):
        for words in ("textColor", "linkColor", "grayTextColor", "codeTextColor"):
            assert contrast(colours[words], colours[surface]) >= 4.5, (words, surface)
    assert contrast("#FFFFFF", colours["primaryColor"]) >= 4.5
    assert contrast(colours["primaryColor"], colours["backgroundColor"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_colours_stand_out(theme: str) -> None:
    series = CONFIG["theme"][theme].get("chartCategoricalColors", CONFIG["theme"]["chartCategoricalColors"])
    weakest = min(contrast(colour, CONFIG["theme"][theme]["backgroundColor"]) for colour in series)
    assert weakest >= 2
    assert len(CONFIG["theme"]["chartSequentialColors"]) == len(CONFIG["theme"]["chartDivergingColors"]) == 10


@given(strategies.text(max_size=80))
def test_plain_text_has_no_markup_left(text: str) -> None:
    unescaped = re.sub(r"\\[\\`*_{}\[\]()#+\-!|<>~$:]", "", plain(text))
    assert not re.search(r"[\\`*_{}\[\]()#+\-!|<>~$:\n]", unescaped)


@pytest.mark.parametrize(
    ("given_name", "kept"), [("a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("C:\\x\\b.csv", "b.csv")]
)
def test_an_upload_is_kept_under_its_last_name(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@pytest.mark.parametrize("name", ["", "..", "a/..", "x\x00.csv", "folder/"])
def test_an_upload_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidFile):
        safe_name(name)


def test_the_bridge_waits_for_a_coroutine() -> None:
    async def answer() -> int:
        return 42

    assert run(answer()) == 42


def test_an_engine_error_is_one_box_with_all_three_parts() -> None:
    def page() -> None:
        from dashboard.runtime import told
        from engine.errors import InvalidInput

        with told():
            raise InvalidInput("Column 'price' has 14 *negative* values.", "Prices are at least 0.", "Fix the rows.")

    app = AppTest.from_function(page).run()
    assert len(app.error) == 1
    assert app.error[0].value == "Prices are at least 0. Fix the rows."
    assert not app.exception


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two `#RRGGBB` colours."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
