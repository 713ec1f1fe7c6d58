"""Telling another program what happened here: promotions, roll-backs, registrations, ends of jobs.

The event log is the outbox. After an act is stored, a thread walks on from where each hook stands,
posts what its hook asked for as CloudEvents 1.0 (structured JSON) with the headers of the Standard
Webhooks specification, and remembers how far it came. An act never waits for a hook and never fails
by one; after a restart the thread goes on, so that an event may arrive twice, with the same id.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.actor import Actor
from engine.catalog.pseudonyms import write_private
from engine.core import Engine, Service
from engine.errors import EngineError, InvalidInput, NotFound
from engine.files import canonical_json, write_json
from engine.model_registry import _rows
from engine.model_registry.schema import CHAMPION
from engine.naming import check_name
from engine.outbound import check_url, post
from engine.store import Event, Reader, operation

_LOG = logging.getLogger(__name__)
_MOST_HOOKS = 50
_RECENT = 20
_TIMEOUT_S = 10.0
_BATCH = 50
_THREADS = 4
RETRY_DELAYS_S = (2.0, 10.0, 60.0, 300.0)
"""Pauses before each further try; after the last one an event is given up."""

_PREFIX = "whsec_"
_EVENT_KINDS = ("version.registered", "versions.imported", "alias.moved", "job.ended")


class HookKind(StrEnum):
    """What a hook may be told of."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    REGISTERED = "registered"
    JOB_ENDED = "job_ended"
    TEST = "test"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Delivery(_Record):
    """One event sent to a hook: `status` is the answer's, None when there was none."""

    event: str
    kind: HookKind
    time: datetime
    ok: bool
    status: int | None
    tries: int
    error: str


class Webhook(_Record):
    """One hook; `model` None stands for every model, `waiting` counts tries of an event that failed so far."""

    hook_id: str
    url: str
    kinds: tuple[HookKind, ...]
    model: str | None
    created_at: datetime
    created_by: str
    last: Delivery | None = None
    waiting: int = 0


class NewWebhook(_Record):
    """A hook as it is made; `secret` is told this once."""

    webhook: Webhook
    secret: str


class _State(BaseModel):
    """How far a hook's deliveries came, kept beside the store."""

    upto: int
    tries: int = 0
    recent: list[Delivery] = Field(default_factory=list)


class WebhookService(Service):
    """Hooks: make, list, remove, try."""

    @operation("webhooks.add")
    def add(
        self, *, actor: Actor, url: str, kinds: list[HookKind] | None = None, model: str | None = None
    ) -> NewWebhook:
        """Make a hook; its secret is in the answer and nowhere else to be read.

        Parameters
        ----------
        url : str
            https, or http to a host that the setting `outbound_hosts` lists.
        kinds : list of HookKind, optional
            What it is told of; everything when left out.

        Raises
        ------
        InvalidInput
            The address cannot be used, or there are too many hooks.
        """
        check_url(url, settings=self.engine.settings)
        chosen = sorted(set(kinds or HookKind) - {HookKind.TEST})
        if model is not None:
            check_name(model, "model")
        hook_id = f"hook-{secrets.token_hex(6)}"
        secret = secrets.token_bytes(32)
        write_private(_key_path(self.engine, hook_id), secret)
        with self.store.write(actor) as transaction:
            if len(_hooks(transaction)) >= _MOST_HOOKS:
                raise InvalidInput(f"There are {_MOST_HOOKS} hooks already.", hint="Remove one that is not used.")
            payload = {"hook_id": hook_id, "url": url, "kinds": chosen, "model": model}
            transaction.emit("webhook.added", hook_id, payload)
        return NewWebhook(webhook=self._one(hook_id), secret=_PREFIX + base64.b64encode(secret).decode())

    @operation("webhooks.list")
    def list_hooks(self) -> list[Webhook]:
        """All hooks with their last delivery."""
        with self.store.read() as reader:
            return [self._with_state(hook) for hook, _ in _hooks(reader)]

    @operation("webhooks.remove")
    def remove(self, *, actor: Actor, hook_id: str) -> None:
        """Remove a hook and its secret."""
        self._one(hook_id)
        with self.store.write(actor) as transaction:
            transaction.emit("webhook.removed", hook_id, {"hook_id": hook_id})
        _key_path(self.engine, hook_id).unlink(missing_ok=True)
        _state_path(self.engine, hook_id).unlink(missing_ok=True)

    @operation("webhooks.test")
    def test(self, *, hook_id: str) -> Delivery:
        """Send a test event now and tell how it went."""
        hook = self._one(hook_id)
        now = self.engine.clock.now()
        body = _body(f"test-{secrets.token_hex(8)}", HookKind.TEST, hook_id, now, {"hook": hook_id})
        return deliver(self.engine, hook, body, HookKind.TEST, tries=1)

    @operation("webhooks.deliveries")
    def deliveries(self, *, hook_id: str) -> list[Delivery]:
        """The last deliveries of a hook, newest first."""
        self._one(hook_id)
        state = _read_state(self.engine, hook_id)
        return list(reversed(state.recent)) if state else []

    def _one(self, hook_id: str) -> Webhook:
        with self.store.read() as reader:
            found = next((hook for hook, _ in _hooks(reader) if hook.hook_id == hook_id), None)
        if found is None:
            raise NotFound(f"There is no webhook {hook_id[:80]!r}.", hint="List them with 'skyy webhooks list'.")
        return self._with_state(found)

    def _with_state(self, hook: Webhook) -> Webhook:
        state = _read_state(self.engine, hook.hook_id)
        if state is None:
            return hook
        return hook.model_copy(update={"last": state.recent[-1] if state.recent else None, "waiting": state.tries})


