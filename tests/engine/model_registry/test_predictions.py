"""Any version of the registry can be asked, and says so clearly where it cannot."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput, ModelNotFound, NoArtifact
from engine.model_registry import RegistryService
from engine.model_registry.predictions import MOST_INPUTS, PredictionService

MODEL = "demo.recommender"


def test_the_sample_is_an_input_that_the_model_takes(demo: Engine) -> None:
    sample = demo.call(PredictionService.sample, model=MODEL)
    found = demo.call(PredictionService.predict, model=MODEL, inputs=[sample, {"limit": 3}])
    assert (found.model, found.version, found.kind) == (MODEL, "1.0.0", "recommender")
    assert [len(each["items"]) for each in found.answers] == [sample["limit"], 3]
    assert [each["cold_start"] for each in found.answers] == [False, True]


def test_what_cannot_be_asked_is_told(demo: Engine, actor: Actor) -> None:
    with pytest.raises(ModelNotFound):
        demo.call(PredictionService.predict, model="demo.nothing", inputs=[{}])
    for inputs in ([], [{}] * (MOST_INPUTS + 1)):
        with pytest.raises(InvalidInput, match="inputs were given"):
            demo.call(PredictionService.predict, model=MODEL, inputs=inputs)
    demo.call(
        RegistryService.register_version,
        actor=actor,
        model="figures",
        version="1.0.0",
        framework="other",
        metrics={"f1": 0.9},
    )
    with pytest.raises(NoArtifact, match="metrics but no model"):
        demo.call(PredictionService.predict, model="figures", reference="1.0.0", inputs=[{}])
