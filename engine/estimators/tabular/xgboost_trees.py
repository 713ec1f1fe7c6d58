"""Boosted trees of XGBoost (Chen and Guestrin 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.boosting import xgboost
from engine.errors import CorruptArtifact
from engine.estimators.tabular.learner import threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.encoding import Encoded
    from engine.estimators.tabular.learner import Rows, Shape

FILE = "trees.ubj"


class XGBoostTrees:
    """Trees grown by loss, with categories split as sets."""

    def __init__(self, config: TabularConfig, shape: Shape) -> None:
        self.config, self.shape = config, shape
        self.rounds = config.rounds
        self._booster: Any = None

    def fit(self, rows: Rows, held: Rows | None, report: Report) -> None:
        module = xgboost()
        options: dict[str, Any] = {}
        if held is not None:
            options = {
                "evals": [(self._data(held.encoded, held.target), "held")],
                "early_stopping_rounds": 10 * self.config.patience,
                "callbacks": [_curve(module, report)],
            }
        data = self._data(rows.encoded, rows.target)
        self._booster = module.train(self._settings(len(rows)), data, self.rounds, verbose_eval=False, **options)
        if held is not None:
            self.rounds = int(self._booster.best_iteration) + 1
            self._booster = self._booster[: self.rounds]

    def _data(self, rows: Encoded, target: Any = None) -> Any:
        kinds = ["q"] * self.shape.numbers + ["c"] * len(self.shape.sizes)
        matrix = np.hstack([rows.numbers, rows.codes.astype(np.float32)])
        return xgboost().DMatrix(matrix, label=target, feature_types=kinds, enable_categorical=True)

    def _settings(self, rows: int) -> dict[str, Any]:
        config, classes = self.config, self.shape.classes
        objective = "reg:squarederror" if classes == 0 else "binary:logistic" if classes == 2 else "multi:softprob"
        return {
            "objective": objective,
            **({"num_class": classes} if classes > 2 else {}),
            "eta": config.learning_rate,
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": config.leaves,
            "max_depth": 0,
            "min_child_weight": config.leaf_rows if classes == 0 else config.leaf_rows / 5,
            "lambda": config.l2,
            "colsample_bynode": 0.8,
            "seed": config.seed,
            "nthread": threads(rows, self.shape),
            "verbosity": 0,
        }

    def scores(self, rows: Encoded) -> NDArray[np.float64]:
        raw = np.asarray(self._booster.predict(self._data(rows), output_margin=True), dtype=np.float64)
        return np.column_stack([-raw / 2, raw / 2]) if self.shape.classes == 2 else raw

    def save(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        return {"rounds": self.rounds}, {FILE: bytes(self._booster.save_raw("ubj"))}

    @classmethod
    def load(cls, config: TabularConfig, shape: Shape, plain: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        found = cls(config, shape)
        module = xgboost()
        try:
            found._booster = module.Booster(model_file=bytearray(files[FILE]))
            features = found._booster.num_features()
        except (KeyError, module.core.XGBoostError) as error:
            raise CorruptArtifact("The trees cannot be read.", hint="Load another version.") from error
        if features != shape.numbers + len(shape.sizes):
            raise CorruptArtifact("The trees do not fit the encoder.", hint="Load another version.")
        return found


def _curve(module: Any, report: Report) -> Any:
    class Curve(module.callback.TrainingCallback):  # type: ignore[misc]
        """Tells the loss of the held-back rows; a search prunes on it."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if epoch % 5 == 0:
                values = next(iter(evals_log["held"].values()))
                report.metric("validation_loss", epoch, float(values[-1]))
            return False

    return Curve()
