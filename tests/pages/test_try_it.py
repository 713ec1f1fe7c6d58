"""A version is asked from its page."""

from __future__ import annotations

from engine.core import Engine
from tests.pages.test_pages import opened, texts


def test_a_version_answers_the_form_and_says_what_is_wrong(demo: Engine) -> None:
    app = opened("registry", model="demo.recommender", version="1.0.0", part="Try it")
    assert {"Shopper", "Limit"} <= {field.label for field in [*app.text_input, *app.number_input]}
    app.number_input(key="try_limit").set_value(3)
    ask = next(button for button in app.button if button.label == "Ask")
    ask.click().run()
    assert not app.exception
    assert len(app.dataframe[-1].value) == 3
    assert "demo.recommender 1.0.0" in texts(app)
    shown = [code.value for code in app.code]
    assert any('"item_id"' in each for each in shown)
