"""The remote client: what another program needs to ask a running server, with httpx and pydantic only.

    with SkyyClient("http://127.0.0.1:8501/api") as client:
        answer = client.recommend(user_id="user123", context={"category": "dresses"})

A server started with `uvicorn engine.inference_server:app` has the same route without the `/api`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engine.errors import EngineError, Forbidden, InternalError, OwnerUnreachable

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8501/api"


class _Answer(BaseModel):
    """Base of answers: members that a newer server adds are kept, not refused."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


class Evidence(_Answer):
    """A product that the shopper met, and its exact part of a contribution."""

    item_id: str
    title: str
    value: float
    told: str


class Contribution(_Answer):
    """What one signal or rule added to a score; `share` is its part of the whole."""

    signal: str
    value: float
    share: float
    because: str
    evidence: tuple[Evidence, ...] = ()


class RecommendedItem(_Answer):
    """One item, best first; `position` counts from 1 as the server does."""

    item_id: str
    position: int
    score: float
    reason: str
    card: dict[str, Any]
    contributions: tuple[Contribution, ...] = ()


class RecommendationAnswer(_Answer):
    """Items with the model and data that they come from."""

    request_id: str
    shop: str
    model: str
    version: str
    cold_start: bool
    note: str
    latency_ms: float
    items: tuple[RecommendedItem, ...]
    plan: int | None = None
    surface: str = "home"


class Observed(_Answer):
    """An event that was taken in; `events` counts the recent ones that are held."""

    shop: str
    event: str
    item_id: str
    events: int
    known: bool
    clicked: bool


class PlanState(_Answer):
    """A published merchandising plan; number 0 is the empty one before any was published."""

    shop: str
    number: int
    plan: dict[str, Any]
    reason: str
    undoes: int | None
    current: bool


class Model(_Answer):
    """A model; `aliases` maps a name such as `champion` to a version."""

    model: str
    kind: str
    shop: str | None
    versions: int
    latest: str | None
    aliases: dict[str, str]


class Job(_Answer):
    """A training job."""

    job_id: str
    kind: str
    shop: str | None
    state: str
    version: str | None = None
    error: dict[str, Any] | None = None


class Move(_Answer):
    """A move of the champion."""

    model: str
    previous: str | None
    version: str | None
    action: str
    reason: str
    actor: str
    time: datetime


class SkyyClient:
    """Asks one server.

    Parameters
    ----------
    base_url : str
        The address up to `/v1`, such as `http://127.0.0.1:8501/api`.
    timeout : float
        Seconds until an unanswered request counts as failed.
    transport : httpx.BaseTransport or None
        Another way to the server, for tests.

    Raises
    ------
    EngineError
        From every method: the same classes that a local call raises (`ModelNotFound`,
        `StaleExpectation`, ...); `OwnerUnreachable` when nothing answers.
    """

    def __init__(
        self, base_url: str = DEFAULT_URL, *, timeout: float = 30.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(base_url=base_url.rstrip("/"), timeout=timeout, transport=transport)

    def recommend(
        self,
        *,
        shop: str | None = None,
        user_id: str | None = None,
        basket: Sequence[str] = (),
        context: dict[str, Any] | None = None,
        limit: int = 10,
        surface: str | None = None,
        item_id: str | None = None,
        session_id: str | None = None,
        market: str | None = None,
    ) -> RecommendationAnswer:
        """Items for a shopper, a session, or an anonymous basket of item ids."""
        body = {"shop": shop, "user_id": user_id, "basket": list(basket), "context": context or {}, "limit": limit}
        body |= {"surface": surface, "item_id": item_id, "session_id": session_id, "market": market}
        return self._ask("POST", "/v1/recommend", RecommendationAnswer, body)

    def observe(
        self,
        *,
        item_id: str,
        event: str,
        shop: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        request_id: str | None = None,
    ) -> Observed:
        """Take in what a shopper or an anonymous session just did; the next answer counts it."""
        body = {"shop": shop, "user_id": user_id, "session_id": session_id, "item_id": item_id, "event": event}
        return self._ask("POST", "/v1/events", Observed, {**body, "request_id": request_id})

    def plan(self, *, shop: str) -> PlanState:
        """The merchandising plan in force."""
        return self._ask("GET", f"/v1/shops/{shop}/plan", PlanState)

    def publish_plan(self, *, shop: str, plan: dict[str, Any], reason: str, expected: int | None = None) -> PlanState:
        """Put a plan in force, if number `expected` still is (None: whatever is)."""
        body = {"plan": plan, "reason": reason, "expected": expected}
        return self._ask("POST", f"/v1/shops/{shop}/plan", PlanState, body)

    def undo_plan(self, *, shop: str, reason: str) -> PlanState:
        """Bring back the plan before the one in force."""
        return self._ask("POST", f"/v1/shops/{shop}/plan/undo", PlanState, {"reason": reason})

    def models(self, *, shop: str | None = None) -> list[Model]:
        """All models, by name."""
        return self._ask("GET", "/v1/models", list[Model], params={"shop": shop} if shop else None)

    def jobs(self, *, shop: str | None = None) -> list[Job]:
        """Training jobs, newest first."""
        return self._ask("GET", "/v1/jobs", list[Job], params={"shop": shop} if shop else None)

    def train(self, *, kind: str, shop: str, idempotency_key: str, config: dict[str, Any] | None = None) -> Job:
        """Start a training job; the same key always means the same job."""
        body = {"kind": kind, "shop": shop, "idempotency_key": idempotency_key, "config": config}
        return self._ask("POST", "/v1/jobs", Job, body)

    def promote(
        self, *, model: str, version: str, expected: str | None, reason: str = "", overrule: bool = False
    ) -> Move:
        """Make a version the champion, if the champion still is `expected` (None: there is none)."""
        body = {"version": version, "expected": expected, "reason": reason, "overrule": overrule}
        return self._ask("POST", f"/v1/models/{model}/promote", Move, body)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
    ) -> T:
        try:
            response = self._http.request(method, path, json=body, params=params)
        except httpx.TransportError as error:
            raise OwnerUnreachable(
                f"No server answers at {self._http.base_url}: {error}.",
                "The dashboard or 'skyy serve' runs there.",
                "Start it with 'skyy up', or pass another base_url.",
            ) from error
        if response.is_error:
            raise _error_of(response)
        try:
            return TypeAdapter(answer).validate_json(response.content)
        except ValidationError as error:
            raise InternalError(
                f"The answer of {path} has another form than this client knows.",
                hint="Update the older of the two programs.",
            ) from error


def _error_of(response: httpx.Response) -> EngineError:
    """The typed error that a problem document carries."""
    try:
        problem = response.json()
    except ValueError:
        return InternalError(f"The server answered {response.status_code} without a reason.")
    parts = problem.get("parts")
    if parts is not None:
        return EngineError.from_dict({"type": problem["error"], "fields": problem.get("fields", {}), **parts})
    kind = Forbidden if response.status_code == 403 else InternalError
    if problem.get("error") in EngineError.kinds:
        kind = EngineError.kinds[problem["error"]]  # type: ignore[assignment]  # every kind has the same constructor
    return kind(
        problem.get("detail", f"The server answered {response.status_code}."), reference=problem.get("reference")
    )
