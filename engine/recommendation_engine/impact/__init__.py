"""What a change of plan would do, estimated before it is published."""

from engine.recommendation_engine.impact.estimator import ImpactEstimator
from engine.recommendation_engine.impact.schema import Exposure, ImpactReport, Measure, Method, OffPolicy
from engine.recommendation_engine.impact.service import ImpactService

__all__ = ["Exposure", "ImpactEstimator", "ImpactReport", "ImpactService", "Measure", "Method", "OffPolicy"]
