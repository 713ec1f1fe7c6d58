"""Trainable kinds of model, one module each."""

from engine.estimators.base import (
    Calibration,
    Choices,
    Cost,
    Estimator,
    EstimatorConfig,
    Evaluation,
    Guardrail,
    Holdout,
    Interval,
    Outlook,
    Report,
    Scores,
)
from engine.estimators.kinds import KINDS, kind_of

__all__ = [
    "KINDS",
    "Calibration",
    "Choices",
    "Cost",
    "Estimator",
    "EstimatorConfig",
    "Evaluation",
    "Guardrail",
    "Holdout",
    "Interval",
    "Outlook",
    "Report",
    "Scores",
    "kind_of",
]
