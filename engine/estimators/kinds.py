"""Which kinds there are; each is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from engine.errors import InvalidInput

if TYPE_CHECKING:
    from engine.estimators.base import Estimator

KINDS: dict[str, str] = {
    "recommender": "engine.estimators.recommender.estimator:RecommenderEstimator",
    "fashion_classifier": "engine.estimators.fashion_classifier.estimator:FashionClassifier",
    "price_optimizer": "engine.estimators.price_optimizer.estimator:PriceOptimizer",
    "fit_advisor": "engine.estimators.fit_advisor.estimator:FitAdvisor",
    "review_sentiment": "engine.estimators.review_sentiment.estimator:ReviewSentiment",
    "tabular": "engine.estimators.tabular.estimator:Tabular",
}
"""Kind to `module:class`."""


def kind_of(name: str) -> type[Estimator]:
    """The estimator class of a kind.

    Raises
    ------
    InvalidInput
        There is no such kind.
    """
    if name not in KINDS:
        raise InvalidInput(f"There is no model kind {name[:80]!r}.", f"Known kinds: {', '.join(KINDS)}.")
    module, _, attribute = KINDS[name].partition(":")
    found: type[Estimator] = getattr(import_module(module), attribute)
    return found
