"""Two small shops that the tests share."""

from __future__ import annotations

import pytest

from engine.catalog.demo_shop import DemoShop, generate


@pytest.fixture(scope="session")
def tiny() -> DemoShop:
    """With pictures."""
    return generate(scale=0.03)


@pytest.fixture(scope="session")
def half() -> DemoShop:
    """Large enough for statistics, without pictures."""
    return generate(scale=0.5, pictures=False)
