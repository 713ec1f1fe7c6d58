"""How well held-out rows are foretold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators import measures
from engine.estimators.base import Interval
from engine.estimators.calibration import reliability
from engine.estimators.tabular.fitting import target_of
from engine.estimators.tabular.losses import deviance_addends
from engine.estimators.tabular.slices import slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Calibration, Holdout, Scores
    from engine.estimators.tabular.data import TabularData
    from engine.estimators.tabular.fitting import Fitted

_UNHEARD_OF = 1e-6


def evaluate(model: Fitted, holdout: Holdout) -> Scores:
    """Figures of the held-out rows; D2 is against the constant model of the holdout's own training rows.

    Raises
    ------
    InvalidInput
        The model foretells something else than the holdout has.
    """
    held: TabularData = holdout.test
    if (model.target.table, model.target.name, bool(model.target.classes)) != (
        held.table,
        held.target_name,
        bool(held.classes),
    ):
        raise InvalidInput(
            f"The model foretells {model.target.name} of {model.target.table}, not {held.target_name} of {held.table}.",
            "Two models are compared on the same target.",
            "Train this target under another model name.",
        )
    constant = target_of(holdout.train)
    calibration: Calibration | None
    if held.classes:
        per_unit, extra, calibration = _classes(model, held, constant.prior)
    else:
        per_unit, extra, calibration = _values(model, held, constant.centre)
    return measures.scores(holdout.about, per_unit, slices(held), calibration=calibration, extra=extra)


def _classes(
    model: Fitted, held: TabularData, prior: NDArray[np.float64]
) -> tuple[dict[str, NDArray[Any]], dict[str, Interval], Calibration]:
    own = model.chances(model.encoder.encode(held.columns))
    place = {name: number for number, name in enumerate(model.target.classes)}
    chances = np.column_stack(
        [own[:, place[name]] if name in place else np.full(len(own), _UNHEARD_OF) for name in held.classes]
    )
    renamed = {place[name]: number for number, name in enumerate(held.classes) if name in place}
    guess = np.array([renamed.get(label, -1) for label in model.labels(own).tolist()], dtype=np.int64)
    count, loss = len(held.classes), measures.log_losses(held.target, chances)
    per_unit = {
        "deviance_explained": deviance_addends(loss, held.target, prior),
        "log_loss": loss,
        "macro_f1": measures.macro_f1_addends(held.target, guess, count),
        "balanced_accuracy": measures.balanced_accuracy_addends(held.target, guess, count),
    }
    if count == 2:
        calibration = reliability(chances[:, 1], held.target == 1)
    else:
        calibration = reliability(chances.max(axis=1), chances.argmax(axis=1) == held.target)
    extra = {"ece": Interval(value=calibration.ece)}
    if count == 2 and len(np.unique(held.target)) == 2:
        extra["roc_auc"] = measures.roc_auc(held.target, chances[:, 1], resamples=300)
    return per_unit, extra, calibration


def _values(model: Fitted, held: TabularData, mean: float) -> tuple[dict[str, NDArray[Any]], dict[str, Interval], None]:
    error = held.target - model.values(model.encoder.encode(held.columns))
    per_unit = {
        "deviance_explained": deviance_addends(error**2, held.target, mean),
        "mae": np.abs(error),
        "rmse": error**2,
        "interval_coverage": (np.abs(error) <= model.tuned.reach).astype(np.float64),
    }
    return per_unit, {"interval_width": Interval(value=2 * model.tuned.reach)}, None
