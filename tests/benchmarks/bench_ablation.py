"""Which signal makes which difference, on Rent The Runway's validation window; a table in `bench-results` too."""

from __future__ import annotations

from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommenders.bootstrap import interval
from tests.benchmarks.rentals import Quality, quality, ranked, rentals, window
from tests.benchmarks.table import Figure, Table


class Quiet:
    """A report that tells nothing."""

    def stage(self, name: str, share: float) -> None:
        return

    def metric(self, name: str, step: int, value: float) -> None:
        return

    def log(self, line: str) -> None:
        return


def run() -> Table:
    """Set each signal aside, the others weighted as they were learned, and compare shopper by shopper."""
    table = Table("ablation", "Rent The Runway, the 90 days before the test window; each signal set aside in turn")
    validation = window(rentals(), windows_back=1)
    estimator = RecommenderEstimator(RecommenderConfig())
    estimator.fit(validation.train, Quiet())
    model = estimator.model
    for name, targets in (("warm", validation.warm), ("new", validation.cold)):
        whole = quality(ranked(model, validation.train, targets), validation.train, targets)
        table.figures += _whole(name, whole)
        for signal in model.blend.signals:
            if model.blend.weights.get(signal, 0.0) > 0 and signal != "goes_with":
                lists = ranked(model, validation.train, targets, without=signal)
                table.figures += _without(name, signal, whole, quality(lists, validation.train, targets))
    return table


def _whole(name: str, whole: Quality) -> list[Figure]:
    low, high = interval(whole.ndcg_at_10)
    return [
        Figure(f"{name}: NDCG@10", float(whole.ndcg_at_10.mean()), "", low, high, len(whole.ndcg_at_10)),
        Figure(f"{name}: Recall@20", float(whole.recall_at_20.mean()), ""),
        Figure(f"{name}: coverage@10", whole.coverage_at_10, ""),
    ]


def _without(name: str, signal: str, whole: Quality, rest: Quality) -> list[Figure]:
    """Paired differences; a negative one says that the signal helps."""
    found = []
    for metric in ("ndcg_at_10", "recall_at_20"):
        difference = getattr(rest, metric) - getattr(whole, metric)
        low, high = interval(difference)
        what = f"{name}: {metric} without {signal}"
        found.append(Figure(what, float(difference.mean()), "", low, high, len(difference)))
    return [*found, Figure(f"{name}: coverage@10 without {signal}", rest.coverage_at_10 - whole.coverage_at_10, "")]
