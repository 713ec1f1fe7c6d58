"""Plans and scenarios: what a merchandiser publishes over a shop's model, takes back, or keeps for later.

Publishing is one act with the release that carries the plan: both are recorded, or neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import InvalidInput, InvalidTransition, NotFound, ShopNotFound, StaleExpectation
from engine.failpoints import failpoint
from engine.model_registry.release import ReleaseService
from engine.naming import check_name
from engine.recommendation_engine.plan import Draft, Plan, PlanInfo, ScenarioInfo, Warned
from engine.recommendation_engine.service import RecommendationService
from engine.store import Reader, Transaction, operation

_PLANS = "SELECT * FROM plans WHERE shop = ? ORDER BY number DESC LIMIT ?"
_SCENARIOS = "SELECT * FROM scenarios WHERE shop = ? ORDER BY name"
_ALL = 1_000_000
_LONGEST_REASON = 2_000
_LONGEST_NAME = 100
_LARGEST_VIEW = 20_000


class PlanService(Service):
    """Published plans by number, and drafts by name."""

    @operation("plans.current")
    def current(self, *, shop: str) -> PlanInfo:
        """The plan that is in force; number 0 and empty before any was published."""
        check_name(shop, "shop")
        with self.store.read() as reader:
            return _current(reader, shop)

    @operation("plans.history")
    def history(self, *, shop: str, limit: int = 50) -> list[PlanInfo]:
        """Published plans, newest first."""
        check_name(shop, "shop")
        with self.store.read() as reader:
            return _history(reader, shop, limit)

    @operation("plans.check")
    def check(self, *, shop: str, plan: Plan) -> list[Warned]:
        """What a merchandiser should know of a plan before it is published.

        Raises
        ------
        ReleaseNotFound
            No recommender serves the shop, so there is nothing to hold the plan against.
        """
        return self.engine.service(RecommendationService).check(shop=shop, plan=plan)

    @operation("plans.publish")
    def publish(self, *, actor: Actor, shop: str, plan: Plan, reason: str, expected: int | None = None) -> PlanInfo:
        """Put a plan in force, and publish a release that carries it.

        Parameters
        ----------
        reason : str
            Why; the audit trail keeps it.
        expected : int, optional
            The number of the plan that the draft started from; refused when another was published since.

        Raises
        ------
        StaleExpectation
            Somebody else published meanwhile.
        InvalidInput, ShopNotFound
        """
        self._known(shop)
        why = _reason(reason, "Publishing a plan")
        with self.store.write(actor, checkpoint=True) as transaction:
            number = _current(transaction, shop).number
            _expect(shop, number, expected)
            payload = {"plan": plan.model_dump(mode="json"), "reason": why, "undoes": None}
            info, write = self._put(transaction, "plan.published", shop, number + 1, payload)
        failpoint("plans.committed")
        write()
        return info

    @operation("plans.undo")
    def undo(self, *, actor: Actor, shop: str, reason: str) -> PlanInfo:
        """Bring back the plan before the one in force, as a new number; again goes one further back.

        Raises
        ------
        InvalidTransition
            Nothing is left to take back.
        InvalidInput
        """
        check_name(shop, "shop")
        why = _reason(reason, "Taking a plan back")
        with self.store.write(actor, checkpoint=True) as transaction:
            standing = _standing(list(reversed(_history(transaction, shop, _ALL))))
            if not standing:
                raise InvalidTransition(
                    f"{shop!r} has no published plan to take back.", "Undo returns to the plan before the last one."
                )
            before = standing[-2].plan if len(standing) > 1 else Plan()
            payload = {"plan": before.model_dump(mode="json"), "reason": why, "undoes": standing[-1].number}
            following = _current(transaction, shop).number + 1
            info, write = self._put(transaction, "plan.undone", shop, following, payload)
        failpoint("plans.committed")
        write()
        return info

    @operation("scenarios.save")
    def save_scenario(
        self, *, actor: Actor, shop: str, name: str, draft: Draft, view: dict[str, Any] | None = None
    ) -> ScenarioInfo:
        """Keep a draft under a name, with what was looked at; the same name is replaced.

        Raises
        ------
        InvalidInput, ShopNotFound
        """
        self._known(shop)
        name, view = _scenario_name(name), view or {}
        if len(json.dumps(view)) > _LARGEST_VIEW:
            raise InvalidInput(
                "The view of the scenario is too large.", f"It has at most {_LARGEST_VIEW:,} characters."
            )
        payload = {"shop": shop, "name": name, "draft": draft.model_dump(mode="json"), "view": view}
        with self.store.write(actor) as transaction:
            event = transaction.emit("scenario.saved", f"{shop}:{name}", payload)
        return ScenarioInfo(shop=shop, name=name, draft=draft, view=view, saved_at=event.time, saved_by=actor.name)

    @operation("scenarios.list")
    def scenarios(self, *, shop: str) -> list[ScenarioInfo]:
        """Saved drafts, by name."""
        check_name(shop, "shop")
        with self.store.read() as reader:
            return [_scenario(row) for row in reader.rows(_SCENARIOS, [shop])]

    @operation("scenarios.remove")
    def remove_scenario(self, *, actor: Actor, shop: str, name: str) -> None:
        """Forget a saved draft.

        Raises
        ------
        NotFound
        """
        check_name(shop, "shop")
        with self.store.write(actor) as transaction:
            if not any(row["name"] == name for row in transaction.rows(_SCENARIOS, [shop])):
                raise NotFound(f"There is no scenario {name[:80]!r}.", hint="It may have been removed already.")
            transaction.emit("scenario.removed", f"{shop}:{name}", {"shop": shop, "name": name})

    def _known(self, shop: str) -> None:
        """Refuse a shop that was never opened."""
        names = [info.shop for info in self.engine.service(CatalogService).list_shops()]
        if check_name(shop, "shop") not in names:
            raise ShopNotFound(f"There is no shop {shop!r}.", f"There is: {', '.join(names) or 'none yet'}.")

    def _put(
        self, transaction: Transaction, kind: str, shop: str, number: int, payload: dict[str, Any]
    ) -> tuple[PlanInfo, Callable[[], None]]:
        """Record a plan and the release that carries it; the returned call writes the release's folder."""
        transaction.emit(kind, f"{shop}#{number}", {"shop": shop, "number": number, **payload})
        write = self.engine.service(ReleaseService).prepare(transaction, shop)
        return _current(transaction, shop), write


