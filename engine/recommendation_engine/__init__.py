"""Recommendations from the release that serves: surfaces, rules, live events, reasons, what-if."""

from engine.recommendation_engine.engine import RecommendationEngine
from engine.recommendation_engine.plan import Draft, Exploration, Plan, Rule, RuleKind, Scope, Surface
from engine.recommendation_engine.plans import PlanService
from engine.recommendation_engine.schema import (
    Act,
    Contribution,
    Evidence,
    Observed,
    Recommendation,
    Recommendations,
    SessionEvent,
    WhyNot,
)
from engine.recommendation_engine.service import RecommendationService
from engine.recommendation_engine.trial import TrialService

__all__ = [
    "Act",
    "Contribution",
    "Draft",
    "Evidence",
    "Exploration",
    "Observed",
    "Plan",
    "PlanService",
    "Recommendation",
    "RecommendationEngine",
    "RecommendationService",
    "Recommendations",
    "Rule",
    "RuleKind",
    "Scope",
    "SessionEvent",
    "Surface",
    "TrialService",
    "WhyNot",
]
