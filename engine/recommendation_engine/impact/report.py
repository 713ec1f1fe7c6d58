"""From lists before and after to a report: figures, what they are not, what to look out for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.recommendation_engine.impact.exposure import exposure
from engine.recommendation_engine.impact.measures import Outcome, measures, moved
from engine.recommendation_engine.impact.replay import K
from engine.recommendation_engine.impact.schema import ImpactReport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.recommendation_engine.impact.replay import Rehearsal
    from engine.recommendation_engine.impact.schema import OffPolicy
    from engine.recommendation_engine.plan import Draft, Rule

_FEW_SESSIONS = 200
_NAMED = 5


@dataclass(frozen=True)
class Question:
    """What was asked: two drafts over one version of a shop's model, and when."""

    shop: str
    model: str
    version: str
    snapshot: int
    plan: int | None
    draft: Draft
    against: Draft
    sessions: int
    moment: datetime


def report(
    question: Question, before: Outcome, after: Outcome, off_policy: Mapping[str, OffPolicy] | None
) -> ImpactReport:
    """All figures in words and numbers."""
    rehearsal = before.rehearsal
    starts = [session.start for session in before.sessions if session.start is not None]
    return ImpactReport(
        shop=question.shop,
        model=question.model,
        version=question.version,
        snapshot=question.snapshot,
        plan=question.plan,
        since=rehearsal.cut,
        until=max(starts, default=None),
        sessions=len(before.sessions),
        of=len(rehearsal.sessions),
        k=K,
        measures=measures(before, after),
        moved=moved(before, after),
        exposure=exposure(before, after),
        about=_about(question, rehearsal),
        warnings=_warnings(question, before, after),
        off_policy=None if off_policy is None else dict(off_policy),
    )


def _about(question: Question, rehearsal: Rehearsal) -> list[str]:
    known = (
        "a part of every shopper's products" if rehearsal.cut is None else f"what came before {rehearsal.cut:%Y-%m-%d}"
    )
    told = [
        "A replay: past sessions that bought something new to their shopper, ranked again for the home surface by the"
        f" recipe of version {question.version}, fitted anew to {known}, with the products, stock and prices of then.",
        "A list is right where it holds what the session bought. Shoppers could only buy what they found at the time, so"
        " a replay is conservative: it favours what was shown already, cannot see the worth of what was never shown, and"
        " says nothing on new demand. It tells lists apart; how much more would be sold, only an experiment tells.",
        "Intervals hold 95% and come from drawing whole sessions; the difference is of the same sessions.",
    ]
    late = _late(rehearsal)
    if late > 0:
        told.append(f"{late:.0%} of what was bought came to the shop later; no list of the replay can hold it.")
    if question.draft.prices or question.against.prices:
        told.append(
            "Units do not respond to price here: what was bought is taken at the tried price, as many pieces as before."
        )
    if question.draft.plan.weights != question.against.plan.weights:
        told.append(
            "The model learned its own weights on days that include these sessions, which favours them a little over"
            " the weights of a draft."
        )
    return told


def _late(rehearsal: Rehearsal) -> float:
    """Share of the purchases whose product did not exist at the cut."""
    shelf = rehearsal.recommender.shelf
    rows = [shelf.facets.place.get(bought.item_id) for session in rehearsal.sessions for bought in session.bought]
    return sum(row is None or not shelf.listed[row] for row in rows) / max(len(rows), 1)


def _warnings(question: Question, before: Outcome, after: Outcome) -> list[str]:
    told = []
    if len(before.sessions) < _FEW_SESSIONS:
        told.append(
            f"Only {len(before.sessions):,} sessions could be replayed; small changes cannot be told from chance."
        )
    if (before.lists == after.lists).all():
        if question.draft != question.against:
            told.append("The draft changes no list of these sessions.")
    elif not before.hit_rate().any() and not after.hit_rate().any():
        told.append("No list holds what its session bought, before or after: these sessions cannot tell the two apart.")
    told += _not_in_force(question)
    missing = _missing(question, before.rehearsal)
    if missing:
        shown = ", ".join(missing[:_NAMED])
        told.append(
            f"{len(missing)} of the products that the draft names did not exist when the held-out days began and cannot"
            f" be replayed: {shown}{', ...' if len(missing) > _NAMED else ''}."
        )
    if question.draft.plan.exploration.share > 0:
        told.append("Exploration is left out: a replay cannot tell what would be learned from it.")
    return told


def _not_in_force(question: Question) -> list[str]:
    idle = [rule for rule in question.draft.plan.rules if rule.on and not rule.holds_at(question.moment)]
    return [f"Rule {_name(rule)} does not hold now by its schedule and was not replayed." for rule in idle]


def _missing(question: Question, rehearsal: Rehearsal) -> list[str]:
    shelf = rehearsal.recommender.shelf
    place = shelf.facets.place
    named = [*_items(question.draft.plan.rules), *question.draft.prices]
    return sorted({item for item in named if item not in place or not shelf.listed[place[item]]})


def _items(rules: Iterable[Rule]) -> Sequence[str]:
    found: list[str] = []
    for rule in rules:
        items = rule.where.get("item_id", ())
        found += [items] if isinstance(items, str) else [str(item) for item in items]
    return found


def _name(rule: Rule) -> str:
    return repr(rule.name or rule.rule_id)
