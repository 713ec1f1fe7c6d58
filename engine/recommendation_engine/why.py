"""Why a product is not in a list: the step that dropped it, and what would bring it in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.recommendation_engine.context import understand
from engine.recommendation_engine.plan import MOST_PERCENT, Plan, Surface
from engine.recommendation_engine.rules import Placed
from engine.recommendation_engine.rules.rulebook import named
from engine.recommendation_engine.schema import Request, Stage, WhyNot

if TYPE_CHECKING:
    from engine.recommendation_engine.scoring import Scored
    from engine.recommendation_engine.serving import Laid, ReleaseRecommender

_NEAR = 1e-9
_STEPS = 14


def why_not(
    recommender: ReleaseRecommender,
    request: Request,
    target: str,
    plan: Plan,
    prices: Mapping[str, float] | None = None,
) -> WhyNot:
    """Where a product stands in the list that a request would get; chance is left out.

    Raises
    ------
    InvalidInput, ItemNotFound
    """
    card = recommender.card_of(target)
    row = recommender.facets.place.get(target)
    if card is None and row is None:
        text = f"There is no product {target[:80]!r} in the catalogue."
        return WhyNot(item=None, stage=Stage.UNKNOWN, text=text, would_help=["Check the product id."])
    if row is None:
        text = "It came into the catalogue after the model was trained."
        return WhyNot(item=card, stage=Stage.UNLISTED, text=text, would_help=["Train the recommender again."])
    laid = recommender.laid(plan, prices)
    scored = recommender.score(request, laid)
    return _Looked(recommender, request, laid, scored, row).answer()


@dataclass(frozen=True)
class _Looked:
    """One product in one scored request."""

    recommender: ReleaseRecommender
    request: Request
    laid: Laid
    scored: Scored
    row: int

    def answer(self) -> WhyNot:
        dropped = self._dropped()
        if dropped is not None:
            stage, text, help_ = dropped
            return self._told(stage, text, [help_])
        placed = self._placed(self.scored)
        rows = [entry.row for entry in placed]
        if self.row in rows:
            position = rows.index(self.row) + 1
            return self._told(Stage.SHOWN, f"It is shown, at place {position}.", [], position=position)
        return self._outranked(placed)

    def _dropped(self) -> tuple[Stage, str, str] | None:
        """The first mask that takes the product out: stage, text, what would help."""
        row, scored, shelf = self.row, self.scored, self.laid.shelf
        if not shelf.listed[row]:
            return Stage.UNLISTED, "It is no longer in the catalogue.", "Put it back into the catalogue."
        if row == scored.anchor:
            return Stage.FILTERED, "The list is about this product.", "Ask for a list about another product."
        if self.request.context.get("in_stock", True) is not False and shelf.facets.sold_out[row]:
            return Stage.SOLD_OUT, "It is sold out.", "Stock it again, or ask with in_stock false."
        for rule, rows in scored.force.hides:
            if rows[row]:
                return Stage.HIDDEN, f"{named(rule)} hides it.", "Switch the rule off, or take the product out of it."
        return self._filtered() or self._met()

    def _filtered(self) -> tuple[Stage, str, str] | None:
        shelf = self.laid.shelf
        for rule, rows in self.scored.force.filters:
            if not rows[self.row]:
                return Stage.FILTERED, f"{named(rule)} lets only others appear.", "Widen the rule, or switch it off."
        for key, value in self.request.context.items():
            alone = {"in_stock": False, "exclude": "nothing", key: value}
            if key != "in_stock" and not understand(alone, shelf.facets, self.scored.blend.facets).allowed[self.row]:
                return Stage.FILTERED, f"The request's {key} leaves it out.", f"Ask without {key}."
        category = shelf.cards[self.row].category
        about = self.scored.anchor
        if self.request.surface is Surface.WEAR_WITH and about is not None and category == shelf.cards[about].category:
            return Stage.FILTERED, "It is of the same category as the product.", "Ask for the product surface."
        return None

    def _met(self) -> tuple[Stage, str, str] | None:
        session = self.scored.session
        if self.row in session.averse:
            return Stage.MET, "The shopper sent it back or dismissed it.", "Nothing: the shopper decided."
        if self.scored.allowed[self.row]:
            return None
        if self.row in session.fresh:
            return Stage.MET, f"It came with the request: {session.fresh[self.row]}.", "Ask without it."
        return Stage.MET, "The shopper met it before.", 'Ask with exclude "nothing".'

    def _placed(self, scored: Scored) -> list[Placed]:
        return self.recommender.lay_out(self.request, self.laid, scored)

    def _outranked(self, placed: list[Placed]) -> WhyNot:
        """It may appear, but others are before it."""
        stage, text, help_ = Stage.RANK, "", []
        by_score = [float(self.scored.total[entry.row]) for entry in placed if entry.pinned_by is None]
        needed = min(by_score, default=None)
        force = self.scored.force
        if force.diversity and self._in_without(diversity=0.0):
            stage = Stage.SPREAD
            rule = force.spread_by
            text = f"{named(rule) if rule else 'Diversity'} chose others: it is too much like products before it."
            help_.append("Lower the diversity.")
        elif force.caps and self._in_without(caps=()):
            stage = Stage.CAPPED
            full = [cap.rule for cap in force.caps if (cap.codes[self.row] >= 0).any()]
            text = f"{named(full[0]) if full else 'A cap'} is full before it."
            help_.append("Raise the cap.")
        else:
            text = f"{self._rank() - 1:,} products that may appear score higher."
        boost = self._boost(needed)
        if boost is None:
            help_.append("Pin it; no boost reaches.")
        else:
            help_.append(f"A boost of {boost:g}%.")
        return self._told(stage, text, help_, needed=needed, boost=boost)

    def _in_without(self, **change: object) -> bool:
        """Whether it would be shown under other rules of layout."""
        force = replace(self.scored.force, **change)  # type: ignore[arg-type]  # fields of InForce
        return self._shown(replace(self.scored, force=force))

    def _shown(self, scored: Scored) -> bool:
        return self.row in {entry.row for entry in self._placed(scored)}

    def _boost(self, needed: float | None) -> float | None:
        """The least percent of boost that brings it in, rounded up to a tenth; None where none does."""
        most = math.log1p(MOST_PERCENT / 100)
        if needed is None or not self._shown(self._lifted(most)):
            return None
        plain = not self.scored.force.diversity and not self.scored.force.caps
        gap = needed - float(self.scored.total[self.row]) if plain else self._bisect(most)
        percent = math.ceil(10 * 100 * math.expm1(max(gap, 0.0) + _NEAR)) / 10
        return min(percent, MOST_PERCENT)

    def _bisect(self, most: float) -> float:
        """Where caps or diversity stand between, the least lift is found by trying."""
        low, high = 0.0, most
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._shown(self._lifted(middle)) else (middle, high)
        return high

    def _lifted(self, by: float) -> Scored:
        total = self.scored.total.copy()
        total[self.row] += by
        return replace(self.scored, total=total)

    def _rank(self) -> int:
        scores = self.scored.open
        return int((scores > scores[self.row]).sum() + (scores[: self.row] == scores[self.row]).sum()) + 1

    def _told(
        self,
        stage: Stage,
        text: str,
        would_help: list[str],
        *,
        position: int | None = None,
        needed: float | None = None,
        boost: float | None = None,
    ) -> WhyNot:
        explainer = self.recommender.explainer(self.scored, self.laid, self.request)
        return WhyNot(
            item=self.laid.shelf.cards[self.row],
            stage=stage,
            position=position,
            rank=self._rank() if self.scored.allowed[self.row] else None,
            score=float(self.scored.total[self.row]),
            needed=needed,
            text=text,
            would_help=would_help,
            contributions=explainer.contributions(np.array([self.row]))[0],
            boost=boost,
        )
