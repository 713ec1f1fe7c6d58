"""What another policy would have earned, from the log of the one that ran.

Inverse propensity scoring (Horvitz & Thompson 1952), its self-normalised form (Swaminathan & Joachims
2015) and the doubly robust estimate (Dudik, Langford & Li 2011) with a reward model that never saw the
row it is used on. All rest on propensities that were written when the choice was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.estimators.base import Interval
from engine.recommendation_engine.impact.intervals import skewed_interval
from engine.recommendation_engine.impact.reward_model import FOLDS, cross_fitted
from engine.recommendation_engine.impact.schema import Method, OffPolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_SUM_TOLERANCE = 1e-6
_LOW_EFFECTIVE = 100.0
_LOW_SUCCESSES = 20.0
_COVERED = 0.98
_DOMINANT = 0.1


@dataclass(frozen=True)
class ChoiceLog:
    """What a policy chose, with which probability, and what followed.

    Parameters
    ----------
    context, action : ndarray of int, shape (n_rows,)
        Codes from 0: the situation (such as the place in a list) and what was shown.
    reward : ndarray, shape (n_rows,)
        Such as 1 for a click.
    propensity : ndarray, shape (n_rows,)
        Probability with which the policy that ran showed this action here, in (0, 1].
    unit : ndarray of int, shape (n_rows,), or None
        Rows of one request or shopper share a number, as they are not independent.
    before : ndarray, shape (n_rows,), or None
        Weight of what led to the situation, where that was drawn too: for a place of a list, the product
        of the weights of the places above it (McInerney et al. 2020, "Counterfactual evaluation of slate
        recommendations with sequential reward interactions").
    """

    context: NDArray[Any]
    action: NDArray[Any]
    reward: NDArray[Any]
    propensity: NDArray[Any]
    unit: NDArray[Any] | None = None
    before: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        columns = (self.context, self.action, self.reward, self.propensity)
        if len({len(column) for column in columns}) != 1 or len(self.action) == 0:
            raise InvalidInput("The columns of the log differ in length or are empty.", "One value a row is needed.")
        wrong = ~((self.propensity > 0) & (self.propensity <= 1))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InvalidInput(
                f"{int(wrong.sum()):,} propensities lie outside (0, 1], first {self.propensity[row]} in row {row}.",
                "What was shown was shown with a probability above 0.",
                "Leave out rows without a logged propensity.",
            )
        if not np.isfinite(self.reward).all():
            raise InvalidInput("A reward is not a number.", hint="Leave out rows without an outcome.")

    def __len__(self) -> int:
        return len(self.action)


def estimate(
    log: ChoiceLog,
    policy: NDArray[Any] | csr_matrix,
    *,
    clip: float | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> OffPolicy:
    """The mean reward of `policy` on the situations of the log, three ways.

    Parameters
    ----------
    policy : ndarray or csr_matrix, shape (n_rows, n_actions)
        Probability of each action in each row's situation. A row may sum to less than 1: the rest is
        showing nothing, which earns nothing.
    clip : float, optional
        Weights above it count as this. That trades a bias towards 0 (for rewards >= 0) for less spread,
        and the intervals do not hold the bias.
    level : float
        Of the intervals.
    seed : int
        Of the draw of folds for the reward model.

    Raises
    ------
    InvalidInput
        `policy` has other rows or actions than the log, or is not made of probabilities.
    """
    row, action, chance = _entries(policy, len(log))
    if int(log.action.max()) >= policy.shape[1]:
        raise InvalidInput(f"The log shows action {int(log.action.max())}.", f"The policy knows {policy.shape[1]}.")
    full = _weights(log, row, action, chance)
    weight = full if clip is None else np.minimum(full, clip)
    mass = float(chance.sum()) / len(log)
    units = _Units(log, level)
    normalised = mass * float(weight @ log.reward) / max(float(weight.sum()), 1e-300)
    spread = weight * (log.reward * mass - normalised) / max(float(weight.mean()), 1e-300)
    robust = _doubly_robust(log, weight, (row, action, chance), int(policy.shape[1]), units.folds(seed))
    effective, successes = (_effective(units.sums(values)) for values in (weight, weight * log.reward))
    covered = units.interval(full)
    unseen = _unseen(log, row, action, chance, int(policy.shape[1]))
    return OffPolicy(
        rows=len(log),
        estimates={
            Method.IPS: units.rate(weight * log.reward),
            Method.SNIPS: units.rate(spread, around=normalised),
            Method.DOUBLY_ROBUST: units.rate(robust),
        },
        logged=units.rate(log.reward.astype(np.float64)),
        effective_sample=effective,
        effective_successes=successes,
        largest_weight=float(weight.max()),
        mean_weight=covered,
        unseen_share=unseen,
        clip=clip,
        clipped_share=0.0 if clip is None else float((full > clip).mean()),
        warnings=_warnings(units.count, effective, successes, weight, covered, mass, unseen),
    )


def _weights(
    log: ChoiceLog, row: NDArray[np.int64], action: NDArray[np.int64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The policy's chance of what was shown over the chance it was shown with, shape (n_rows,)."""
    mine = np.zeros(len(log))
    own = log.action[row] == action
    mine[row[own]] = chance[own]
    ratio: NDArray[np.float64] = mine / log.propensity
    return ratio if log.before is None else ratio * log.before


class _Units:
    """Means over rows whose spread is taken over independent units."""

    def __init__(self, log: ChoiceLog, level: float) -> None:
        self._level = level
        self._rows = len(log)
        self._binary = bool(np.isin(log.reward, (0, 1)).all())
        self._place = None if log.unit is None else np.unique(log.unit, return_inverse=True)[1]
        self.count = self._rows if self._place is None else int(self._place.max()) + 1

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        if self._place is None:
            return values.astype(np.float64)
        return np.bincount(self._place, values, minlength=self.count).astype(np.float64)

    def interval(self, values: NDArray[Any], *, around: float | None = None) -> Interval:
        """Interval of the mean of `values`; with `around`, they are the linear part of an estimate."""
        mean = float(values.mean())
        shifted = self.sums(values - mean) * self.count / self._rows
        found = skewed_interval(shifted, level=self._level)
        centre = mean if around is None else around + mean
        if found.low is None or found.high is None:
            return Interval(value=centre)
        return Interval(value=centre, low=centre + found.low, high=centre + found.high)

    def rate(self, values: NDArray[Any], *, around: float | None = None) -> Interval:
        """The interval of an estimate; a rate of rewards 0 and 1 lies between them."""
        found = self.interval(values, around=around)
        if not self._binary or found.low is None or found.high is None:
            return found
        return Interval(value=found.value, low=max(found.low, 0.0), high=min(found.high, 1.0))

    def folds(self, seed: int) -> NDArray[np.int64]:
        """Fold of each row; rows of one unit share it."""
        drawn = np.random.default_rng(seed).permutation(self.count) % FOLDS
        return drawn if self._place is None else drawn[self._place]


def _entries(
    policy: NDArray[Any] | csr_matrix, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, action and probability of what the policy may do."""
    from scipy.sparse import csr_matrix

    table = csr_matrix(policy).tocoo()
    if table.shape[0] != rows:
        raise InvalidInput(f"The policy has {table.shape[0]:,} rows.", f"The log has {rows:,}.")
    sums = np.bincount(table.row, table.data, minlength=rows)
    if not np.isfinite(table.data).all() or (table.data < 0).any() or (sums > 1 + _SUM_TOLERANCE).any():
        raise InvalidInput("The policy's rows are not probabilities.", "They are >= 0 and sum to 1, or to less.")
    return table.row.astype(np.int64), table.col.astype(np.int64), table.data.astype(np.float64)


def _doubly_robust(
    log: ChoiceLog,
    weight: NDArray[np.float64],
    entries: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    actions: int,
    fold: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Foretold reward of the policy, plus the weighted error of the forecast, by row."""
    row, action, chance = entries
    table = cross_fitted(log.context, log.action, log.reward, fold, (int(log.context.max()) + 1, actions))
    foretold = np.bincount(row, chance * table[fold[row], log.context[row], action], minlength=len(log))
    found: NDArray[np.float64] = foretold + weight * (log.reward - table[fold, log.context, log.action])
    return found


def _effective(weight: NDArray[np.float64]) -> float:
    """Kish's effective sample size (1965)."""
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def _unseen(
    log: ChoiceLog, row: NDArray[np.int64], action: NDArray[np.int64], chance: NDArray[np.float64], actions: int
) -> float:
    """Share of the policy's choices that the log holds no row of, in the same situation."""
    seen = np.zeros((int(log.context.max()) + 1, actions), dtype=bool)
    seen[log.context, log.action] = True
    total = float(chance.sum())
    return float(chance[~seen[log.context[row], action]].sum()) / total if total > 0 else 0.0


def _warnings(
    units: int,
    effective: float,
    successes: float,
    weight: NDArray[np.float64],
    covered: Interval,
    mass: float,
    unseen: float,
) -> list[str]:
    told = []
    if effective < _LOW_EFFECTIVE:
        told.append(
            f"The log is worth {effective:,.0f} independent rows of this policy (of {units:,}): it is too unlike the"
            " one that ran, and the intervals cannot be relied on."
        )
    elif successes < _LOW_SUCCESSES:
        told.append(f"Only about {successes:,.0f} successes speak for this policy; the intervals are rough.")
    if weight.max() > _DOMINANT * weight.sum() > 0:
        told.append(f"One row alone carries {weight.max() / weight.sum():.0%} of the weight.")
    if covered.high is not None and covered.high < _COVERED * mass:
        told.append(
            f"Weights average {covered.value:.2f} where {mass:.2f} is right: some of what this policy shows was never"
            " shown (or propensities are wrong), so the estimates are too low."
        )
    if covered.low is not None and covered.low > mass / _COVERED:
        told.append(f"Weights average {covered.value:.2f} where {mass:.2f} is right: the propensities are wrong.")
    if unseen > 1 - _COVERED:
        told.append(f"{unseen:.0%} of what this policy shows has no row in the log; its worth is not known from it.")
    return told
