"""Typical shoppers of a shop, found in what the model remembers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.schema import Persona

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recommendation_engine.serving import ReleaseRecommender

_FEW, _SOME = 3, 6


def personas(recommender: ReleaseRecommender) -> list[Persona]:
    """The most active shopper, friends of one category, of luxury and of bargains, a newcomer, a stranger.

    Each is a real shopper under a pseudonym; those that the shop's data do not show are left out.
    """
    model = recommender.model
    history = model.memory.history
    counts = np.diff(history.indptr)
    found: list[Persona] = []
    taken: set[int] = set()

    def add(name: str, text: str, score: NDArray[np.float64]) -> None:
        """The best shopper by a score that nobody stands for yet."""
        order = np.argsort(-score, kind="stable")
        row = next((int(row) for row in order if score[row] > 0 and int(row) not in taken), None)
        if row is not None:
            taken.add(row)
            told = text.format(count=int(counts[row]))
            found.append(Persona(name=name, text=told, shopper=model.shopper_ids[row]))

    if len(model.shopper_ids):
        add("Regular", "Met {count} products, more than anybody.", counts.astype(np.float64))
        category = _favourite(recommender)
        if category is not None:
            label, share = category
            add(f"{label} only", f"Keeps to {label}: {{count}} products met.", np.where(counts >= _SOME, share, 0.0))
        bands = recommender.facets.bands
        for code, name, text in ((2, "Luxury", "Chooses what is dear"), (0, "Bargain", "Chooses what is cheap")):
            share = _share(recommender, bands == code)
            add(name, text + ": {count} products met.", np.where(counts >= _SOME, share, 0.0))
        new = (counts > 0) & (counts <= _FEW)
        add("Newcomer", "Met {count} products so far.", new.astype(np.float64))
    return [*found, Persona(name="Stranger", text="Nothing is known: a first visit.", shopper=None)]


def _favourite(recommender: ReleaseRecommender) -> tuple[str, NDArray[np.float64]] | None:
    """The category that most shoppers keep to, with each one's share of it."""
    by_value = recommender.facets.values.get("category")
    if not by_value:
        return None
    touched = np.bincount(recommender.model.memory.history.indices, minlength=len(recommender.shelf.cards))
    label = max(by_value, key=lambda value: int(touched[by_value[value]].sum()))
    mask = np.zeros(len(recommender.shelf.cards), dtype=bool)
    mask[by_value[label]] = True
    return label, _share(recommender, mask)


def _share(recommender: ReleaseRecommender, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Part of each shopper's history that lies on some products, shape (n_shoppers,)."""
    history = recommender.model.memory.history
    total = np.asarray(history.sum(axis=1), dtype=np.float64).ravel()
    part = np.asarray(history @ mask.astype(np.float64)).ravel()
    share: NDArray[np.float64] = np.divide(part, total, out=np.zeros(len(total)), where=total > 0)
    return share
