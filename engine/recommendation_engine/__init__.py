"""Recommendations from the release that serves: filters, fold-in of sessions, reasons."""

from engine.recommendation_engine.engine import RecommendationEngine
from engine.recommendation_engine.schema import Contribution, Recommendation, Recommendations, SessionEvent
from engine.recommendation_engine.service import RecommendationService
from engine.recommendation_engine.trial import TrialService

__all__ = [
    "Contribution",
    "Recommendation",
    "RecommendationEngine",
    "RecommendationService",
    "Recommendations",
    "SessionEvent",
    "TrialService",
]
