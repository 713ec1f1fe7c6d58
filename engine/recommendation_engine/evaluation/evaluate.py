"""One evaluation from data to report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InvalidInput
from engine.recommendation_engine.evaluation import measuring, mixing
from engine.recommendation_engine.evaluation.measuring import Measured, Ranking
from engine.recommendation_engine.evaluation.rivals import RIVALS, Rival, settled
from engine.recommendation_engine.evaluation.schema import EvaluationPlan, EvaluationReport, ModelResult, Protocol
from engine.recommendation_engine.evaluation.splits import Split, about, splits

if TYPE_CHECKING:
    from engine.recommendation_engine.evaluation.interactions import Interactions
    from engine.recommendation_engine.evaluation.measuring import Lists
    from engine.recommendation_engine.evaluation.scorers import Scorer

BLEND = "blend"
BLEND_TITLE = "Log-linear blend"
_CHOSEN_ON = 4_000

Tell = Callable[[str, float], None]
Own = Callable[[Split], "Lists"]
"""A model of the caller's: fitted to a split's past, it gives the first 20 items for each of its units."""


@dataclass
class Chosen:
    """A rival with the settings that validation chose."""

    rival: Rival
    settings: Mapping[str, Any]
    decay: float | None
    trials: int
    seconds: float = 0.0

    def fit(self, split: Split, seed: int, note: Callable[[str], None]) -> Scorer:
        started = time.perf_counter()
        scorer = self.rival.fit(split, self.settings, seed, note)
        self.seconds = time.perf_counter() - started
        return scorer if self.decay is None else scorer.with_decay(self.decay)  # type: ignore[attr-defined]

    @property
    def told(self) -> dict[str, Any]:
        """The settings as the report shows them."""
        decay = {} if self.decay is None else {"decay": self.decay}
        return {**self.settings, **decay, "trials": self.trials}


def evaluate(
    data: Interactions,
    plan: EvaluationPlan,
    *,
    rivals: Mapping[str, Rival] | None = None,
    own: Mapping[str, tuple[str, Own]] | None = None,
    tell: Tell | None = None,
) -> EvaluationReport:
    """Measure models on held-out choices.

    Parameters
    ----------
    rivals : mapping of str to Rival, or None
        What can be measured; `RIVALS` when left out.
    own : mapping of name to (title, callable), or None
        Further models, fitted and ranked by the caller.
    tell : callable or None
        Told what is done now and the share of the whole that is behind.

    Raises
    ------
    InvalidInput
        The plan does not fit the data.
    """
    started = time.perf_counter()
    run = _Run(data, plan, rivals or RIVALS, dict(own or {}), tell or (lambda stage, share: None))
    measured = run.measure()
    run.tell("Resampling", 0.97)
    figures = measuring.overall(measured, plan.seed)
    return EvaluationReport(
        plan=plan,
        about=about(plan, data),
        data=data.summary(),
        units=sum(len(part.split) for part in measured),
        models=[run.result(name, metrics) for name, metrics in figures.items()],
        slices=measuring.by_slice(measured, plan.seed),
        windows=measuring.by_window(measured, plan.seed),
        pairs=measuring.pairs(measured, plan.seed),
        seconds=time.perf_counter() - started,
    )


@dataclass
class _Run:
    data: Interactions
    plan: EvaluationPlan
    rivals: Mapping[str, Rival]
    own: dict[str, tuple[str, Own]]
    tell: Tell
    chosen: dict[str, Chosen] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    _share: float = 0.0

    def measure(self) -> list[Measured]:
        parts = splits(self.data, self.plan)
        names, blended = self._asked(parts[0])
        steps = (len(names) + 1) * len(parts) + len(self.own) * (len(parts) - 1)
        scorers = {name: self._choose(parts[0], self.rivals[name], 0.95 / steps) for name in names}
        measured = []
        for before, split in pairwise(parts):
            if blended:
                self._step(f"Weights of the blend on {before.name}", 0.95 / steps)
                self.weights = mixing.learn(before, scorers, self.plan.seed)
            if self.plan.refit or self.plan.protocol is Protocol.TEMPORAL:
                scorers = {name: self._fit(split, name, 0.95 / steps) for name in names}
            ranked = self._rank(split, scorers, blended=blended)
            for name, (title, work) in self.own.items():
                self._step(f"{title}, {split.name}", 0.95 / steps)
                ranked[name] = work(split)
            measured.append(Measured.of(split, ranked))
        return measured

    def result(self, name: str, metrics: Any) -> ModelResult:
        if name == BLEND:
            return ModelResult(name=name, title=BLEND_TITLE, metrics=metrics, weights=self.weights)
        if name in self.own:
            return ModelResult(name=name, title=self.own[name][0], metrics=metrics)
        chosen = self.chosen[name]
        return ModelResult(
            name=name, title=chosen.rival.title, metrics=metrics, settings=chosen.told, fit_seconds=chosen.seconds
        )

    def _asked(self, split: Split) -> tuple[list[str], bool]:
        """Names of the models that are fitted, and whether they are blended."""
        asked = [name for name in self.plan.models if name not in self.own]
        unknown = [name for name in asked if name not in self.rivals and name != BLEND]
        if unknown:
            there = ", ".join([*self.rivals, BLEND, *self.own])
            raise InvalidInput(f"There is no model {unknown[0]!r}.", f"There are: {there}.", "Name one of them.")
        if self.plan.models:
            self.own = {name: value for name, value in self.own.items() if name in self.plan.models}
        unfit = {name: self.rivals[name].fitting(split) for name in self.rivals}
        for name in asked:
            if unfit.get(name):
                raise InvalidInput(f"The model {name!r} cannot be fitted.", f"{unfit[name]}.", "Leave it out.")
        blended = BLEND in asked or not self.plan.models
        single = [name for name in asked if name != BLEND]
        if not single and blended:
            single = [name for name in self.rivals if not unfit[name]]
        return single, blended and len(single) > 1

    def _choose(self, split: Split, rival: Rival, share: float) -> Scorer:
        def step(place: int) -> None:
            self._step(f"{rival.title}: choosing, {place + 1} of {len(rival.fits)}", share / len(rival.fits))

        chosen, scorer = choose(split, rival, seed=self.plan.seed, step=step, note=self._note(rival.title))
        self.chosen[rival.name] = chosen
        return scorer

    def _fit(self, split: Split, name: str, share: float) -> Scorer:
        title = self.chosen[name].rival.title
        self._step(f"{title}, {split.name}", share)
        return self.chosen[name].fit(split, self.plan.seed, self._note(f"{title}, {split.name}"))

    def _rank(self, split: Split, scorers: Mapping[str, Scorer], *, blended: bool) -> dict[str, Lists]:
        """Every model in one pass over the units, so that the blend uses the scores that each was ranked by."""
        names = [*scorers, BLEND] if blended else list(scorers)
        rankings = {name: Ranking(split) for name in names}
        for rows in measuring.blocks(len(split), split.n_items):
            self.tell(f"Ranking, {split.name}: {rows.stop:,} of {len(split):,}", self._share)
            histories = [split.histories[shopper] for shopper in split.units[rows]]
            signals = {}
            for name, scorer in scorers.items():
                scores = scorer.scores(histories)
                if blended:
                    signals[name] = scorer.signal(scores)
                rankings[name].take(rows, np.array(scores))
            if blended:
                rankings[BLEND].take(rows, mixing.mix(self.weights, signals))
        return {name: ranking.lists for name, ranking in rankings.items()}

    def _step(self, stage: str, share: float) -> None:
        self.tell(stage, self._share)
        self._share = min(self._share + share, 0.95)

    def _note(self, title: str) -> Callable[[str], None]:
        return lambda text: self.tell(f"{title}: {text}", self._share)


def choose(
    split: Split,
    rival: Rival,
    *,
    seed: int,
    step: Callable[[int], None] = lambda place: None,
    note: Callable[[str], None] = lambda text: None,
) -> tuple[Chosen, Scorer]:
    """The settings that rank a validation split best by NDCG@10, and the model with them, fitted to that split."""
    best: tuple[float, Chosen, Scorer] | None = None
    for place, settings in enumerate(rival.fits):
        step(place)
        started = time.perf_counter()
        fitted = rival.fit(split, settings, seed, note)
        seconds = time.perf_counter() - started
        for decay in rival.decays or (None,):
            scorer = fitted if decay is None else fitted.with_decay(decay)  # type: ignore[attr-defined]
            gained = quick_ndcg(split, scorer, seed) if rival.trials > 1 else 0.0
            if best is None or gained > best[0]:
                kept = settled(rival, fitted, settings)
                best = gained, Chosen(rival, kept, decay, rival.trials, seconds), scorer
    assert best is not None
    return best[1:]


def quick_ndcg(split: Split, scorer: Scorer, seed: int) -> float:
    """NDCG@10 over up to 4,000 units, for choices."""
    units = np.arange(len(split))
    if len(units) > _CHOSEN_ON:
        units = np.sort(np.random.default_rng(seed).choice(units, _CHOSEN_ON, replace=False))
    part = split.some(units)
    ranking = Ranking(part)
    for rows in measuring.blocks(len(part), part.n_items):
        histories: Sequence[Any] = [part.histories[shopper] for shopper in part.units[rows]]
        ranking.take(rows, np.array(scorer.scores(histories)))
    return float(measuring.per_unit(part, ranking.lists)["ndcg_at_10"].mean())
