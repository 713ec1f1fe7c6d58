"""Trainable kinds of model, one module each."""

from engine.estimators.base import Estimator, EstimatorConfig, Evaluation, Guardrail, Holdout, Interval, Report, Scores
from engine.estimators.kinds import KINDS, kind_of

__all__ = [
    "KINDS",
    "Estimator",
    "EstimatorConfig",
    "Evaluation",
    "Guardrail",
    "Holdout",
    "Interval",
    "Report",
    "Scores",
    "kind_of",
]
