"""What a person should know of an answer, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.plan import Warned

if TYPE_CHECKING:
    from engine.recommendation_engine.rules import Placed
    from engine.recommendation_engine.schema import Request
    from engine.recommendation_engine.scoring import Scored
    from engine.recommendation_engine.serving import ReleaseRecommender
    from engine.recommendation_engine.sessions import Session


def listing_note(request: Request, session: Session, row: int, recommender: ReleaseRecommender) -> str:
    """What is unusual about an answer; empty when all is as usual.

    Parameters
    ----------
    row : int
        Of the shopper, -1 for nobody and for one that the model has not met.
    """
    told = []
    if session.empty:
        told.append(_cold(row, request.shopper, recommender))
    elif request.shopper is not None and row < 0:
        told.append("This shopper is new to the model; only what came since is known.")
    named = [*request.basket, *(event.item_id for event in request.events)]
    unlearned = [item for item in named if not recommender.learned(item)]
    new = sum(recommender.card_of(item) is not None for item in unlearned)
    if new:
        told.append(f"{new} of the given products came after the model was trained and could not be used.")
    if len(unlearned) > new:
        strange = len(unlearned) - new
        told.append(f"{strange} of the given products are not in the catalogue and were left aside.")
    return " ".join(told)


def warned(scored: Scored, placed: Sequence[Placed], limit: int) -> list[Warned]:
    """What the rules in force could not do in this list."""
    force = scored.force
    found = list(force.warnings)
    shown = {entry.row for entry in placed}
    for pin in force.pins:
        if not scored.allowed[pin.row]:
            text = "A pinned product may not appear here: it is hidden, filtered out, sold out or was met before."
            found.append(Warned(rules=(pin.rule.rule_id,), text=text))
        elif pin.row not in shown:
            found.append(Warned(rules=(pin.rule.rule_id,), text=f"A pinned product has no place among {limit}."))
    if not placed and scored.wishes.allowed.any():
        ids = tuple(rule.rule_id for rule, _ in (*force.hides, *force.filters))
        found.append(Warned(rules=ids, text="Nothing is left to show: rules, filters and stock exclude everything."))
    elif len(placed) < limit and force.caps and np.isfinite(scored.open).sum() > len(placed):
        ids = tuple(cap.rule.rule_id for cap in force.caps)
        found.append(Warned(rules=ids, text=f"Caps leave {len(placed)} of {limit} places filled."))
    return found


def _cold(row: int, shopper: str | None, recommender: ReleaseRecommender) -> str:
    if shopper is None:
        return "Cold start: neither shopper nor basket is known, so this is what is popular now."
    profiles = recommender.model.memory.profiles
    facets = recommender.model.blend.facets
    known = [
        f"{name} {facets[name].labels[int(codes[row])]}"
        for name, codes in profiles.items()
        if row >= 0 and codes[row] >= 0 and name in facets
    ]
    if known:
        return f"Cold start: this shopper has no events yet, so this is what is popular now with {' and '.join(known)}."
    return "Cold start: this shopper is not known yet, so this is what is popular now."
