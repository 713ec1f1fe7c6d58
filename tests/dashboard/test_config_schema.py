"""The settings that a form is made of, and what was changed in it."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from streamlit.testing.v1 import AppTest

from dashboard.training.config_form import step_of
from dashboard.training.config_schema import Setting, Shape, changes, settings_of, told_changes
from engine.estimators.kinds import KINDS, kind_of


class Inner(BaseModel):
    """An inner part."""

    depth: int = Field(default=3, ge=1, le=9)


class Config(BaseModel):
    """One field of every shape."""

    seed: int = 0
    on: bool = Field(default=True, description="Whether at all.")
    way: Literal["a", "b"] = Field(default="a", title="The way")
    ways: list[Literal["a", "b"]] = []
    whole: int | None = Field(default=None, ge=0, le=10)
    share: float = Field(default=0.5, gt=0, le=1)
    text: str = ""
    texts: list[str] = []
    part: Inner = Inner()
    optional: Inner | None = None
    by_name: dict[str, float] = {"x": 1.0, "y": 2.0}
    pairs: list[tuple[int, int]] = []


def by_name() -> dict[str, Setting]:
    return {setting.name: setting for setting in settings_of(Config.model_json_schema())}


def test_every_shape_is_found() -> None:
    assert {name: setting.shape for name, setting in by_name().items()} == {
        "on": Shape.YES_NO,
        "way": Shape.CHOICE,
        "ways": Shape.CHOICES,
        "whole": Shape.WHOLE,
        "share": Shape.NUMBER,
        "text": Shape.TEXT,
        "texts": Shape.TEXTS,
        "part": Shape.GROUP,
        "optional": Shape.GROUP,
        "by_name": Shape.GROUP,
        "pairs": Shape.OTHER,
        "seed": Shape.WHOLE,
    }
    assert list(by_name())[-1] == "seed"


def test_words_bounds_and_options_are_read() -> None:
    found = by_name()
    assert (found["on"].title, found["on"].about, found["way"].title) == ("On", "Whether at all.", "The way")
    assert (found["whole"].low, found["whole"].high, found["whole"].nullable) == (0, 10, True)
    assert (found["share"].low, found["share"].high) == (0, 1)
    assert found["way"].options == found["ways"].options == ("a", "b")
    assert [part.name for part in found["by_name"].parts] == ["x", "y"]
    assert (found["optional"].nullable, found["part"].nullable) == (True, False)
    assert found["part"].parts[0].high == 9


def test_only_what_differs_is_a_change_and_a_group_comes_whole() -> None:
    base = Config().model_dump()
    assert changes(base, base) == {}
    values = {**base, "on": False, "by_name": {"x": 1.0, "y": 3.0}, "optional": {"depth": 3}}
    changed = changes(base, values)
    assert changed == {"on": False, "by_name": {"x": 1.0, "y": 3.0}, "optional": {"depth": 3}}
    told = told_changes(list(by_name().values()), base, changed)
    assert set(told) == {"On on to off", "Y 2.0 to 3.0", "Optional none to on"}


@pytest.mark.parametrize(("value", "step"), [(0.003, 0.0001), (0.4, 0.01), (1.0, 0.1), (300.0, 1.0), (0.0, 1.0)])
def test_a_step_suits_the_size_of_a_number(value: float, step: float) -> None:
    assert step_of(value) == pytest.approx(step)


def form(base, kind):  # type: ignore[no-untyped-def]  # the text of it runs as a script of its own
    import streamlit as st

    from dashboard.training.config_form import config_form
    from dashboard.training.config_schema import settings_of
    from engine.estimators.kinds import kind_of

    schema = kind_of(kind).config_type.model_json_schema()
    st.session_state["values"] = config_form(settings_of(schema), base, {}, key="set")


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_form_that_nobody_touched_changes_nothing(kind: str) -> None:
    config_type = kind_of(kind).config_type
    for preset in ({}, *kind_of(kind).presets.values()):
        base = config_type.model_validate(preset).model_dump(mode="json")
        app = AppTest.from_function(form, args=(base, kind), default_timeout=60).run()
        assert not app.exception
        values = app.session_state["values"]
        assert changes(base, values) == {}
        config_type.model_validate({**base, **values})


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_setting_says_what_it_is(kind: str) -> None:
    for setting in settings_of(kind_of(kind).config_type.model_json_schema()):
        assert setting.shape is not Shape.OTHER
        assert setting.about or setting.parts or setting.name == "seed"
