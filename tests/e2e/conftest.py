from __future__ import annotations

from tests.e2e.browser import browser, server, watched
from tests.pages.stock import stocked, stocked_home, stocked_template

__all__ = ["browser", "server", "stocked", "stocked_home", "stocked_template", "watched"]