def _history(reader: Reader, shop: str, limit: int) -> list[PlanInfo]:
    rows = reader.rows(_PLANS, [shop, max(1, limit)])
    return [_info(row, current=place == 0) for place, row in enumerate(rows)]


def _current(reader: Reader, shop: str) -> PlanInfo:
    found = _history(reader, shop, 1)
    return found[0] if found else PlanInfo(shop=shop, number=0, plan=Plan(), current=True)


def _info(row: dict[str, Any], *, current: bool) -> PlanInfo:
    return PlanInfo(
        shop=row["shop"],
        number=row["number"],
        plan=Plan.model_validate_json(row["plan"]),
        published_at=row["time"].replace(tzinfo=UTC),
        published_by=row["actor"],
        reason=row["reason"],
        undoes=row["undoes"],
        current=current,
    )


def _standing(oldest_first: list[PlanInfo]) -> list[PlanInfo]:
    """Plans that were published and not taken back, oldest first."""
    standing: list[PlanInfo] = []
    for info in oldest_first:
        if info.undoes is None:
            standing.append(info)
        else:
            standing.pop()
    return standing


def _scenario(row: dict[str, Any]) -> ScenarioInfo:
    return ScenarioInfo(
        shop=row["shop"],
        name=row["name"],
        draft=Draft.model_validate_json(row["draft"]),
        view=json.loads(row["view"]),
        saved_at=row["time"].replace(tzinfo=UTC),
        saved_by=row["actor"],
    )


def _scenario_name(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise InvalidInput(f"The name {text[:40]!r} is not possible.", f"It has 1 to {_LONGEST_NAME} characters.")
    return text


def _reason(reason: str, what: str) -> str:
    text = reason.strip()
    if not 0 < len(text) <= _LONGEST_REASON:
        raise InvalidInput(
            f"{what} needs a reason of 1 to {_LONGEST_REASON:,} characters.", "The audit trail tells why."
        )
    return text


def _expect(shop: str, number: int, expected: int | None) -> None:
    if expected is not None and expected != number:
        raise StaleExpectation(
            f"Plan {number} of {shop!r} is in force, not {expected}, from which this draft started.",
            "Nobody else published meanwhile.",
            "Look at the present plan and publish again.",
            current=number,
            presumed=expected,
        )
