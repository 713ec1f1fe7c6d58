"""A shop's own recommender beside the other models, over rolling windows of its own events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation.evaluate import BLEND, Tell, evaluate
from engine.recommendation_engine.evaluation.interactions import Interactions
from engine.recommendation_engine.evaluation.rivals import MOST_ITEMS_EASE, RIVALS
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, EvaluationReport, Protocol

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.recommender.data import ShopData
    from engine.recommendation_engine.evaluation.measuring import Lists
    from engine.recommendation_engine.evaluation.splits import Split
    from engine.training.vectors import Sources

RECOMMENDER = "recommender"
SLOW = ("sequence",)
"""Models that take minutes; a shop's evaluation includes them only when they are named."""


def evaluate_shop(
    dataset: Dataset,
    shop: str,
    plan: EvaluationPlan,
    config: dict[str, Any] | None = None,
    *,
    sources: Sources | None = None,
    tell: Tell | None = None,
) -> EvaluationReport:
    """Measure the shop's recommender and the other models on the same windows.

    Parameters
    ----------
    config : dict or None
        Settings of the recommender; the kind's defaults when left out.
    sources : Sources or None
        For settings that place products by their words and pictures; only attributes are read without.

    Raises
    ------
    InvalidInput
        The shop has too few events for a recommender, or for the plan.
    """
    from engine.estimators.recommender.estimator import RecommenderEstimator
    from engine.training.vectors import described

    settings = RecommenderEstimator.config_type.model_validate(config or {})
    missing = RecommenderEstimator.missing(dataset, settings)
    if missing:
        raise InvalidInput(f"{shop!r} cannot be evaluated.", " ".join(missing), "Import the missing data.")
    if settings.wants_vectors and sources is not None:
        dataset = described(dataset, sources, _Silent())
    data = RecommenderEstimator.everything(dataset, settings)
    if not plan.models:
        plan = plan.model_copy(update={"models": usual_models(len(data.item_ids), plan.protocol)})
    own = {}
    if plan.protocol is Protocol.TEMPORAL:
        own = {RECOMMENDER: ("The shop's recommender", lambda split: rank_as_trained(data, settings, split))}
    elif RECOMMENDER in plan.models:
        raise InvalidInput(
            "The shop's recommender is measured over time only.",
            "The protocol is leave-last-out.",
            "Ask for --protocol temporal.",
        )
    return evaluate(interactions_of(data, shop), plan, own=own, tell=tell)


def usual_models(n_items: int, protocol: Protocol) -> tuple[str, ...]:
    """What a shop's evaluation holds when nothing is named."""
    left_out = {*SLOW, *(["ease"] if n_items > MOST_ITEMS_EASE else [])}
    own = [RECOMMENDER] if protocol is Protocol.TEMPORAL else []
    return (*(name for name in RIVALS if name not in left_out), BLEND, *own)


def interactions_of(data: ShopData, shop: str) -> Interactions:
    """A shop's events, under the recommender's own numbers of shoppers and items."""
    log = data.log
    notes = []
    if log.strong.any() and not log.strong.all():
        notes.append("Purchases and rentals are foretold; other events are learned from.")
    return Interactions.ordered(
        shop,
        log.shopper,
        log.item,
        log.day,
        strong=log.strong,
        content=data.content if data.content.nnz else None,
        notes=notes,
        n_shoppers=log.n_shoppers,
        n_items=log.n_items,
    )


def rank_as_trained(data: ShopData, settings: Any, split: Split) -> Lists:
    """The recommender as a training would make it at the split's cut."""
    from engine.estimators.recommender.estimator import RecommenderEstimator
    from engine.estimators.recommender.evaluation import rank
    from engine.estimators.recommender.split import Targets

    assert split.cut is not None
    assert data.log.day is not None
    train = data.until(data.log.day < split.cut, split.cut, split.candidate)
    fitted = RecommenderEstimator(settings)
    fitted.fit(train, _Silent())
    targets = Targets(split.units.astype(np.int32), split.starts, split.wanted)
    return rank(fitted.model, train, targets, _Silent())


class _Silent:
    """A report that nobody reads: the evaluation tells its own stages."""

    def stage(self, name: str, share: float) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...

    def log(self, line: str) -> None: ...
