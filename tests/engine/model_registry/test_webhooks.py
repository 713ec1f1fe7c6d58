"""Webhooks: told after the fact, signed, retried, and never in the way of an act."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput, NotFound
from engine.model_registry import RegistryService, VersionInfo
from engine.model_registry.webhooks import HookKind, NewWebhook, WebhookSender, WebhookService
from engine.settings import Settings
from tests.conftest import wait_for
from tests.engine.model_registry.conftest import MODEL
from tests.engine.test_outbound import Canary, plain

Add = Callable[..., VersionInfo]


class Receiver(Canary):
    """A server that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.answer = self._take

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.hits]

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        plain(handler, self.statuses.pop(0) if self.statuses else 204, b"")


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(home, outbound_hosts=("127.0.0.1",))) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def hooks(engine: Engine) -> WebhookService:
    return engine.service(WebhookService)


@pytest.fixture
def hook(hooks: WebhookService, receiver: Receiver, actor: Actor) -> NewWebhook:
    return hooks.add(actor=actor, url=receiver.url)


@pytest.fixture
def sender(engine: Engine) -> Iterator[WebhookSender]:
    opened = WebhookSender(engine, delays=(0.01, 0.01))
    opened.start()
    yield opened
    opened.close()


def told(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return wait_for(lambda: receiver.events, until=lambda events: len(events) >= count)


def test_a_promotion_and_a_roll_back_are_told(
    hook: NewWebhook, sender: WebhookSender, receiver: Receiver, add: Add, crown: Callable[..., object],
    registry: RegistryService, actor: Actor,
) -> None:  # fmt: skip
    for version in ("1.0.0", "2.0.0"):
        add(version)
        crown(version)
    registry.rollback(actor=actor, model=MODEL, expected="2.0.0", reason="worse in the shop")
    events = told(receiver, 5)
    assert [event["type"].rsplit(".", 1)[1] for event in events] == [
        "registered", "promoted", "registered", "promoted", "rolled_back",
    ]  # fmt: skip
    last = events[-1]
    assert last["data"] == {
        "actor": "tester", "model": MODEL, "previous": "2.0.0", "version": "1.0.0", "reason": "worse in the shop",
        "gate_passed": None,
    }  # fmt: skip
    assert (last["specversion"], last["subject"], last["datacontenttype"]) == (
        "1.0",
        f"{MODEL}@champion",
        "application/json",
    )
    assert len({event["id"] for event in events}) == 5


def test_the_signature_can_be_checked_with_the_secret_that_was_shown(
    hook: NewWebhook, sender: WebhookSender, receiver: Receiver, add: Add
) -> None:
    add()
    told(receiver, 1)
    headers, body = receiver.headers[0], receiver.hits[0][2]
    assert hook.secret.startswith("whsec_")
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["content-type"].startswith("application/cloudevents+json")


def test_the_secret_is_in_a_private_file_and_nowhere_else(
    engine: Engine, hook: NewWebhook, hooks: WebhookService
) -> None:
    path = engine.settings.home / "keys" / "webhooks" / hook.webhook.hook_id
    assert path.stat().st_mode & 0o777 == 0o600
    secret = hook.secret.removeprefix("whsec_")
    assert base64.b64encode(path.read_bytes()).decode() == secret
    assert secret not in hooks.list_hooks()[0].model_dump_json()
    assert all(secret not in event.body for event in engine.store.events())


def test_an_answer_that_is_no_success_is_tried_again(
    hook: NewWebhook, hooks: WebhookService, sender: WebhookSender, receiver: Receiver, add: Add
) -> None:
    receiver.statuses = [500, 302, 200]
    add()
    assert len({event["id"] for event in told(receiver, 3)}) == 1
    last = wait_for(lambda: hooks.list_hooks()[0].last, until=lambda delivery: delivery is not None and delivery.ok)
    assert last is not None
    assert (last.status, last.tries) == (200, 3)
    assert [d.status for d in hooks.deliveries(hook_id=hook.webhook.hook_id)] == [200, 302, 500]


def test_an_event_is_given_up_after_the_last_try_and_the_next_one_goes_out(
    hook: NewWebhook, sender: WebhookSender, receiver: Receiver, add: Add
) -> None:
    receiver.statuses = [500, 500, 500]
    add("1.0.0")
    add("2.0.0")
    events = told(receiver, 4)
    assert [event["data"]["version"] for event in events] == ["1.0.0"] * 3 + ["2.0.0"]


def test_a_hook_that_is_down_neither_holds_up_nor_fails_an_act(
    engine: Engine, hook: NewWebhook, hooks: WebhookService, sender: WebhookSender, receiver: Receiver, add: Add
) -> None:
    receiver.close()
    assert add().version == "1.0.0"
    failed = wait_for(lambda: hooks.list_hooks()[0].last, until=lambda delivery: delivery is not None)
    assert failed is not None
    assert (failed.ok, failed.status) == (False, None)
    assert "broke off" in failed.error


def test_a_slow_hook_does_not_hold_up_the_others(
    hooks: WebhookService, sender: WebhookSender, receiver: Receiver, add: Add, actor: Actor
) -> None:
    slow = Receiver()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        slow.done.wait(20)

    slow.answer = hang
    hooks.add(actor=actor, url=slow.url)
    hooks.add(actor=actor, url=receiver.url)
    add()
    told(receiver, 1)
    slow.close()


def test_a_hook_is_told_only_of_what_it_asked_for(
    hooks: WebhookService,
    sender: WebhookSender,
    receiver: Receiver,
    add: Add,
    crown: Callable[..., object],
    actor: Actor,
) -> None:
    hooks.add(actor=actor, url=receiver.url, kinds=[HookKind.PROMOTED], model=MODEL)
    add("1.0.0")
    add("1.0.0", model="other.model")
    crown("1.0.0")
    assert [event["type"] for event in told(receiver, 1)] == ["ml.devskyy.promoted"]


def test_what_happened_while_nobody_sent_goes_out_later(
    engine: Engine, hook: NewWebhook, receiver: Receiver, add: Add
) -> None:
    add("1.0.0")
    first = WebhookSender(engine)
    first.start()
    told(receiver, 1)
    first.close()
    add("2.0.0")
    second = WebhookSender(engine)
    second.start()
    events = told(receiver, 2)
    second.close()
    assert [event["data"]["version"] for event in events] == ["1.0.0", "2.0.0"]


def test_a_new_hook_is_not_told_of_the_past(
    hooks: WebhookService, sender: WebhookSender, receiver: Receiver, add: Add, actor: Actor
) -> None:
    add("1.0.0")
    hooks.add(actor=actor, url=receiver.url)
    add("2.0.0")
    assert [event["data"]["version"] for event in told(receiver, 1)] == ["2.0.0"]


def test_the_end_of_a_job_is_told(
    engine: Engine, hook: NewWebhook, sender: WebhookSender, receiver: Receiver, actor: Actor
) -> None:
    details = {
        "job_id": "job-1",
        "kind": "recommender",
        "shop": "shop",
        "model": MODEL,
        "idempotency_key": "k",
        "spec": {},
    }
    with engine.store.write(actor) as transaction:
        transaction.emit("job.submitted", "job-1", details)
        error = {"found": "No memory.", "expected": "", "hint": ""}
        transaction.emit("job.ended", "job-1", {"job_id": "job-1", "state": "failed", "result": None, "error": error})
    (event,) = told(receiver, 1)
    assert event["data"] == {
        "actor": "tester", "job_id": "job-1", "state": "failed", "model": MODEL, "version": None, "error": "No memory.",
        "gate_passed": None, "verdict": None,
    }  # fmt: skip
    result = {"version": "1.1.0", "config": {}, "passed": True, "verdict": "Better by 2% than the champion."}
    with engine.store.write(actor) as transaction:
        payload = {"job_id": "job-1", "state": "succeeded", "result": result, "error": None}
        transaction.emit("job.ended", "job-1", payload)
    succeeded = told(receiver, 2)[-1]["data"]
    assert (succeeded["model"], succeeded["version"], succeeded["gate_passed"]) == (MODEL, "1.1.0", True)
    assert succeeded["verdict"] == "Better by 2% than the champion."


def test_a_test_event_tells_at_once_how_it_went(hook: NewWebhook, hooks: WebhookService, receiver: Receiver) -> None:
    receiver.statuses = [200, 410]
    assert hooks.test(hook_id=hook.webhook.hook_id).ok
    refused = hooks.test(hook_id=hook.webhook.hook_id)
    assert (refused.ok, refused.status) == (False, 410)
    assert receiver.events[0]["type"] == "ml.devskyy.test"


def test_a_removed_hook_is_told_nothing_more_and_its_secret_is_gone(
    engine: Engine, hook: NewWebhook, hooks: WebhookService, receiver: Receiver, add: Add, actor: Actor
) -> None:
    hooks.remove(actor=actor, hook_id=hook.webhook.hook_id)
    assert hooks.list_hooks() == []
    assert not list((engine.settings.home / "keys" / "webhooks").iterdir())
    sender = WebhookSender(engine)
    sender.start()
    add()
    sender.close()
    assert receiver.hits == []
    with pytest.raises(NotFound):
        hooks.test(hook_id=hook.webhook.hook_id)
    before = engine.store.state()
    engine.store.rebuild(actor)
    assert engine.store.state() == before


@pytest.mark.parametrize("url", ["http://shop.example/", "ftp://shop.example/", "https://a:b@shop.example/"])
def test_an_address_that_cannot_be_used_is_refused_at_once(hooks: WebhookService, actor: Actor, url: str) -> None:
    with pytest.raises(InvalidInput):
        hooks.add(actor=actor, url=url)


def test_a_host_inside_is_not_reached_unless_it_is_listed(
    home: Path, tmp_path: Path, receiver: Receiver, actor: Actor
) -> None:
    with Engine.open(Settings.at(tmp_path / "strict")) as strict:
        made = strict.call(WebhookService.add, actor=actor, url=receiver.url.replace("http:", "https:"))
        delivery = strict.call(WebhookService.test, hook_id=made.webhook.hook_id)
    assert not delivery.ok
    assert "inside this machine or network" in delivery.error
    assert receiver.hits == []
