from __future__ import annotations

from tests.pages.stock import stocked, stocked_home, stocked_template

__all__ = ["stocked", "stocked_home", "stocked_template"]
