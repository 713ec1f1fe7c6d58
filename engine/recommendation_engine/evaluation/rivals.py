"""The models that can be measured, each with a few settings to choose from on validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.recommendation_engine.evaluation.scorers import (
    Content,
    FoldedIn,
    Neighbours,
    Popular,
    Scorer,
    Sequential,
)

if TYPE_CHECKING:
    from engine.recommendation_engine.evaluation.splits import Split

Settings = Mapping[str, Any]
Note = Callable[[str], None]

MOST_ITEMS_EASE = 13_000
_NEIGHBOURS = 300
_DECAYS = (1.0, 0.8)


@dataclass(frozen=True)
class Rival:
    """A kind of model.

    Parameters
    ----------
    fit : callable
        From a split, settings, a seed and a place for notes to a fitted model.
    fits : tuple of mappings
        Settings that need a fit each.
    decays : tuple of float
        Decays of the history that are tried with each fit; empty where there is none.
    """

    name: str
    title: str
    fit: Callable[[Split, Settings, int, Note], Scorer]
    fits: tuple[Settings, ...] = ({},)
    decays: tuple[float, ...] = ()
    fitting: Callable[[Split], str] = lambda split: ""

    @property
    def trials(self) -> int:
        """How many settings are tried."""
        return len(self.fits) * max(len(self.decays), 1)


def _popularity(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    return Popular(split.counts.astype(np.float64))


def _recent(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    weight = np.exp2(-split.age / settings["half_life"])
    return Popular(np.bincount(split.item, weight, minlength=split.n_items).astype(np.float64))


def _cosine(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    from engine.recommenders.neighbours import cosine

    return Neighbours(cosine(split.met.T.tocsr(), top_k=_NEIGHBOURS, shrink=settings["shrink"]))


def _rp3beta(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    from engine.recommenders.neighbours import rp3beta

    matrix = rp3beta(split.met, alpha=settings["alpha"], beta=settings["beta"], top_k=_NEIGHBOURS)
    return Neighbours(matrix)


def _ease(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    from engine.recommenders.ease import ease

    return Neighbours(ease(split.met, regularisation=settings["regularisation"], top_k=_NEIGHBOURS))


def _als(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    from engine.recommenders.als import fit_als

    return FoldedIn(fit_als(split.met, seed=seed, **settings))


def _content(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    assert split.content is not None
    return Content(split.content)


def _sequence(split: Split, settings: Settings, seed: int, note: Note) -> Scorer:
    from engine.recommenders.sequence import SequenceConfig, fit_sequence

    config = SequenceConfig(**{**settings, "seed": seed})
    held = split.next_item if config.patience else None
    model = fit_sequence(
        split.histories,
        split.n_items,
        config,
        held_out=held,
        progress=lambda epoch: note(f"pass {epoch.number}" + (f", NDCG@10 {epoch.ndcg:.4f}" if epoch.ndcg else "")),
    )
    return Sequential(model)


def settled(rival: Rival, scorer: Scorer, settings: Settings) -> Settings:
    """Settings for the fits that follow: a sequence model runs as many passes as validation asked for."""
    if isinstance(scorer, Sequential):
        return {**settings, "epochs": max(scorer.model.epochs, 1), "patience": 0}
    return settings


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival("popularity", "Popularity", _popularity),
        Rival(
            "recent",
            "Recent popularity",
            _recent,
            tuple({"half_life": half_life} for half_life in (2.0, 7.0, 14.0, 30.0, 60.0, 180.0)),
        ),
        Rival(
            "cosine",
            "Cosine item-item",
            _cosine,
            tuple({"shrink": shrink} for shrink in (5.0, 20.0, 100.0)),
            _DECAYS,
        ),
        Rival(
            "rp3beta",
            "RP3beta",
            _rp3beta,
            ({"alpha": 0.8, "beta": 0.2}, {"alpha": 0.8, "beta": 0.4}, {"alpha": 1.0, "beta": 0.5}),
            _DECAYS,
        ),
        Rival(
            "ease",
            "EASE",
            _ease,
            tuple({"regularisation": value} for value in (50.0, 200.0, 1000.0)),
            _DECAYS,
            lambda split: (
                f"EASE needs memory for the square of the items; {split.n_items:,} are more than {MOST_ITEMS_EASE:,}"
                if split.n_items > MOST_ITEMS_EASE
                else ""
            ),
        ),
        Rival(
            "als",
            "Alternating least squares",
            _als,
            (
                {"dimensions": 64, "regularisation": 10.0, "alpha": 10.0},
                {"dimensions": 128, "regularisation": 10.0, "alpha": 10.0},
                {"dimensions": 128, "regularisation": 3.0, "alpha": 40.0},
            ),
            _DECAYS,
        ),
        Rival(
            "content",
            "Alike by attributes",
            _content,
            ({},),
            (1.0, 0.8, 0.5),
            lambda split: "" if split.content is not None else "The data tells no attributes of items",
        ),
        Rival(
            "sequence",
            "Order of items (SASRec)",
            _sequence,
            ({"dimensions": 128, "popularity": 0.5, "corrected": True},),
        ),
    )
}


def with_fits(name: str, fits: tuple[Settings, ...]) -> Rival:
    """A rival with other settings to choose from."""
    return replace(RIVALS[name], fits=fits)
