"""The fitted classifier: voices, how far each counts, and when it keeps silent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.estimators.calibration import softmax
from engine.estimators.fashion_classifier.fusion import threshold, weights
from engine.estimators.fashion_classifier.voices import Meaning, Photo, Table, Voice, Words
from engine.estimators.splits import stratified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.base import Report
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows

_FEWEST_SHOWN = 40
"""Validation rows with a picture below which the photo is not listened to."""


@dataclass(frozen=True)
class Model:
    """What answers.

    Parameters
    ----------
    voices : list of Voice
    plain, shown : ndarray, shape (n_voices,)
        Weights of products without and with a picture.
    silent_below : float
        Answers less sure abstain.
    """

    classes: tuple[str, ...]
    voices: list[Voice]
    plain: NDArray[np.float64]
    shown: NDArray[np.float64]
    silent_below: float
    story: dict[str, Any] = field(default_factory=dict)

    def probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """Shape (n, classes)."""
        if len(rows) == 0:
            return np.zeros((0, len(self.classes)))
        told = np.stack([voice.log_probabilities(rows) for voice in self.voices])
        return softmax(_mixed(told, np.where(rows.seen[:, None], self.shown, self.plain)))

    def reasons(self, text: str, label: int, limit: int = 5) -> list[str]:
        """Words that speak most for a label; none where words are not read."""
        words = next((voice for voice in self.voices if isinstance(voice, Words)), None)
        return words.reasons(text, label, limit) if words else []


def build(rows: Rows, config: FashionClassifierConfig, report: Report) -> Model:
    """Learn each voice without some rows, learn from those how far each counts, then learn from all."""
    split = stratified(rows.label, rows.group)
    inside, held = rows.take(split.train), rows.take(split.test)
    report.stage("Learning without some products", 0.1)
    trial = _voices(inside, held, config, report)
    told = np.stack([voice.log_probabilities(held) for voice in trial])
    plain, shown = _both(trial, told, held, config.balance)
    found = softmax(_mixed(told, np.where(held.seen[:, None], shown, plain)))
    right = found.argmax(axis=1) == held.label
    silent = config.abstain_below or threshold(found.max(axis=1), right, config.target_precision)
    for place, voice in enumerate(trial):
        report.metric(f"weight_{voice.name}", 0, float(plain[place]))
    loss = -np.log(np.clip(found[np.arange(len(held)), held.label], 1e-12, 1)).mean()
    report.log(f"Inner validation: log loss {loss:.4f} over {len(held):,} products.")
    report.log(f"Answers below a probability of {silent:.2f} go to a person.")
    report.stage("Learning from all products", 0.5)
    final = _again(trial, rows, config, report)
    story = {**rows.story, "weights": {v.name: round(float(w), 4) for v, w in zip(final, shown, strict=True)}}
    return Model(rows.classes, final, plain, shown, float(silent), {**story, "rows": len(rows)})


def _both(
    voices: list[Voice], told: NDArray[np.float64], held: Rows, balance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights without and with a picture; too few pictures change nothing."""
    photo = np.array([voice.name == "photo" for voice in voices])
    plain = np.zeros(len(voices))
    if (~photo).any():
        plain[~photo] = weights(told[~photo], held.label, balance)
    if not photo.any():
        return plain, plain
    seen = held.seen
    if seen.sum() < _FEWEST_SHOWN and (~photo).any():
        return plain, plain
    return plain, weights(told[:, seen], held.label[seen], balance)


def _mixed(told: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted sums of log probabilities; told (voices, n, classes), weight (n, voices)."""
    found: NDArray[np.float64] = np.einsum("vnc,nv->nc", told, weight)
    return found


def _voices(rows: Rows, held: Rows, config: FashionClassifierConfig, report: Report) -> list[Voice]:
    found: list[Voice] = (
        [Words.learned(rows, held, config, report)] if config.words or config.head == "baseline" else []
    )
    if config.head == "baseline":
        return found
    if config.head == "lightgbm":
        from engine.estimators.fashion_classifier.trees import Trees

        return [*found, Trees.learned(rows, held, config, report)]
    if config.words:
        found.append(Meaning.learned(rows, held, config, report))
    if config.words and config.head == "lora":
        from engine.estimators.fashion_classifier.lora import Lora

        found.append(Lora.learned(rows, held, config, report))
    if config.photo and rows.photo is not None and rows.seen.any():
        found.append(Photo.learned(rows, held, config, report))
    if config.columns and (rows.texts_of or rows.numbers_of):
        found.append(Table.learned(rows, held, config, report))
    return found


def _again(trial: list[Voice], rows: Rows, config: FashionClassifierConfig, report: Report) -> list[Voice]:
    """The same voices from all rows, for as many rounds or passes as were best."""
    found: list[Voice] = []
    for voice in trial:
        if voice.name == "trees":
            found.append(type(voice).learned(rows, None, config, report, voice.rounds))  # type: ignore[attr-defined]
        elif voice.name == "lora":
            found.append(type(voice).learned(rows, None, config, report, voice.epochs))  # type: ignore[attr-defined]
        else:
            found.append(type(voice).learned(rows, None, config, report))  # type: ignore[attr-defined]
    return found
