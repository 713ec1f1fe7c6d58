"""A version that does not serve, tried in the sandbox beside the one that does."""

from __future__ import annotations

from engine.core import Engine
from tests.pages.stock import SHOP
from tests.pages.test_pages import opened


def test_the_page_says_what_it_tries_and_goes_back(stocked: Engine) -> None:
    shown = opened("sandbox", shop=SHOP, version="1.1.0")
    assert any("1.1.0, snapshot" in caption.value for caption in shown.caption)
    shown.button(key="leave_trial").click().run()
    assert any("1.0.0, snapshot" in caption.value for caption in shown.caption)
    assert not any(button.key == "leave_trial" for button in shown.button)
    lost = opened("sandbox", shop=SHOP, version="9.9.9")
    assert lost.error
    assert lost.button(key="leave_trial")
