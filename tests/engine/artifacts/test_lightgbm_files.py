"""LightGBM's text models as LightGBM writes them, and figures that nothing can be computed with."""

from __future__ import annotations

import numpy as np
import pytest

from engine import boosting
from engine.artifacts.formats import check_format
from engine.errors import CorruptArtifact


@pytest.fixture(scope="module")
def model() -> str:
    """A booster whose best split sets missing values apart from all others."""
    random = np.random.default_rng(1)
    column = random.normal(size=(400, 1))
    column[::2] = np.nan
    target = np.isnan(column[:, 0]) * 3.0 + random.normal(0, 0.1, 400)
    lgb = boosting.lightgbm()
    parameters = {"verbose": -1, "num_leaves": 2, "num_threads": 1, "objective": "regression"}
    return str(lgb.train(parameters, lgb.Dataset(column, target), 3).model_to_string())


def test_a_split_that_sets_missing_values_apart_is_kept(model: str) -> None:
    assert "threshold=inf" in model
    check_format("model.lgb", model.encode())
    again = boosting.lightgbm().Booster(model_str=model)
    apart = again.predict(np.array([[np.nan], [0.0]]))
    assert apart[0] > apart[1]


@pytest.mark.parametrize(("figure", "value"), [("threshold", "nan"), ("threshold", "-inf"), ("leaf_value", "inf")])
def test_other_figures_are_finite(model: str, figure: str, value: str) -> None:
    lines = [f"{figure}={value}" if line.startswith(f"{figure}=") else line for line in model.splitlines()]
    with pytest.raises(CorruptArtifact, match=f"{figure} holds NaN or infinite"):
        check_format("model.lgb", "\n".join(lines).encode())
