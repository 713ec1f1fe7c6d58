"""What a recommendation is, as callers in any process see it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from engine.catalog.records import ItemCard
from engine.recommendation_engine.plan import Surface, Warned

MOST = 500
"""Longest list that is answered."""

MOST_GIVEN = 200
"""Most products of a basket, and most events, in one request."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Act(StrEnum):
    """What a shopper did: the events of the catalogue, and two that take interest away."""

    VIEW = "view"
    CART = "cart"
    FAVOURITE = "favourite"
    RENTAL = "rental"
    RATING = "rating"
    PURCHASE = "purchase"
    RETURN = "return"
    DISMISS = "dismiss"

    @property
    def negative(self) -> bool:
        """Whether it says "not this": the product goes, and what looks like it sinks."""
        return self in (Act.RETURN, Act.DISMISS)


ItemId = Annotated[str, Field(min_length=1, max_length=200)]


class SessionEvent(BaseModel):
    """Something a shopper did after the model was trained; `hours_ago` counts from the request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: ItemId
    event: Act = Act.VIEW
    hours_ago: float = Field(default=0.0, ge=0, le=24 * 366)


class Request(_Record):
    """One question to a release, with the shopper already under a pseudonym.

    Attributes
    ----------
    shopper : str or None
        Pseudonym.
    basket : tuple of str
        Product ids in the order in which they were put in.
    events : tuple of SessionEvent
        What happened since the model was trained.
    context : dict
        Filters and wishes, see `context.understand`.
    surface, item_id, market
        Where the list is shown, the product that it is about, the market of the request.
    moment : datetime or None
        When it is asked, for rules with a schedule; None counts every rule that is on.
    seed : int or None
        Makes exploration repeatable.
    """

    shopper: str | None = None
    basket: tuple[str, ...] = ()
    events: tuple[SessionEvent, ...] = ()
    context: dict[str, Any] = Field(default_factory=dict)
    limit: int = 10
    surface: Surface = Surface.HOME
    item_id: str | None = None
    market: str | None = None
    moment: AwareDatetime | None = None
    seed: int | None = None


class Evidence(_Record):
    """A product that the shopper met, and its exact part of a contribution; `told` says how it was met."""

    item_id: str
    title: str
    value: float
    told: str


class Contribution(_Record):
    """What one signal or rule adds to a score.

    Attributes
    ----------
    signal : str
        Name of the signal, or `rule:<rule_id>`.
    value : float
        In units of score.
    share : float
        Its part of all that was added or taken away, 0 to 1.
    because : str
        The same in words.
    evidence : list of Evidence
        The products that it comes from, the weightiest first; their values sum to `value`. Empty where
        it does not come from what the shopper met.
    """

    signal: str
    value: float
    share: float
    because: str
    evidence: list[Evidence] = []


class Recommendation(_Record):
    """One product; `position` counts from 1 and the values of `contributions` sum to `score`.

    `pinned_by` is the rule that put it there. `explored` says that it was drawn for exploration.
    `propensity` is the probability with which it was to be shown there, given the places before it;
    None where nothing was drawn.
    """

    item_id: str
    position: int
    score: float
    card: ItemCard
    contributions: list[Contribution]
    reason: str
    pinned_by: str | None = None
    explored: bool = False
    propensity: float | None = None


class Recommendations(_Record):
    """An answer, with all that is needed to walk it back to model, plan and data.

    `release` is None when a version was tried that need not serve, `plan` is the number of the published
    plan that was laid over the model, None for a draft. `cold_start` says that nothing is known of what
    the shopper did; `note` says what a person should know, `warnings` what a merchandiser should.
    `dropped` names what of a forgiven context does not exist here. `currency` is that of most orders; a
    what-if tells it, where the shop does.
    """

    request_id: str
    shop: str
    model: str
    version: str
    release: int | None
    snapshot: int | None
    cold_start: bool
    note: str
    latency_ms: float
    items: list[Recommendation]
    plan: int | None = None
    warnings: list[Warned] = []
    surface: Surface = Surface.HOME
    dropped: dict[str, str] = {}
    currency: str | None = None


class Stage(StrEnum):
    """The step at which a product left a list."""

    UNKNOWN = "unknown"
    UNLISTED = "unlisted"
    SOLD_OUT = "sold_out"
    HIDDEN = "hidden"
    FILTERED = "filtered"
    MET = "met"
    CAPPED = "capped"
    SPREAD = "spread"
    RANK = "rank"
    SHOWN = "shown"


class WhyNot(_Record):
    """Why a product is not in a list, or where in it it is.

    Attributes
    ----------
    position : int or None
        In the list, from 1.
    rank : int or None
        By score among the products that may appear, from 1.
    score, needed : float or None
        Its score, and the score above which it would be shown.
    text : str
        The stage in words.
    would_help : list of str
        What would bring it in.
    boost : float or None
        Percent of boost that would just do, where a boost would.
    """

    item: ItemCard | None
    stage: str
    position: int | None = None
    rank: int | None = None
    score: float | None = None
    needed: float | None = None
    text: str = ""
    would_help: list[str] = []
    contributions: list[Contribution] = []
    boost: float | None = None


class SignalInfo(_Record):
    """A signal of a model: its own weight, and what it is in words."""

    signal: str
    weight: float
    about: str


class Persona(_Record):
    """A typical shopper to try things with; `shopper` is a pseudonym, None for a stranger."""

    name: str
    text: str
    shopper: str | None


class Met(_Record):
    """Something that a shopper did with a product; `time` is None where the shop tells no times."""

    item: ItemCard
    event: str
    time: datetime | None


class Observed(_Record):
    """An event that was taken in; `clicked` says that it answered a recorded recommendation.

    `known` is False for a product that the model does not have yet: the event is kept and counts once it has.
    """

    shop: str
    event: Act
    item_id: str
    events: int
    known: bool
    clicked: bool = False
    took_ms: float


class BulkReport(_Record):
    """What a bulk run wrote."""

    shop: str
    path: str
    shoppers: int
    rows: int
    model: str
    version: str
    plan: int
    seconds: float
