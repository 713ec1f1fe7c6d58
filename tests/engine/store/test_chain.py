"""Events chain, verify and rebuild the state."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actor import Actor
from engine.core import Engine
from engine.errors import EngineError, InvalidInput, StoreDamaged, StoreError
from engine.model_registry import MetricPoint, RegistryService, RunService, Stage
from engine.settings import Settings
from engine.store import Event, Store
from engine.store.projections import PROJECTED_TABLES, all_projectors

Act = Callable[[Store, str], None]
PAYLOAD = {"kind": "custom", "shop": None, "description": "", "tags": {}}


def test_each_event_holds_the_hash_of_the_one_before(store: Store, open_model: Act) -> None:
    for name in ("a", "b", "c"):
        open_model(store, name)
    first, second, third = store.events()
    assert (first.previous, second.previous, third.previous) == ("0" * 64, first.hash, second.hash)
    assert store.head == (3, third.hash)
    assert store.verify() == 3


def test_events_page(store: Store, open_model: Act) -> None:
    for name in ("a", "b", "c"):
        open_model(store, name)
    assert [event.seq for event in store.events(after=1, limit=1)] == [2]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE events SET payload = replace(payload, 'custom', 'cuckoo') WHERE seq = 2",
        "UPDATE events SET actor = replace(actor, 'tester', 'mallory') WHERE seq = 2",
        'UPDATE events SET "time" = "time" + INTERVAL 1 MICROSECOND WHERE seq = 1',
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq = 3",
    ],
)
def test_verify_finds_tampering(store: Store, open_model: Act, tampering: str) -> None:
    for name in ("a", "b", "c"):
        open_model(store, name)
    store._connection.execute(tampering)
    with pytest.raises(StoreDamaged):
        store.verify()


def test_an_unknown_kind_of_event_is_refused(store: Store, actor: Actor) -> None:
    with pytest.raises(StoreError, match=r"moon\.landed"), store.write(actor) as transaction:
        transaction.emit("moon.landed", "moon", {})
    assert store.head[0] == 0


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), object, {1, 2}, {1: 0, "1": 0}, "\ud800"],
    ids=lambda value: type(value).__name__ + ascii(value)[:12],
)
def test_what_is_not_json_is_refused(store: Store, actor: Actor, value: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be kept"), store.write(actor) as transaction:
        transaction.emit("model.created", "a", {"model": "a", **PAYLOAD, "tags": {"x": value}})
    assert store.head[0] == 0
    assert store.verify() == 0


@pytest.mark.parametrize(
    "tags", [{2: "two", 10: "ten"}, {"pair": (1, 2)}, {"big": 10**40, "tiny": 5e-324, "minus": -0.0}]
)
def test_the_chain_holds_whatever_shape_the_values_had(store: Store, actor: Actor, tags: dict[Any, Any]) -> None:
    with store.write(actor) as transaction:
        transaction.emit("model.created", "a", {"model": "a", **PAYLOAD, "tags": tags})
    assert store.verify() == 1


def test_every_table_of_the_schema_is_rebuilt_or_an_event(store: Store) -> None:
    with store.read() as reader:
        tables = {row["table_name"] for row in reader.rows("SELECT table_name FROM duckdb_tables()")}
    assert tables - {"events", "schema_version"} == set(PROJECTED_TABLES)
    assert all_projectors()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(max_size=5), json_values, max_size=4),
    st.text(max_size=10),
    st.datetimes(timezones=st.just(UTC)),
)
def test_an_event_survives_its_body(payload: dict[str, Any], subject: str, time: datetime) -> None:
    event = Event(1, time, Actor("somebody"), "model.created", subject, payload, "0" * 64)
    again = Event.from_body(json.loads(json.dumps(event.body)))
    assert again.hash == event.hash


name = st.sampled_from(["alpha", "beta"])
version = st.sampled_from(["1.0.0", "1.1.0", "2.0.0-rc.1", "latest", "champion"])
words = st.text(max_size=12)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("create"), name, words),
        st.tuples(st.just("register"), name, st.sampled_from([None, "1.0.0", "1.1.0", "2.0.0-rc.1"]), words),
        st.tuples(st.just("describe"), name, version, words),
        st.tuples(st.just("stage"), name, version, st.sampled_from(list(Stage))),
        st.tuples(st.just("alias"), name, st.sampled_from(["stable", "challenger"]), st.none() | version),
        st.tuples(st.just("promote"), name, version, words),
        st.tuples(st.just("rollback"), name, words),
        st.tuples(st.just("verdict"), name, version, st.booleans()),
        st.tuples(st.just("run"), name, words, st.dictionaries(words, json_values, max_size=2)),
        st.tuples(st.just("log"), st.integers(0, 3), st.floats(allow_nan=True), st.integers(0, 100)),
        st.tuples(st.just("end"), st.integers(0, 3), st.sampled_from(["finished", "failed", "cancelled"])),
        st.tuples(st.just("note"), st.integers(0, 3), words),
    ),
    max_size=25,
)


class Acting:
    """Turns drawn tuples into acts of the services; refusals are part of the game, other errors are not."""

    def __init__(self, engine: Engine, actor: Actor) -> None:
        self.registry, self.run_service = engine.service(RegistryService), engine.service(RunService)
        self.actor = actor
        self.artifact = engine.artifacts.put({"config.json": b"{}"})
        self.runs: list[str] = []

    def __call__(self, act: tuple[Any, ...]) -> None:
        what, *arguments = act
        with contextlib.suppress(EngineError):
            getattr(self, what)(*arguments)

    def _champion(self, model: str) -> str | None:
        return self.registry.get_model(model=model).aliases.get("champion")

    def create(self, model: str, text: str) -> None:
        self.registry.create_model(actor=self.actor, model=model, kind="custom", description=text, tags={"t": text})

    def register(self, model: str, number: str | None, text: str) -> None:
        self.registry.register_version(
            actor=self.actor,
            model=model,
            version=number,
            framework="numpy",
            metrics={"a": 1.5, text or "b": -0.0},
            artifact=self.artifact,
            description=text,
        )

    def describe(self, model: str, reference: str, text: str) -> None:
        self.registry.describe(actor=self.actor, model=model, reference=reference, description=text, tags={text: text})

    def stage(self, model: str, reference: str, stage: Stage) -> None:
        self.registry.set_stage(actor=self.actor, model=model, reference=reference, stage=stage)

    def alias(self, model: str, alias: str, reference: str | None) -> None:
        current = self.registry.get_model(model=model).aliases.get(alias)
        self.registry.set_alias(actor=self.actor, model=model, alias=alias, version=reference, expected=current)

    def promote(self, model: str, reference: str, reason: str) -> None:
        self.registry.promote(
            actor=self.actor,
            model=model,
            version=reference,
            expected=self._champion(model),
            reason=reason,
            overrule=True,
        )

    def rollback(self, model: str, reason: str) -> None:
        self.registry.rollback(actor=self.actor, model=model, expected=self._champion(model), reason=reason)

    def verdict(self, model: str, reference: str, passed: bool) -> None:
        self.registry.record_verdict(
            actor=self.actor,
            model=model,
            version=reference,
            against=None,
            verdict={"passed": passed, "reasons": ["so"]},
        )

    def run(self, experiment: str, text: str, params: dict[str, Any]) -> None:
        run = self.run_service.start_run(actor=self.actor, experiment=experiment, name=text, params=params, notes=text)
        self.runs.append(run.run_id)

    def log(self, index: int, value: float, step: int) -> None:
        points = [MetricPoint(metric="loss", step=step, value=value)]
        self.run_service.log(
            actor=self.actor, run_id=self._run(index), metrics=points, artifacts={"model": self.artifact}
        )

    def end(self, index: int, status: Any) -> None:
        self.run_service.end_run(actor=self.actor, run_id=self._run(index), status=status)

    def note(self, index: int, text: str) -> None:
        self.run_service.note(actor=self.actor, run_id=self._run(index), notes=text, tags={"note": text})

    def _run(self, index: int) -> str:
        return self.runs[index] if index < len(self.runs) else "run-none"


@given(acts)
def test_the_log_rebuilds_the_state(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[Any, ...]]) -> None:
    actor = Actor("tester")
    home: Path = tmp_path_factory.mktemp("rebuild")
    with Engine.open(Settings.at(home)) as engine:
        acting = Acting(engine, actor)
        for act in drawn:
            acting(act)
        before, head = engine.store.state(), engine.store.head
        engine.store.rebuild(actor)
        assert engine.store.state() == before
        assert engine.store.head == head
        assert engine.store.verify() == head[0]
        acting(("create", "gamma", "after the rebuild"))
        assert engine.store.verify() == head[0] + 1
