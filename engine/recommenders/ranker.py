"""A second stage that re-ranks the blend's best by boosted trees (LambdaMART; Burges, MSR-TR-2010-82).

The trees are boosted from the blend's score, so that without any tree the order is the blend's. Their features are
the blend's own signals against their mean among the re-ranked, one each: the trees' exact contributions (TreeSHAP,
Lundberg et al. 2020) are contributions of signals, and with the blend's parts they sum to the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.boosting import lightgbm

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANKED = "ranked"
"""Name of the part that no signal has: the trees' mean for the re-ranked, a step below them for the rest."""

_LEAST_IN_LEAF, _MOST_IN_LEAF = 20, 3_000

Parts = dict[str, "NDArray[np.float64]"]


@dataclass(frozen=True)
class Ranker:
    """Boosted trees over the signals of a blend.

    Parameters
    ----------
    booster : str
        LightGBM's text format.
    names : tuple of str
        Signals in the order of the features.
    weights : mapping of str to float
        The blend's weights when the trees were grown. A weight changed since multiplies its signal's contribution.
    candidates : int
        How many of the blend's best are re-ranked.
    """

    booster: str
    names: tuple[str, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    candidates: int = 150

    @cached_property
    def _trees(self) -> Any:
        trees = lightgbm().Booster(model_str=self.booster)
        if trees.num_feature() != len(self.names):
            raise ValueError(f"the trees have {trees.num_feature()} features, not {len(self.names)}")
        return trees

    def checked(self) -> Ranker:
        """Itself, once the trees can be read and fit the names.

        Raises
        ------
        ValueError
        """
        try:
            _ = self._trees
        except lightgbm().basic.LightGBMError as error:
            raise ValueError(f"the trees cannot be read: {error}") from error
        return self

    def parts(self, signals: Parts, weighted: Parts, weights: Mapping[str, float], newcomer: NDArray[Any]) -> Parts:
        """Contributions of every signal to every item; they sum to the score.

        Parameters
        ----------
        signals, weighted : mapping of str to ndarray, shape (n_shoppers or 1, n_items)
            The blend's signals, and the same times their weights.
        weights : mapping of str to float
            Present weights.
        newcomer : ndarray of bool, shape (n_shoppers,)
            Shoppers without history keep the blend's own order: trees learn from histories.
        """
        shape = np.broadcast_shapes((len(newcomer), 1), *(value.shape for value in weighted.values()))
        found = {name: np.array(np.broadcast_to(value, shape)) for name, value in weighted.items()}
        extra = np.zeros(shape)
        total = np.sum(list(found.values()), axis=0) if found else np.zeros(shape)
        known = np.flatnonzero(~newcomer).tolist()
        if not known:
            return {**found, RANKED: extra}
        picked = [best(total[row], self.candidates) for row in known]
        asked = np.vstack(
            [features(signals, self.names, row, chosen) for row, chosen in zip(known, picked, strict=True)]
        )
        blocks = np.split(self._trees.predict(asked, pred_contrib=True), len(known))
        for row, chosen, told in zip(known, picked, blocks, strict=True):
            for place, name in enumerate(self.names):
                if name in found:
                    found[name][row, chosen] += told[:, place] * self._change(name, weights)
            ranked = told[:, -1] + np.sum([found[name][row, chosen] for name in found], axis=0)
            rest = np.ones(shape[1], dtype=bool)
            rest[chosen] = False
            extra[row, chosen] = told[:, -1]
            if rest.any():
                extra[row, rest] = min(float(ranked.min()) - float(total[row, rest].max()) - 1.0, 0.0)
        return {**found, RANKED: extra}

    def _change(self, name: str, weights: Mapping[str, float]) -> float:
        own = self.weights.get(name, 0.0)
        return weights.get(name, 0.0) / own if own > 0 else 1.0


def features(
    signals: Mapping[str, NDArray[np.float64]], names: tuple[str, ...], row: int, items: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Signals of one shopper's items against their mean, shape (n_items, n_signals); one that is absent is zero."""
    found = np.zeros((len(items), len(names)))
    for place, name in enumerate(names):
        value = signals.get(name)
        if value is not None:
            found[:, place] = value[min(row, len(value) - 1), items]
    centred: NDArray[np.float64] = found - found.mean(axis=0)
    return centred


def best(scores: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """The best items, in order of their rows."""
    if size >= len(scores):
        return np.arange(len(scores))
    return np.sort(np.argpartition(-scores, size - 1)[:size])


def grow(
    rows: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    groups: NDArray[np.int64],
    *,
    start: NDArray[np.float64] | None = None,
    leaves: int,
    rounds: int,
    learning_rate: float,
    seed: int,
) -> str:
    """Trees that put what was chosen first, as LightGBM's text; repeatable.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_signals)
    chosen : ndarray of bool, shape (n_rows,)
    groups : ndarray of int64
        Rows of each shopper, in order.
    start : ndarray, shape (n_rows,), or None
        Scores that the trees are added to.
    """
    library = lightgbm()
    settings = {
        "objective": "lambdarank",
        "num_leaves": leaves,
        "learning_rate": learning_rate,
        "min_data_in_leaf": min(_MOST_IN_LEAF, max(_LEAST_IN_LEAF, len(rows) // 200)),
        "lambda_l2": 200.0,
        "lambdarank_norm": False,
        "feature_fraction": 0.8,
        "lambdarank_truncation_level": 20,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }
    data = library.Dataset(rows, label=chosen.astype(np.int32), group=groups, init_score=start)
    return str(library.train(settings, data, num_boost_round=rounds).model_to_string())