class WebhookSender:
    """The thread that delivers; one per owner process.

    Parameters
    ----------
    delays : tuple of float
        Pauses in seconds before each further try of an event.
    """

    def __init__(self, engine: Engine, *, delays: tuple[float, ...] = RETRY_DELAYS_S) -> None:
        self._engine, self._delays = engine, delays
        self._wake, self._stop = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook")
        self._guard = threading.Lock()
        self._busy: set[str] = set()
        self._missed: set[str] = set()
        self._due: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Deliver what is due, and then whatever happens, until `close`."""
        if self._thread is None:
            self._engine.store.listen(self._on_events)
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()
            self._wake.set()

    def close(self) -> None:
        """Stop; what is not delivered yet goes out when an owner starts again."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown()

    def _on_events(self, events: list[Event]) -> None:
        if any(event.kind in _EVENT_KINDS for event in events):
            self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._pause())
            self._wake.clear()
            try:
                self._round()
            except Exception:
                _LOG.exception("a round of webhook deliveries failed")

    def _pause(self) -> float | None:
        """Seconds until the next retry, None when there is none."""
        with self._guard:
            return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _round(self) -> None:
        if self._stop.is_set():
            return
        with self._engine.store.read() as reader:
            hooks = _hooks(reader)
        known = {hook.hook_id for hook, _ in hooks}
        with self._guard:
            self._due = {hook_id: due for hook_id, due in self._due.items() if hook_id in known}
        for hook, made in hooks:
            with self._guard:
                if hook.hook_id in self._busy:
                    self._missed.add(hook.hook_id)
                    continue
                if self._due.get(hook.hook_id, 0.0) > time.monotonic():
                    continue
                self._busy.add(hook.hook_id)
                self._due.pop(hook.hook_id, None)
            self._pool.submit(self._catch_up, hook, made)

    def _catch_up(self, hook: Webhook, made: int) -> None:
        try:
            more = self._send_waiting(hook, made)
        except Exception:
            _LOG.exception("the webhook %s could not be served", hook.hook_id)
            more = False
        finally:
            with self._guard:
                self._busy.discard(hook.hook_id)
                missed = hook.hook_id in self._missed
                self._missed.discard(hook.hook_id)
        if more or missed:
            self._wake.set()

    def _send_waiting(self, hook: Webhook, made: int) -> bool:
        """Send events in order until one fails; whether more may have come meanwhile."""
        state = _read_state(self._engine, hook.hook_id) or _State(upto=made)
        events = self._events(state.upto)
        for event, job_model in events:
            for kind, body in told(event, hook, job_model):
                if self._stop.is_set():
                    return False
                delivery = deliver(self._engine, hook, body, kind, tries=state.tries + 1)
                state.recent = [*state.recent, delivery][-_RECENT:]
                if not delivery.ok and state.tries < len(self._delays):
                    self._retry_later(hook, state)
                    return False
                state.tries = 0
            state.upto = event.seq
            self._keep(hook, state)
        return bool(events)

    def _retry_later(self, hook: Webhook, state: _State) -> None:
        pause = self._delays[state.tries]
        state.tries += 1
        self._keep(hook, state)
        with self._guard:
            self._due[hook.hook_id] = time.monotonic() + pause
        self._wake.set()

    def _events(self, after: int) -> list[tuple[Event, str | None]]:
        """Events of interest, each with the model of the job that it is about."""
        with self._engine.store.read() as reader:
            rows = reader.rows(
                "SELECT e.*, j.model AS job_model FROM events e LEFT JOIN jobs j ON j.job_id = e.subject"
                " WHERE e.seq > ? AND e.kind IN (SELECT unnest(?::VARCHAR[])) ORDER BY e.seq LIMIT ?",
                [after, list(_EVENT_KINDS), _BATCH],
            )
        return [(Event.from_row(row), row["job_model"]) for row in rows]

    def _keep(self, hook: Webhook, state: _State) -> None:
        with self._engine.store.read() as reader:
            if reader.row("SELECT 1 FROM webhooks WHERE hook_id = ?", [hook.hook_id]) is None:
                return  # removed while it was served
        write_json(_state_path(self._engine, hook.hook_id), state.model_dump(mode="json"), durable=False)


