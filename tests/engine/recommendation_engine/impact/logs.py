"""Simulated logs of a policy whose rival's true worth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.recommendation_engine.impact.off_policy import ChoiceLog


@dataclass(frozen=True)
class World:
    """How logs are drawn: sizes, mean click rate, and how unlike the two policies are."""

    rows: int
    contexts: int
    actions: int
    rate: float
    contrast: float


EASY = World(rows=3_000, contexts=4, actions=12, rate=0.1, contrast=1.0)
RARE = World(rows=10_000, contexts=3, actions=40, rate=0.01, contrast=1.0)
UNLIKE = World(rows=3_000, contexts=3, actions=10, rate=0.05, contrast=1.3)
WORLDS = {"easy": EASY, "rare clicks": RARE, "unlike policies": UNLIKE}


@dataclass(frozen=True)
class Simulated:
    log: ChoiceLog
    policy: NDArray[np.float64]
    truth: float


def simulate(world: World, seed: int) -> Simulated:
    """A log, a rival policy by row, and the click rate that the rival really has."""
    random = np.random.default_rng(seed)
    shape = (world.contexts, world.actions)
    click = np.clip(world.rate * np.exp(0.7 * random.normal(size=shape)), 0, 0.95)
    liking = world.contrast * random.normal(size=shape)
    ran, rival = softmax(liking), softmax(0.5 * liking + world.contrast * random.normal(size=shape))
    context = random.integers(0, world.contexts, world.rows)
    action = (ran[context].cumsum(axis=1) > random.random(world.rows)[:, None]).argmax(axis=1)
    reward = (random.random(world.rows) < click[context, action]).astype(float)
    log = ChoiceLog(context, action, reward, ran[context, action])
    return Simulated(log, rival[context], float((rival * click).sum(axis=1).mean()))


def softmax(liking: NDArray[np.float64]) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.exp(liking)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
