"""Places for new products, so that something is learned of them, with the probability of what was shown.

Each place that no pin takes goes to a new product with the probability `share`. `epsilon` draws evenly
among the new products that the rules and caps still allow. `thompson` prefers those that were clicked
when they were shown: the chances are how often each wins among draws from Beta(1 + clicks, 1 + rest)
(Thompson, Biometrika 1933; Chapelle and Li, NIPS 2011), so that the propensity is exact for the draw made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.plan import Exploration

Tried = Callable[[], Mapping[str, tuple[int, int]]]
"""How often each product was shown by chance, and clicked then, by product id."""

_ROUNDS = 256
_MOST_ARMS = 100


class Explorer:
    """Chance for one request.

    Parameters
    ----------
    exploration : Exploration
        Its share is above 0.
    rows : ndarray of int64, shape (n_new,)
        New products that may appear, best first.
    tried : ndarray of int64, shape (n_new, 2)
        How often each was shown by chance, and clicked.
    random : numpy.random.Generator
    """

    def __init__(
        self,
        exploration: Exploration,
        rows: NDArray[np.int64],
        tried: NDArray[np.int64],
        random: np.random.Generator,
    ) -> None:
        self._share = exploration.share
        self._random = random
        self._wins: NDArray[np.float64] | None = None
        self._rows = rows
        if exploration.method == "thompson":
            self._rows, tried = rows[:_MOST_ARMS], tried[:_MOST_ARMS]
            shown, clicked = tried[:, 0], np.minimum(tried[:, 1], tried[:, 0])
            self._wins = random.beta(1.0 + clicked, 1.0 + shown - clicked, size=(_ROUNDS, len(self._rows)))
        self._open: NDArray[np.int64] = self._rows
        self._chances: NDArray[np.float64] = np.zeros(len(self._rows))

    def draw(self, scores: NDArray[np.float64]) -> int | None:
        """A new product for the next place, or None where it goes by score."""
        allowed = np.isfinite(scores[self._rows])
        self._open = self._rows[allowed]
        self._chances = self._weigh(allowed)
        explores = self._random.random() < self._share
        if not explores or len(self._open) == 0:
            return None
        return int(self._random.choice(self._open, p=self._chances))

    def propensity(self, row: int, best: int | None) -> float:
        """Probability with which the place of the last `draw` went to `row`, where `best` had it by score."""
        if len(self._open) == 0:
            return 1.0
        by_chance = self._chances[self._open == row].sum()
        by_score = 1.0 - self._share if row == best else 0.0
        return float(self._share * by_chance + by_score)

    def _weigh(self, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Chance of each product that is still allowed."""
        count = int(allowed.sum())
        if count == 0 or self._wins is None:
            return np.full(count, 1.0 / max(count, 1))
        winners = self._wins[:, allowed].argmax(axis=1)
        return np.bincount(winners, minlength=count) / len(self._wins)