def told(event: Event, hook: Webhook, job_model: str | None = None) -> list[tuple[HookKind, bytes]]:
    """What a hook is told of an event: kinds and bodies, none when it did not ask for it."""
    found = []
    for kind, model, data in _facts(event, job_model):
        if kind in hook.kinds and hook.model in (None, model):
            mark = f"{event.seq}-{event.hash[:16]}"
            if event.kind == "versions.imported":
                mark += f"-{data['version']}"
            found.append((kind, _body(mark, kind, event.subject, event.time, {"actor": event.actor.name, **data})))
    return found


def _facts(event: Event, job_model: str | None) -> list[tuple[HookKind, str | None, dict[str, Any]]]:
    data = event.payload
    if event.kind == "version.registered":
        return [(HookKind.REGISTERED, data["model"], _registered(data))]
    if event.kind == "versions.imported":
        return [(HookKind.REGISTERED, version["model"], _registered(version)) for version in data["versions"]]
    if event.kind == "alias.moved" and data["alias"] == CHAMPION and data["action"] in ("promoted", "rolled_back"):
        passed = data["verdict"].get("passed") if data["verdict"] else None
        moved = {key: data[key] for key in ("model", "previous", "version", "reason")}
        return [(HookKind(data["action"]), data["model"], {**moved, "gate_passed": passed})]
    if event.kind == "job.ended":
        result = data["result"] or {}
        came_to = {
            "version": result.get("version"),
            "gate_passed": result.get("passed"),
            "verdict": result.get("verdict"),
        }
        why = (data["error"] or {}).get("found")
        ended = {"job_id": data["job_id"], "state": data["state"], "model": job_model, **came_to, "error": why}
        return [(HookKind.JOB_ENDED, job_model, ended)]
    return []


def _registered(data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("model", "version", "framework", "metrics", "artifact")}


def _body(mark: str, kind: HookKind, subject: str, moment: datetime, data: dict[str, Any]) -> bytes:
    event = {
        "specversion": "1.0",
        "id": mark,
        "source": "/skyy/registry",
        "type": f"ml.devskyy.{kind}",
        "subject": subject,
        "time": moment.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return canonical_json(event).encode()


def deliver(engine: Engine, hook: Webhook, body: bytes, kind: HookKind, *, tries: int) -> Delivery:
    """Post one event, signed, and tell how it went; never raises for what the other side does."""
    now = engine.clock.now()
    mark = str(json.loads(body)["id"])
    status, error = None, ""
    try:
        headers = signed(_secret(engine, hook.hook_id), mark, int(now.timestamp()), body)
        status = post(hook.url, body, headers, settings=engine.settings, timeout_s=_TIMEOUT_S).status
    except EngineError as trouble:
        error = trouble.found[:300]
    except FileNotFoundError:
        error = "The hook's secret is missing in the folder keys; remove the hook and make it again."
    ok = status is not None and 200 <= status < 300
    return Delivery(event=mark, kind=kind, time=now, ok=ok, status=status, tries=tries, error=error)


def signed(secret: bytes, mark: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Headers of a delivery: HMAC-SHA256 over id, time and body (Standard Webhooks 1.0)."""
    signature = hmac.digest(secret, f"{mark}.{timestamp}.".encode() + body, "sha256")
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "devskyy-ml",
        "webhook-id": mark,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }


def _hooks(reader: Reader) -> list[tuple[Webhook, int]]:
    """Hooks with the number of the event that made each."""
    rows = reader.rows("SELECT * FROM webhooks ORDER BY seq")
    return [
        (
            Webhook(
                hook_id=row["hook_id"],
                url=row["url"],
                kinds=tuple(json.loads(row["kinds"])),
                model=row["model"],
                created_at=_rows.utc(row["created_at"]),
                created_by=row["created_by"],
            ),
            row["seq"],
        )
        for row in rows
    ]


def _key_path(engine: Engine, hook_id: str) -> Path:
    return engine.settings.home / "keys" / "webhooks" / check_name(hook_id, "hook")


def _state_path(engine: Engine, hook_id: str) -> Path:
    return engine.settings.home / "webhooks" / f"{check_name(hook_id, 'hook')}.json"


def _secret(engine: Engine, hook_id: str) -> bytes:
    return _key_path(engine, hook_id).read_bytes()


def _read_state(engine: Engine, hook_id: str) -> _State | None:
    try:
        return _State.model_validate_json(_state_path(engine, hook_id).read_bytes())
    except (FileNotFoundError, ValueError):  # none yet, or cut short by a power cut: begin where the hook was made
        return None
