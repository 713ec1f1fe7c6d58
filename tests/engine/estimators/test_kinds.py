"""What the launcher, the worker and the gate count on, of every kind."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from engine.errors import InvalidInput
from engine.estimators import KINDS, Estimator, kind_of
from engine.training.recipes import resolve

NAMES = list(KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_has_all_that_the_protocol_names(name: str) -> None:
    kind = kind_of(name)
    assert kind.kind == name
    hints = set(get_type_hints(Estimator, localns={"Dataset": object, "np": object, "NDArray": object}))
    methods = {member for member, value in vars(Estimator).items() if callable(value) and not member.startswith("_")}
    assert not {member for member in (hints - {"config"}) | methods if not hasattr(kind, member)}


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_makes_a_config_that_survives_json(name: str) -> None:
    kind = kind_of(name)
    assert list(kind.presets) == ["quick", "balanced", "best"]
    for preset in kind.presets:
        settings = resolve(kind, config=None, preset=preset, champion=None)
        assert kind.config_type.model_validate(settings).model_dump(mode="json") == settings
        again = resolve(kind, config=None, preset=preset, champion=settings)
        assert again == settings
    assert set(kind.data_fields) <= set(kind.config_type.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_of_the_form_is_described(name: str) -> None:
    fields = kind_of(name).config_type.model_fields
    assert [field for field, about in fields.items() if field != "seed" and not _told(about)] == []


def _told(about: object) -> bool:
    described = getattr(about, "description", None)
    inner = getattr(about, "annotation", None)
    return bool(described) or hasattr(inner, "model_fields")


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(InvalidInput, match="no model kind"):
        kind_of("oracle")
