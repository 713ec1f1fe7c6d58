"""Measuring recommenders on held-out choices: windows of time, every item ranked, intervals, pairs."""

from engine.recommendation_engine.evaluation.evaluate import evaluate
from engine.recommendation_engine.evaluation.folder import EvaluationInfo
from engine.recommendation_engine.evaluation.interactions import Interactions
from engine.recommendation_engine.evaluation.reading import read
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, EvaluationReport, Format, Protocol
from engine.recommendation_engine.evaluation.service import EvaluationService
from engine.recommendation_engine.evaluation.shop import evaluate_shop

__all__ = [
    "EvaluationInfo",
    "EvaluationPlan",
    "EvaluationReport",
    "EvaluationService",
    "Format",
    "Interactions",
    "Protocol",
    "evaluate",
    "evaluate_shop",
    "read",
]
