"""Boosted trees of LightGBM (Ke et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.boosting import lightgbm
from engine.errors import CorruptArtifact
from engine.estimators.tabular.learner import threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded
    from engine.estimators.tabular.learner import Rows, Shape

FILE = "trees.lgb"


class LightGBMTrees:
    """Trees that split on numbers, gaps and sets of category codes."""

    def __init__(self, config: TabularConfig, shape: Shape) -> None:
        self.config, self.shape = config, shape
        self.rounds = config.rounds
        self._booster: Any = None

    def fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        module = lightgbm()
        callbacks, valid = [], []
        data = self._data(module, rows)
        if held is not None:
            stop = 10 * self.config.patience
            callbacks = [_Curve(report), module.early_stopping(stop, verbose=False)]
            valid = [self._data(module, held, reference=data)]
        self._booster = module.train(
            self._settings(len(rows)), data, self.rounds, valid_sets=valid, callbacks=callbacks
        )
        if held is not None:
            self.rounds = max(1, self._booster.best_iteration)

    def _data(self, module: Any, rows: Rows, reference: Any = None) -> Any:
        places = list(range(self.shape.numbers, self.shape.numbers + len(self.shape.sizes)))
        return module.Dataset(
            _matrix(rows.encoded),
            label=rows.target,
            categorical_feature=places,
            reference=reference,
            params={"max_bin": 255, "verbosity": -1},
        )

    def _settings(self, rows: int) -> dict[str, Any]:
        config, classes = self.config, self.shape.classes
        objective = "regression" if classes == 0 else "binary" if classes == 2 else "multiclass"
        return {
            "objective": objective,
            **({"num_class": classes} if classes > 2 else {}),
            "learning_rate": config.learning_rate,
            "num_leaves": config.leaves,
            "min_data_in_leaf": max(1, min(config.leaf_rows, rows // 10)),
            "lambda_l2": config.l2,
            "feature_fraction": 0.8,
            "cat_smooth": 20.0,
            "max_bin": 255,
            "seed": config.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads(rows, self.shape),
            "verbosity": -1,
        }

    def scores(self, rows: Encoded) -> NDArray[np.float64]:
        raw = np.asarray(self._booster.predict(_matrix(rows), raw_score=True, num_threads=1), dtype=np.float64)
        return np.column_stack([-raw / 2, raw / 2]) if self.shape.classes == 2 else raw

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        return {"rounds": self.rounds}, {FILE: self._booster.model_to_string().encode()}

    @classmethod
    def load(cls, config: TabularConfig, shape: Shape, plain: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        found = cls(config, shape)
        module = lightgbm()
        try:
            found._booster = module.Booster(model_str=files[FILE].decode())
        except (KeyError, UnicodeDecodeError, module.basic.LightGBMError) as error:
            raise CorruptArtifact("The trees cannot be read.", hint="Load another version.") from error
        wanted = (shape.numbers + len(shape.sizes), shape.classes if shape.classes > 2 else 1)
        if (found._booster.num_feature(), found._booster.num_model_per_iteration()) != wanted:
            raise CorruptArtifact("The trees do not fit the encoder.", hint="Load another version.")
        return found


class _Curve:
    """Tells the loss of the held-back rows; a search prunes on it."""

    order = 5
    before_iteration = False

    def __init__(self, report: Report) -> None:
        self._report = report

    def __call__(self, env: Any) -> None:
        if env.iteration % 5 == 0:
            self._report.metric("validation_loss", env.iteration, float(env.evaluation_result_list[0][2]))


def _matrix(rows: Encoded) -> NDArray[np.float32]:
    return np.hstack([rows.numbers, rows.codes.astype(np.float32)])
