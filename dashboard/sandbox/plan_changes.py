"""What a draft changes of the plan that is live, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dashboard.sandbox.rule_words import rule_text
from dashboard.sandbox.signal_words import signal_name
from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Exploration, Plan, Rule

Sign = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class PlanChange:
    """One difference: what happens, in words."""

    sign: Sign
    text: str


def plan_changes(
    before: Plan, after: Plan, cards: Mapping[str, ItemCard], own: Mapping[str, float]
) -> list[PlanChange]:
    """Differences of two plans: rules first, then weights, then exploration.

    Parameters
    ----------
    cards : mapping of str to ItemCard
        Products by id, for their titles.
    own : mapping of str to float
        The model's own weight of each signal.
    """
    return [
        *_rule_changes(before, after, cards),
        *_weight_changes(before.weights, after.weights, own),
        *_exploration_changes(before.exploration, after.exploration),
    ]


def _rule_changes(before: Plan, after: Plan, cards: Mapping[str, ItemCard]) -> list[PlanChange]:
    old, new = ({rule.rule_id: rule for rule in plan.rules} for plan in (before, after))
    found = [PlanChange("added", _told(rule, cards)) for name, rule in new.items() if name not in old]
    found += [PlanChange("removed", _told(rule, cards)) for name, rule in old.items() if name not in new]
    for name, rule in new.items():
        if name in old and old[name] != rule:
            found.append(PlanChange("changed", _difference(old[name], rule, cards)))
    if [name for name in old if name in new] != [name for name in new if name in old]:
        found.append(PlanChange("changed", "The order of the rules"))
    return found


def _difference(old: Rule, new: Rule, cards: Mapping[str, ItemCard]) -> str:
    if old.model_copy(update={"on": new.on}) == new:
        return f"Switched {'on' if new.on else 'off'}: {rule_text(new, cards)}"
    before, after = rule_text(old, cards), rule_text(new, cards)
    return f"{after}, before: {before}" if before != after else f"{after}: scope, schedule or note"


def _told(rule: Rule, cards: Mapping[str, ItemCard]) -> str:
    return rule_text(rule, cards) + ("" if rule.on else " (switched off)")


def _weight_changes(
    before: Mapping[str, float], after: Mapping[str, float], own: Mapping[str, float]
) -> list[PlanChange]:
    found = []
    for signal in sorted({*before, *after}):
        old, new = (weights.get(signal, own.get(signal)) for weights in (before, after))
        if before.get(signal) != after.get(signal):
            back = " (the model's own)" if signal not in after else ""
            found.append(
                PlanChange("changed", f"Weight of {signal_name(signal)}: {_number(old)} to {_number(new)}{back}")
            )
    return found


def _exploration_changes(before: Exploration, after: Exploration) -> list[PlanChange]:
    if before == after:
        return []
    return [PlanChange("changed", f"New products on trial: {_exploring(before)} to {_exploring(after)}")]


def _exploring(exploration: Exploration) -> str:
    if exploration.share == 0:
        return "none"
    return f"{exploration.share:.0%} of the places ({exploration.method}, {exploration.newer_than_days} days)"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
