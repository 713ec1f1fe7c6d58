"""Past sessions ranked again, before and after a draft, by a model that has not seen them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.catalog.cards import CardIndex
from engine.catalog.schema import Table
from engine.errors import InvalidInput
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.impact import held_out
from engine.recommendation_engine.impact.as_of import AsOf
from engine.recommendation_engine.schema import Request
from engine.recommendation_engine.serving import ReleaseRecommender

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.base import Holdout, Report
    from engine.recommendation_engine.impact.held_out import HeldOutSession
    from engine.recommendation_engine.plan import Draft

K = 10
"""Places of a list that are looked at."""

_SESSION_BYTES = 3_000
_TOLD_EVERY = 20
_KEPT = 8


class _Refitted(RecommenderEstimator):
    """A recommender fitted to other rows, with the weights of one that was learned before."""

    def take_weights(self, served: RecommenderEstimator) -> None:
        """Weigh the signals as another model does; one that it has not weighs nothing."""
        weights = {name: served.model.blend.weights.get(name, 0.0) for name in self.model.blend.signals}
        self._model = self.model.with_weights(weights, served.model.blend.newcomer)


@dataclass(frozen=True)
class Rehearsal:
    """A served recipe fitted to everything before the cut, the shop as it stood then, and what came after.

    Parameters
    ----------
    recommender : ReleaseRecommender
        Ranks the products that existed at the cut, with the stock and prices of that day.
    sessions : list of HeldOutSession
    sold_out : frozenset of str
        Products that had no piece left at the last count of all.
    """

    recommender: ReleaseRecommender
    sessions: list[HeldOutSession]
    sold_out: frozenset[str]
    cut: datetime | None
    kept: dict[Hashable, NDArray[np.int64]] = field(default_factory=dict, compare=False)
    """Lists of the latest drafts: a plan that many are compared with is ranked once."""

    @property
    def memory_bytes(self) -> int:
        """About what this takes in memory."""
        return self.recommender.memory_bytes + _SESSION_BYTES * len(self.sessions)


def rehearse(served: RecommenderEstimator, dataset: Dataset, report: Report) -> Rehearsal:
    """Fit the recipe of a model to the rows that its kind does not hold out.

    Raises
    ------
    InvalidInput
        Nothing was bought after the cut, so that there is nothing to replay.
    """
    config = served.config.model_copy(update={"learn_weights": False})
    report.stage("Setting sessions aside", 0.0)
    holdout = RecommenderEstimator.holdout(dataset, config)
    sessions = _sessions(dataset, holdout)
    if not sessions:
        raise InvalidInput(
            "No held-out session bought anything that was new to its shopper.",
            "A replay needs purchases of the last weeks.",
            "Import newer orders.",
        )
    estimator = _Refitted(config)
    estimator.fit(holdout.train, report)
    estimator.take_weights(served)
    existed = [item for item, there in zip(holdout.train.item_ids, holdout.train.candidate, strict=True) if there]
    recommender = ReleaseRecommender(estimator, CardIndex(AsOf(dataset, holdout.cut, existed)))
    recommender.warm_up()
    return Rehearsal(recommender, sessions, _sold_out(dataset), holdout.cut)


def ranked(
    rehearsal: Rehearsal,
    sessions: Sequence[HeldOutSession],
    draft: Draft,
    moment: datetime,
    told: Callable[[float], None],
) -> NDArray[np.int64]:
    """The first ten places of each session's list on the home surface; kept for the next question.

    Parameters
    ----------
    sessions : sequence of HeldOutSession
        A sample of the rehearsal's own, always the same for one number of them.
    moment : datetime
        When rules with a schedule are held to apply: now, not then.
    told : callable
        Told the share of sessions that are done.

    Returns
    -------
    ndarray of int64, shape (n_sessions, 10)
        Rows of the recommender, -1 where the list is shorter.
    """
    holding = tuple(rule.holds_at(moment) for rule in draft.plan.rules)
    key = (draft.model_dump_json(), holding, len(sessions))
    if key not in rehearsal.kept:
        rehearsal.kept[key] = _ranked(rehearsal.recommender, sessions, draft, moment, told)
        while len(rehearsal.kept) > _KEPT:
            del rehearsal.kept[next(iter(rehearsal.kept))]
    return rehearsal.kept[key]


def _ranked(
    recommender: ReleaseRecommender,
    sessions: Sequence[HeldOutSession],
    draft: Draft,
    moment: datetime,
    told: Callable[[float], None],
) -> NDArray[np.int64]:
    lists = np.full((len(sessions), K), -1, dtype=np.int64)
    for place, session in enumerate(sessions):
        if place % _TOLD_EVERY == 0:
            told(place / len(sessions))
        request = Request(
            shopper=session.shopper, events=session.earlier, market=session.market, limit=K, moment=moment
        )
        rows = recommender.order(request, draft.plan, draft.prices).rows
        lists[place, : len(rows)] = rows
    return lists


def _sessions(dataset: Dataset, holdout: Holdout) -> list[HeldOutSession]:
    if holdout.cut is None:
        return held_out.without_times(dataset, holdout.train, holdout.test)
    return held_out.after(dataset, holdout.cut, holdout.train)


def _sold_out(dataset: Dataset) -> frozenset[str]:
    if not dataset.rows(Table.STOCK_LEVELS):
        return frozenset()
    return frozenset(card.item_id for card in CardIndex(dataset).cards if card.in_stock is False)
