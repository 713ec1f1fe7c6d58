"""The merchandising plan: what a merchandiser lays over a model, as one document.

Fixed precedence, from the strongest to the weakest:

1. `hide` and `filter` decide what may appear at all, beside stock and the request's own filters;
   nothing below brings a product back.
2. `pin` puts an allowed product at its place; where two pins want one place, the later rule in the
   plan moves to the next free one.
3. `boost`, `bury`, `freshness`, `margin` and `stock` add to the score of what is not pinned.
4. `cap` lets at most so many products of one category or brand into the list; pins count, and stay.
5. `diversity` chooses among what the caps leave.
6. Exploration gives the places that it was granted to new products that rules 1 to 4 allow.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

MOST_RULES = 200
MOST_PERCENT = 1_000.0


class Surface(StrEnum):
    """Where in the shop a list is shown."""

    HOME = "home"
    CATEGORY = "category"
    PRODUCT = "product"
    WEAR_WITH = "wear_with"
    BASKET = "basket"


class RuleKind(StrEnum):
    """What a rule does; see the module for which wins."""

    HIDE = "hide"
    FILTER = "filter"
    PIN = "pin"
    BOOST = "boost"
    BURY = "bury"
    FRESHNESS = "freshness"
    MARGIN = "margin"
    STOCK = "stock"
    CAP = "cap"
    DIVERSITY = "diversity"


ABOUT_PRODUCTS = (RuleKind.HIDE, RuleKind.FILTER, RuleKind.PIN, RuleKind.BOOST, RuleKind.BURY)
"""Kinds that name products with `where`."""

ABOUT_SCORES = (RuleKind.FRESHNESS, RuleKind.MARGIN, RuleKind.STOCK)
"""Kinds that weigh a property of every product."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Record):
    """For whom a rule holds: every list that is given must contain the request's value; empty means everyone."""

    segments: tuple[Name, ...] = Field(default=(), max_length=50)
    categories: tuple[Name, ...] = Field(default=(), max_length=50)
    markets: tuple[Name, ...] = Field(default=(), max_length=50)
    surfaces: tuple[Surface, ...] = ()


class Rule(_Record):
    """One rule of a plan.

    Attributes
    ----------
    where : dict
        Products that it is about: `{"item_id": [...]}` or the keys of a request's context, such as
        `{"category": "Dresses", "price_range": "luxury"}`. A `filter` lets only these appear.
    strength : float
        `boost` and `bury`: percent by which the odds of being chosen rise or fall (a boost of 50
        multiplies them by 1.5, a bury of 50 halves them). `freshness`, `margin`, `stock`: weight of
        the property, scaled to 0..1 over the catalogue, in units of score. `diversity`: 0 to 1.
    position : int
        Of a `pin`, counted from 1.
    facet, most
        Of a `cap`: at most `most` products with one value of `facet` in a list.
    starts, ends : datetime
        When it holds; open where None.
    """

    rule_id: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")
    kind: RuleKind
    name: str = Field(default="", max_length=100)
    where: dict[str, Any] = Field(default_factory=dict)
    strength: float | None = Field(default=None, ge=0, le=MOST_PERCENT, allow_inf_nan=False)
    position: int | None = Field(default=None, ge=1, le=100)
    facet: str | None = Field(default=None, max_length=100)
    most: int | None = Field(default=None, ge=1, le=500)
    scope: Scope = Scope()
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    on: bool = True
    author: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=1_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind in ABOUT_PRODUCTS and not self.where:
            raise ValueError(f"a {self.kind} rule names products with `where`")
        if self.kind is RuleKind.PIN and (self.position is None or "item_id" not in self.where):
            raise ValueError("a pin rule needs `position` and an `item_id`")
        if self.kind is RuleKind.CAP and (self.facet is None or self.most is None):
            raise ValueError("a cap rule needs `facet` and `most`")
        weighs = (RuleKind.BOOST, RuleKind.BURY, RuleKind.DIVERSITY, *ABOUT_SCORES)
        if self.kind in weighs and self.strength is None:
            raise ValueError(f"a {self.kind} rule needs `strength`")
        if self.kind is RuleKind.BURY and self.strength is not None and self.strength >= 100:
            raise ValueError("a bury takes less than 100 percent of the odds; hide the products instead")
        if self.kind is RuleKind.DIVERSITY and self.strength is not None and self.strength > 1:
            raise ValueError("diversity is 0 to 1")
        if self.kind in ABOUT_SCORES and self.strength is not None and self.strength > 5:
            raise ValueError(f"the weight of {self.kind} is 0 to 5")
        if self.starts is not None and self.ends is not None and self.starts >= self.ends:
            raise ValueError("a rule ends after it starts")
        return self

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is on and in its time."""
        started = self.starts is None or self.starts <= moment
        return self.on and started and (self.ends is None or moment < self.ends)


class Exploration(_Record):
    """Places of a list that new products get, so that something is learned of them.

    Attributes
    ----------
    share : float
        Part of the places of a list, 0 to 0.5; 0 explores nothing.
    method : str
        `epsilon` draws evenly among the new products that are allowed, `thompson` by a draw from
        each one's posterior of being chosen.
    newer_than_days : int
        Age up to which a product is new; one without any event is new too.
    """

    share: float = Field(default=0.0, ge=0, le=0.5)
    method: str = Field(default="epsilon", pattern="^(epsilon|thompson)$")
    newer_than_days: int = Field(default=30, ge=1, le=365)


class Plan(_Record):
    """What lies over a model: weights of signals, rules, exploration.

    `weights` replaces the model's own weight of each signal that it names, 0 to 5; others keep theirs.
    """

    weights: dict[str, Annotated[float, Field(ge=0, le=5)]] = Field(default_factory=dict, max_length=100)
    rules: tuple[Rule, ...] = Field(default=(), max_length=MOST_RULES)
    exploration: Exploration = Exploration()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [rule.rule_id for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"rule ids are unique; twice there is {', '.join(twice[:5])}")
        return self

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not self.weights and not self.rules and self.exploration.share == 0


class Draft(_Record):
    """A what-if: a plan, and prices that are tried, in shop currency by item id."""

    plan: Plan = Plan()
    prices: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, max_length=1_000
    )


class Warned(_Record):
    """Something that a merchandiser should know of a plan before it is published, by rule ids."""

    rules: tuple[str, ...]
    text: str


class PlanInfo(_Record):
    """A published plan; `number` counts from 1 in a shop, 0 is the empty plan before any was published."""

    shop: str
    number: int
    plan: Plan
    published_at: datetime | None = None
    published_by: str | None = None
    reason: str = ""
    undoes: int | None = None
    """The number that was taken back by this one."""
    current: bool = False


class ScenarioInfo(_Record):
    """A draft that was saved under a name, with what was looked at."""

    shop: str
    name: str
    draft: Draft
    view: dict[str, Any] = Field(default_factory=dict)
    saved_at: datetime
    saved_by: str
