"""Products whose label is improbable: confident learning (Northcutt, Jiang & Chuang 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.estimators.fashion_classifier.data import read
from engine.estimators.fashion_classifier.model import build
from engine.estimators.splits import stratified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.catalog.dataset import Dataset
    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

_FOLDS = 3


class Doubt(BaseModel):
    """A product with a label that others like it do not have."""

    model_config = ConfigDict(frozen=True)

    item_id: str
    title: str
    given: str
    suggested: str
    probability: float
    given_probability: float
    because: list[str] = []


class _Quiet:
    def stage(self, name: str, share: float) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...

    def log(self, line: str) -> None: ...


def mislabelled(
    dataset: Dataset, config: FashionClassifierConfig, limit: int = 50, report: Report | None = None
) -> list[Doubt]:
    """Products to look at again, the most doubtful first.

    Each product is judged by models that did not learn from it or from another of its group. A label is doubted
    where another one is at least as probable as it usually is among products that carry it.
    """
    rows = read(dataset, config)
    rows = rows.take(rows.label >= 0)
    chance, because = _out_of_fold(rows, config, report or _Quiet())
    return _doubts(rows, chance, because)[:limit]


def doubted(chance: NDArray[np.float64], label: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose label is doubted, the most doubtful first, and the label suggested for each."""
    classes = chance.shape[1]
    own = chance[np.arange(len(label)), label]
    usual = np.array([own[label == k].mean() if (label == k).any() else 2.0 for k in range(classes)])
    likely = np.where(chance >= usual, chance, 0.0)
    suggested = likely.argmax(axis=1)
    wrong = (likely.max(axis=1) > 0) & (suggested != label)
    margin = chance[np.arange(len(label)), suggested] - own
    rows = np.flatnonzero(wrong & (margin > 0))
    rows = rows[np.argsort(-margin[rows], kind="stable")]
    return rows, suggested[rows]


def _out_of_fold(
    rows: Rows, config: FashionClassifierConfig, report: Report
) -> tuple[NDArray[np.float64], dict[tuple[int, int], list[str]]]:
    """Probabilities of each product, shape (n, classes), and why its likeliest label is likely."""
    chance = np.zeros((len(rows), len(rows.classes)))
    because: dict[tuple[int, int], list[str]] = {}
    fold = _folds(rows)
    for number in range(_FOLDS):
        report.stage(f"Judging part {number + 1} of {_FOLDS}", number / _FOLDS)
        model = build(rows.take(fold != number), config, _Quiet())
        places = np.flatnonzero(fold == number)
        part = rows.take(places)
        chance[places] = model.probabilities(part)
        for place, best in zip(places, chance[places].argmax(axis=1), strict=True):
            if best != rows.label[place]:
                because[int(place), int(best)] = model.reasons(str(rows.texts[place]), int(best))
    return chance, because


def _folds(rows: Rows) -> NDArray[np.int64]:
    """Fold of each row; groups stay whole and labels are spread."""
    fold = np.zeros(len(rows), dtype=np.int64)
    left = np.arange(len(rows))
    for number in range(1, _FOLDS):
        split = stratified(rows.label[left], rows.group[left], share=1 / (_FOLDS - number + 1), seed=number)
        fold[left[split.test]] = number
        left = left[split.train]
    return fold


def _doubts(rows: Rows, chance: NDArray[np.float64], because: dict[tuple[int, int], list[str]]) -> list[Doubt]:
    places, suggested = doubted(chance, rows.label)
    return [
        Doubt(
            item_id=str(rows.item_ids[place]),
            title=str(rows.titles[place]),
            given=rows.classes[rows.label[place]],
            suggested=rows.classes[best],
            probability=float(chance[place, best]),
            given_probability=float(chance[place, rows.label[place]]),
            because=because.get((int(place), int(best)), []),
        )
        for place, best in zip(places, suggested, strict=True)
    ]
