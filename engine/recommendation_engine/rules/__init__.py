"""A plan's rules at work: which products may appear, what is added to scores, how the list is laid out."""

from engine.recommendation_engine.rules.layout import Placed, lay_out
from engine.recommendation_engine.rules.rulebook import InForce, Rulebook, Situation

__all__ = ["InForce", "Placed", "Rulebook", "Situation", "lay_out"]
