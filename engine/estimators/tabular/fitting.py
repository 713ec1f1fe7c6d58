"""From training rows to a fitted model: screen, encode, learn until held-back rows gain no more, learn from all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.calibration import softmax, temperature
from engine.estimators.measures import macro_f1_addends, value
from engine.estimators.tabular import encoding
from engine.estimators.tabular.checks import screen
from engine.estimators.tabular.data import split
from engine.estimators.tabular.learner import Rows, Shape, learner_type
from engine.estimators.tabular.losses import prior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.tabular.checks import Screening
    from engine.estimators.tabular.config import TabularConfig
    from engine.estimators.tabular.data import TabularData
    from engine.estimators.tabular.encoding import Encoded, Encoder, Feature
    from engine.estimators.tabular.learner import Learner
    from engine.estimators.tabular.rows import Column

COVERED = 0.9
_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_DAY = "datetime64[D]"


@dataclass(frozen=True)
class Target:
    """What is foretold.

    Parameters
    ----------
    prior : ndarray, shape (classes,)
        Shares of the classes among training rows; empty for a regression.
    centre, spread : float
        Mean and deviation of the training rows' values; 0 and 1 for classes.
    """

    table: str
    name: str
    classes: tuple[str, ...]
    prior: NDArray[np.float64]
    centre: float = 0.0
    spread: float = 1.0

    def scaled(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as a learner takes them."""
        return values if self.classes else (values - self.centre) / self.spread


@dataclass(frozen=True)
class Tuned:
    """What held-back rows told about the scores.

    Parameters
    ----------
    temperature : float
        Scores are divided by it.
    strength : float
        How far a label is chosen against the classes' shares: 0 the likeliest class, 1 the one that gained most.
    reach : float
        Half the width of the 90% interval of a value, in the target's unit.
    """

    temperature: float = 1.0
    strength: float = 0.0
    reach: float = 0.0


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Parameters
    ----------
    story : dict
        Rows, span, columns left out and notes, for the card.
    example : dict
        One typical input.
    """

    target: Target
    encoder: Encoder
    learner: Learner
    tuned: Tuned
    story: dict[str, Any]
    example: dict[str, Any]

    def chances(self, rows: Encoded) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (n_rows, classes)."""
        return softmax(self.learner.scores(rows), self.tuned.temperature)

    def labels(self, chances: NDArray[np.float64]) -> NDArray[np.int64]:
        """The class that each row is given."""
        return labels(chances, self.target.prior, self.tuned.strength)

    def values(self, rows: Encoded) -> NDArray[np.float64]:
        """Foretold values in the target's unit, shape (n_rows,)."""
        return self.learner.scores(rows) * self.target.spread + self.target.centre


def labels(chances: NDArray[np.float64], shares: NDArray[np.float64], strength: float) -> NDArray[np.int64]:
    """The class with the most chance against its share raised to `strength` (Menon et al. 2021)."""
    found: NDArray[np.int64] = (np.log(np.clip(chances, 1e-12, 1)) - strength * np.log(shares)).argmax(axis=1)
    return found


def target_of(data: TabularData) -> Target:
    """What training rows tell about their target."""
    if data.classes:
        return Target(data.table, data.target_name, data.classes, prior(data.target, len(data.classes)))
    spread = float(data.target.std()) or 1.0
    return Target(data.table, data.target_name, (), np.zeros(0), float(data.target.mean()), spread)


def fit(data: TabularData, config: TabularConfig, report: Report) -> Fitted:
    """Learn from training rows.

    Raises
    ------
    InvalidInput
        No column is left to learn from.
    """
    report.stage("Looking at the columns", 0.02)
    told, data = len(data), data.newest(config.max_rows)
    screening = screen(data, config)
    _tell(screening, data, told, report)
    report.stage("Encoding", 0.15)
    words = config.use_text and config.model != "baseline"
    encoder = encoding.learn(data, screening.roles, rare=config.rare_rows, words=words, seed=config.seed)
    encoded, target = encoder.encode(data.columns), target_of(data)
    shape = Shape(len(target.classes), len(encoder.number_names), tuple(encoder.sizes))
    learner = learner_type(config.model)(config, shape)
    inner = split(data)
    report.stage(
        "Learning, with the newest rows held back" if inner.cut else "Learning, with some rows held back", 0.25
    )
    parts = [Rows(encoded.take(side), target.scaled(data.target[side])) for side in (inner.train, inner.test)]
    learner.fit(parts[0], parts[1] if len(parts[1]) else None, report)
    tuned = _tuned(learner, encoded.take(inner.test), data.target[inner.test], target, config)
    report.stage("Learning from all rows", 0.65)
    learner.fit(Rows(encoded, target.scaled(data.target)), None, report)
    report.stage("Fitted", 1.0)
    return Fitted(target, encoder, learner, tuned, _story(data, screening), _example(data, encoder))


def _tell(screening: Screening, data: TabularData, told: int, report: Report) -> None:
    if told > len(data):
        report.log(f"Learning from the newest {len(data):,} of {told:,} rows.")
    for note in screening.notes:
        report.log(note)
    for name, reason in screening.left_out.items():
        report.log(f"{name} is left out. {reason}")
    if not screening.roles:
        raise InvalidInput(
            f"No column of {data.table} is left to foretell {data.target_name!r} from.",
            " ".join(f"{name}: {reason}" for name, reason in list(screening.left_out.items())[:4]),
            "Import more columns, or name some under keep.",
        )


def _tuned(learner: Learner, held: Encoded, actual: NDArray[Any], target: Target, config: TabularConfig) -> Tuned:
    """Temperature and labels, or the reach of the interval (split conformal; Lei et al. 2018)."""
    if not len(held):
        return Tuned()
    scores = learner.scores(held)
    if not target.classes:
        errors = np.sort(np.abs(actual - (scores * target.spread + target.centre)))
        place = min(len(errors), int(np.ceil(COVERED * (len(errors) + 1)))) - 1
        return Tuned(reach=float(errors[place]))
    heat = temperature(scores, actual)
    strength = 0.0
    if config.balanced_labels:
        chances, count = softmax(scores, heat), len(target.classes)
        found = [
            (value("macro_f1", macro_f1_addends(actual, labels(chances, target.prior, each), count)), -each)
            for each in _STRENGTHS
        ]
        strength = -max(found)[1]
    return Tuned(temperature=heat, strength=strength)


def _story(data: TabularData, screening: Screening) -> dict[str, Any]:
    time = data.time
    days = None if time is None or np.isnat(time).all() else time[~np.isnat(time)].astype(_DAY)
    return {
        "rows": len(data),
        "from": None if days is None else str(days.min()),
        "to": None if days is None else str(days.max()),
        "left_out": screening.left_out,
        "notes": list(screening.notes),
    }


def _example(data: TabularData, encoder: Encoder) -> dict[str, Any]:
    """A typical row as `predict` takes it: nobody's own, since it stays in the model's files."""
    found = {feature.name: _typical(feature, data.columns[feature.name]) for feature in encoder.features}
    return {name: value for name, value in found.items() if value is not None}


def _typical(feature: Feature, column: Column) -> Any:
    values = column.values[column.present]
    if feature.role == "category":
        return feature.levels[0] if feature.levels else None
    if feature.role == "text":
        return f"Some words of {feature.name}"
    if not len(values):
        return None
    if feature.role == "time":
        return f"{values.max().astype(_DAY)}T12:00:00Z"
    middle = float(np.median(values))
    return middle >= 0.5 if feature.role == "flag" else middle
