"""Boosted trees on meanings, photos and columns (Ke et al. 2017)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.boosting import lightgbm
from engine.errors import CorruptArtifact
from engine.estimators.calibration import softmax
from engine.estimators.fashion_classifier.tabular import Columns
from engine.files import canonical_json
from engine.text import DIMENSIONS as WORDS_WIDE
from engine.vision import DIMENSIONS as PHOTO_WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

FILE, COLUMNS = "trees.lgb", "trees.json"
_PATIENCE = 8
_BINS = {"verbosity": -1, "max_bin": 63}


@dataclass(frozen=True)
class Trees:
    """One tree a label and round."""

    booster: Any
    columns: Columns | None
    sides: tuple[bool, bool]
    classes: int
    rounds: int
    name: ClassVar[str] = "trees"

    @classmethod
    def learned(
        cls, rows: Rows, held: Rows | None, config: FashionClassifierConfig, report: Report, rounds: int | None = None
    ) -> Trees:
        """Stops early where rows are held back; else grows `rounds`."""
        module = lightgbm()
        columns = Columns.learned(rows.texts_of, rows.numbers_of) if config.columns else None
        sides = (config.words, config.photo and rows.photo is not None and bool(rows.seen.any()))
        data = module.Dataset(_matrix(rows, columns, sides), label=rows.label, params=_BINS)
        callbacks, valid = [], []
        if held is not None:
            callbacks = [module.early_stopping(_PATIENCE, verbose=False), _curve(report)]
            valid = [module.Dataset(_matrix(held, columns, sides), label=held.label, reference=data, params=_BINS)]
        booster = module.train(
            _settings(config, rows), data, rounds or config.rounds, valid_sets=valid, callbacks=callbacks
        )
        return cls(
            booster, columns, sides, len(rows.classes), max(1, booster.best_iteration or rounds or config.rounds)
        )

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        matrix = _matrix(rows, self.columns, self.sides)
        raw = np.asarray(self.booster.predict(matrix, raw_score=True, num_iteration=self.rounds, num_threads=1))
        return np.log(np.clip(softmax(raw.reshape(len(rows), self.classes)), 1e-9, 1.0))

    def save(self) -> dict[str, bytes]:
        about = {
            "columns": self.columns.model_dump(mode="json") if self.columns else None,
            "words": self.sides[0],
            "photo": self.sides[1],
        }
        text = self.booster.model_to_string(num_iteration=self.rounds)
        return {FILE: text.encode(), COLUMNS: canonical_json(about).encode()}

    @classmethod
    def load(cls, files: Mapping[str, bytes], about: Mapping[str, Any], classes: int) -> Trees:
        columns = Columns.model_validate(about["columns"]) if about.get("columns") else None
        sides = (bool(about.get("words")), bool(about.get("photo")))
        booster = lightgbm().Booster(model_str=files[FILE].decode())
        width = (columns.width if columns else 0) + sides[0] * WORDS_WIDE + sides[1] * PHOTO_WIDE
        if booster.num_model_per_iteration() != classes or booster.num_feature() != width:
            raise CorruptArtifact("The trees do not fit the labels or the columns.", hint="Load another version.")
        return cls(booster, columns, sides, classes, max(1, booster.num_trees() // classes))


def _matrix(rows: Rows, columns: Columns | None, sides: tuple[bool, bool]) -> NDArray[np.float32]:
    parts = [rows.meaning] if sides[0] else []
    if sides[1]:
        parts.append(rows.photo if rows.photo is not None else np.zeros((len(rows), PHOTO_WIDE), dtype=np.float32))
    if columns is not None:
        parts.append(columns.of(rows.texts_of, rows.numbers_of, len(rows)).astype(np.float32))
    return np.hstack(parts)


def _settings(config: FashionClassifierConfig, rows: Rows) -> dict[str, Any]:
    return {
        "objective": "multiclass",
        "num_class": len(rows.classes),
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": max(1, min(10, len(rows) // 20)),
        "feature_fraction": 0.3,
        "lambda_l2": 1.0,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": os.cpu_count() or 1,
        **_BINS,
    }


def _curve(report: Report) -> Any:
    def tell(env: Any) -> None:
        report.metric("validation_loss", env.iteration + 1, float(env.evaluation_result_list[0][2]))

    return tell
