"""Poisson regression in which every item has a level of its own, drawn from a gamma distribution.

Prices of a shop follow past sales, so an item's mean price tells of its luck. Levels as fixed effects
are then biased: a run of bad luck is followed by a cut, and by better luck (Nickell 1981, for panels of
this kind). What a price follows is seen, though: given past sales and prices, it tells nothing more on the
level. So the likelihood with the level integrated out is right as it stands (Chamberlain 1992; Wooldridge
2005 on the first price), and the gamma distribution gives it in closed form (Hausman, Hall, Griliches 1984).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.price_optimizer._design import Design, Part

_START_ELASTICITY, _START_WIDTH = 1.2, 3.0
"""Centre and width of what is thought of an elasticity before pooling: nearly nothing."""

_ROUNDS, _STEPS, _TOLERANCE = 6, 12, 1e-6
_SHAPES = (0.2, 2_000.0)
_DISPERSIONS = (0.5, 10.0)
_MOST_LEVERAGE = 0.5


@dataclass(frozen=True, eq=False)
class Fitted:
    """Coefficients, their uncertainty by items as clusters, and what each item adds on its own slope.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_coefficients,)
    covariance : ndarray of float64, shape (n_coefficients, n_coefficients)
    shape : float
        Of the gamma distribution of levels; their coefficient of variation is its inverse root.
    score, information : ndarray of float64, shape (n_items,)
        First and minus the second derivative of an item's likelihood by its elasticity.
    level : ndarray of float64, shape (n_items,)
        Expected level of each item relative to its category, 1 where nothing is known.
    """

    weights: NDArray[np.float64]
    covariance: NDArray[np.float64]
    shape: float
    score: NDArray[np.float64]
    information: NDArray[np.float64]
    level: NDArray[np.float64]


def fit(design: Design, n_items: int) -> Fitted:
    """Marginal likelihood with priors on the nuisances, whose widths follow from the data (MacKay 1992)."""
    model = _Model(design)
    for round_ in range(_ROUNDS):
        model.climb()
        moved = max(model.widen(), model.disperse())
        if round_ and moved < 0.05:
            break
    model.climb()
    return model.result(n_items)


@dataclass(frozen=True, eq=False)
class _State:
    """One part at given coefficients, by row and by item."""

    units: NDArray[np.float64]
    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    sold: NDArray[np.float64]
    expected: NDArray[np.float64]


class _Model:
    def __init__(self, design: Design) -> None:
        self.design = design
        size = len(design.group)
        self.width = dict.fromkeys(design.nuisances, 0.3)
        self.shape, self.dispersion = 5.0, 1.0
        self.centre = np.zeros(size)
        self.centre[design.of("elasticity")] = _START_ELASTICITY
        units = sum(float(part.units.sum()) for part in design.parts)
        exposure = sum(float(np.exp(part.offset).sum()) for part in design.parts)
        self.centre[design.of("intercept")] = np.log(max(units, 0.5) / exposure)
        self.weights = self.centre.copy()
        self.information = np.eye(size)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Of the priors, by coefficient."""
        width = {"intercept": 3.0, "elasticity": _START_WIDTH, "promotion": 1.0, **self.width}
        return np.array([width[name] ** -2 for name in self.design.group])

    def climb(self) -> None:
        """Newton's method; a step that overshoots is halved."""
        value = self._value(self.weights)
        for _ in range(_STEPS):
            gradient, self.information = self._slopes()
            step = np.linalg.solve(self.information, gradient)
            for _ in range(20):
                reached = self._value(self.weights + step)
                if reached >= value - 1e-9 * abs(value):
                    break
                step = step / 2
            self.weights = self.weights + step
            self._reshape()
            gain, value = reached - value, self._value(self.weights)
            if gain < _TOLERANCE * max(1.0, abs(value)) * 1e-2 and np.abs(step).max() < 1e-4:
                break

    def widen(self) -> float:
        """Set the widths of the nuisances' priors from their coefficients; the largest relative change."""
        spread = np.diag(np.linalg.inv(self.information))
        moved = 0.0
        for name in self.design.nuisances:
            places = self.design.of(name)
            known = len(places) - (spread[places] / self.width[name] ** 2).sum()
            width = float(np.sqrt((self.weights[places] ** 2).sum() / max(known, 0.5)))
            width = float(np.clip(width, 0.01, 2.0))
            moved = max(moved, abs(width / self.width[name] - 1))
            self.width[name] = width
        return moved

    def disperse(self) -> float:
        """Set the variance of a row over its mean, by Pearson's statistic; the relative change.

        Below 1 where a look ends in one piece at most, above 1 where pieces come in bunches.
        """
        squares, expected = 0.0, 0.0
        for part, state in self._states(self.weights):
            mean = np.maximum(state.mean * np.repeat(state.factor, _lengths(part)), 1e-9)
            squares += float(((state.units - mean) ** 2).sum())
            expected += float(mean.sum())
        found = float(np.clip(self.dispersion * squares / expected, *_DISPERSIONS))
        moved, self.dispersion = abs(found / self.dispersion - 1), found
        return moved

    def _states(self, weights: NDArray[np.float64]) -> Iterator[tuple[Part, _State]]:
        for part in self.design.parts:
            slope = weights[part.place[1]]
            linear = (
                part.offset
                - np.log(self.dispersion)
                + part.columns @ weights[part.place]
                + 0.5 * slope**2 * part.spread
            )
            mean = np.exp(np.clip(linear, -30, 15))
            units = part.units / self.dispersion
            sold, expected = np.add.reduceat(units, part.begins), np.add.reduceat(mean, part.begins)
            yield part, _State(units, mean, (self.shape + sold) / (self.shape + expected), sold, expected)

    def _value(self, weights: NDArray[np.float64]) -> float:
        """Log of the posterior, up to a constant."""
        found = -0.5 * float((self.precision * (weights - self.centre) ** 2).sum())
        for _, state in self._states(weights):
            found += float(state.units @ np.log(state.mean)) + float(_levels(self.shape, state).sum())
        return found

    def _slopes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gradient and minus the second derivative."""
        gradient = -self.precision * (self.weights - self.centre)
        information = np.diag(self.precision)
        for part, state in self._states(self.weights):
            long = np.repeat(state.factor, _lengths(part))
            columns = _sloped(part, self.weights)
            gradient[part.place] += columns.T @ (state.units - state.mean * long)
            sums = np.add.reduceat(columns * state.mean[:, None], part.begins)
            curve = columns.T @ (columns * (state.mean * long)[:, None])
            shared = sums * (state.factor / (self.shape + state.expected))[:, None]
            information[np.ix_(part.place, part.place)] += curve - sums.T @ shared
        return gradient, information

    def _reshape(self) -> None:
        """The likeliest shape of the levels at these coefficients."""
        from scipy.optimize import minimize_scalar

        states = [state for _, state in self._states(self.weights)]

        def loss(log_shape: float) -> float:
            shape = float(np.exp(log_shape))
            prior = 0.5 * ((log_shape - np.log(8.0)) / 1.5) ** 2
            return float(prior) - sum(float(_levels(shape, state).sum()) for state in states)

        found = minimize_scalar(loss, bounds=np.log(_SHAPES), method="bounded", options={"xatol": 1e-4})
        self.shape = float(np.exp(found.x))

    def result(self, n_items: int) -> Fitted:
        _, self.information = self._slopes()
        bread = np.linalg.inv(self.information + 1e-10 * np.eye(len(self.weights)))
        score, curve, level = np.zeros(n_items), np.zeros(n_items), np.ones(n_items)
        meat = np.diag(self.precision)
        for part, state in self._states(self.weights):
            columns = _sloped(part, self.weights)
            long = np.repeat(state.factor, _lengths(part))
            rest = np.add.reduceat(columns * (state.units - state.mean * long)[:, None], part.begins)
            price = columns[:, 1]
            sums = np.add.reduceat(price * state.mean, part.begins)
            own = np.add.reduceat(price**2 * state.mean * long, part.begins)
            own = np.maximum(own - sums**2 * state.factor / (self.shape + state.expected), 0.0)
            pull = np.minimum(own * bread[part.place[1], part.place[1]], _MOST_LEVERAGE)
            apart = rest / (1 - pull)[:, None]
            meat[np.ix_(part.place, part.place)] += apart.T @ apart
            score[part.items], curve[part.items], level[part.items] = rest[:, 1], own, state.factor
        return Fitted(self.weights, _wider(bread, bread @ meat @ bread), self.shape, score, curve, level)


def _wider(model: NDArray[Any], clustered: NDArray[Any]) -> NDArray[np.float64]:
    """The model's covariance, widened where items scatter more than it says.

    Few items make the clustered variance itself uncertain, and more often too small than too large.
    """
    ratio = np.sqrt(np.maximum(np.diag(clustered) / np.diag(model), 1.0))
    found: NDArray[np.float64] = model * np.outer(ratio, ratio)
    return found


def _sloped(part: Part, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The columns, with what several prices within a period add to the slope of the elasticity."""
    if not part.spread.any():
        return part.columns
    columns = part.columns.copy()
    columns[:, 1] += weights[part.place[1]] * part.spread
    return columns


def _lengths(part: Part) -> NDArray[np.int64]:
    return np.diff(np.append(part.begins, len(part.units)))


def _levels(shape: float, state: _State) -> NDArray[np.float64]:
    """What integrating each item's level out adds to the log likelihood."""
    from scipy.special import gammaln

    gathered: NDArray[np.float64] = (
        gammaln(shape + state.sold)
        - gammaln(shape)
        + shape * np.log(shape)
        - (shape + state.sold) * np.log(shape + state.expected)
    )
    return gathered
