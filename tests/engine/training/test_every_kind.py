"""Every kind by one click: a real worker on the demo shop, a version that answers, and the same figures again."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.estimators import KINDS, kind_of
from engine.model_registry import RegistryService
from engine.model_registry.predictions import PredictionService
from engine.training import JobState, TrainingService
from tests.conftest import finished

SMALL_SHOP = {"fashion_classifier": {"fewest_rows": 8}}
"""What a shop of 300 products needs beside the preset."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_trained_asked_and_trained_again(demo: Engine, actor: Actor, kind: str) -> None:
    job = demo.call(
        TrainingService.submit, actor=actor, kind=kind, shop="demo", preset="quick", config=SMALL_SHOP.get(kind)
    )
    job = finished(demo, job.job_id)
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    assert job.version is not None
    version = demo.call(RegistryService.get_version, model=job.model, reference=job.version)
    assert kind_of(kind).primary_metric in version.metrics
    assert version.card is not None
    assert {"purpose", "limits"} <= version.card.keys()
    sample = demo.call(PredictionService.sample, model=job.model, reference=job.version)
    told = demo.call(PredictionService.predict, model=job.model, reference=job.version, inputs=[sample])
    assert told.answers[0]

    again = finished(demo, demo.call(TrainingService.rerun, actor=actor, job_id=job.job_id).job_id)
    assert (again.state, again.error) == (JobState.SUCCEEDED, None)
    assert again.version is not None
    figures = demo.call(RegistryService.get_version, model=job.model, reference=again.version).metrics
    assert figures == pytest.approx(version.metrics, abs=1e-6)
