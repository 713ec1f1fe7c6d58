"""The language model is stood in for by a quick one."""

from __future__ import annotations

import pytest

from engine.estimators.fashion_classifier import data
from tests.engine.estimators.fashion_classifier.shops import fake_encode


@pytest.fixture(autouse=True)
def quick_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "encode", fake_encode)
