"""From a shop's data to each signal of the blend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.recommenders import content, facets, neighbours, popularity
from engine.recommenders.als import Factors, fit_als
from engine.recommenders.blend import FACTORS, GOES_WITH, NOVELTY, SEASONAL
from engine.recommenders.complements import complements
from engine.recommenders.ease import ease
from engine.recommenders.events import Codes
from engine.recommenders.meaning import described, near_by_meaning, placed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from engine.estimators.recommender.config import RecommenderConfig
    from engine.estimators.recommender.data import ShopData
    from engine.recommenders.facets import Facet

_LINEAR_NEIGHBOURS = 200
_FEWEST_ITEMS_OF_SHOPPER = 2


@dataclass(frozen=True)
class Links:
    """Signals that lead from items to items, and the factors."""

    neighbours: Mapping[str, csr_matrix]
    factors: Factors | None
    complements: csr_matrix | None


def wanted(config: RecommenderConfig) -> set[str]:
    """Signals that the config gives a weight."""
    return {name for name, value in config.weights.model_dump().items() if value > 0}


def content_neighbours(data: ShopData, config: RecommenderConfig) -> csr_matrix | None:
    """Products that share attributes and words; None where the config or the data have none."""
    if config.weights.similar == 0 or data.content.nnz == 0:
        return None
    known = popularity.decayed(data.log, now=data.now, half_life_days=config.long_half_life_days)
    return content.similar(data.content, top_k=config.neighbours, prefer=known)


def popularities(
    data: ShopData, config: RecommenderConfig, lasting: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Of the last weeks, of the last months, a year ago, and how new; without times there is only one."""
    log, now = data.log, data.now
    recent = popularity.decayed(log, now=now, half_life_days=config.half_life_days)
    found = {"trending": popularity.as_signal(recent)}
    if log.day is None:
        return found
    found["popular"] = popularity.as_signal(lasting)
    found[NOVELTY] = popularity.novelty(log, data.created, now=now)
    season = popularity.a_year_ago(log, now=now)
    if season is not None:
        found[SEASONAL] = popularity.as_signal(season)
    asked = wanted(config)
    return {name: value for name, value in found.items() if name in asked}


def links(data: ShopData, config: RecommenderConfig, similar: csr_matrix | None) -> Links:
    """Neighbours by choice, content and meaning, factors and complements, as far as the config wants them."""
    asked, met = wanted(config), _met(data)
    near: dict[str, csr_matrix] = {}
    if "together" in asked:
        near["together"] = neighbours.rp3beta(met, alpha=config.alpha, beta=config.beta, top_k=config.neighbours)
    if "linear" in asked and config.linear_items:
        near["linear"] = _linear(met, config)
    if "cosine" in asked:
        near["cosine"] = neighbours.cosine(met.T.tocsr(), top_k=config.neighbours, shrink=config.shrink)
    if similar is not None:
        near["similar"] = similar
    factors = _factors(met, config) if asked & {FACTORS, "meaning"} else None
    if "meaning" in asked and factors is not None:
        near |= _meaning(data, config, factors, met)
    return Links(
        near, factors if FACTORS in asked else None, _complements(data, config) if GOES_WITH in asked else None
    )


def lifts(data: ShopData, strength: NDArray[np.float64], lasting: NDArray[np.float64]) -> dict[str, Facet]:
    """Facets of items, events and shoppers."""
    log = data.log
    found = {name: facets.of_items(name, column, lasting) for name, column in _small(data.item_facets).items()}
    for name, column in _small(log.facets).items():
        found[name] = facets.of_events(name, "event", column, log, strength)
    for name, column in _small(data.shopper_facets).items():
        found[name] = facets.of_events(name, "shopper", column.take(log.shopper), log, strength)
    return found


def _met(data: ShopData) -> csr_matrix:
    """Which shopper met which item, ones."""
    met = data.log.matrix(np.ones(len(data.log)))
    met.data = np.minimum(met.data, 1.0)
    return met


def _linear(met: csr_matrix, config: RecommenderConfig) -> csr_matrix:
    """Positive weights of EASE among the most chosen items."""
    from scipy.sparse import csr_matrix

    count = np.bincount(met.indices, minlength=met.shape[1])
    chosen = np.sort(np.argsort(-count, kind="stable")[: config.linear_items])
    own = ease(met[:, chosen], regularisation=config.linear_regularisation, top_k=_LINEAR_NEIGHBOURS).tocoo()
    up = own.data > 0
    found = csr_matrix((own.data[up], (chosen[own.row[up]], chosen[own.col[up]])), shape=(met.shape[1],) * 2)
    found.sort_indices()
    return found


def _factors(met: csr_matrix, config: RecommenderConfig) -> Factors:
    """Of shoppers with at least two items; one item alone says nothing of what goes together."""
    telling = met[np.diff(met.indptr) >= _FEWEST_ITEMS_OF_SHOPPER]
    return fit_als(
        telling,
        dimensions=config.dimensions,
        regularisation=config.factor_regularisation,
        alpha=config.factor_alpha,
        iterations=config.factor_iterations,
        seed=config.seed,
    )


def _meaning(data: ShopData, config: RecommenderConfig, factors: Factors, met: csr_matrix) -> dict[str, csr_matrix]:
    events = np.bincount(met.indices, minlength=met.shape[1])
    places = placed(described(data.content, data.vectors, seed=config.seed), factors.items, events)
    return {} if places is None else {"meaning": near_by_meaning(places, top_k=config.neighbours)}


def _complements(data: ShopData, config: RecommenderConfig) -> csr_matrix:
    known = popularity.decayed(data.log, now=data.now, half_life_days=config.long_half_life_days)
    return complements(data.log, data.item_facets.get("category"), known, top_k=config.neighbours)


def _small(columns: Mapping[str, Codes]) -> dict[str, Codes]:
    return {name: column for name, column in columns.items() if 1 < len(column.labels) <= facets.MAX_VALUES}


__all__ = ["Links", "content_neighbours", "lifts", "links", "popularities", "wanted"]
