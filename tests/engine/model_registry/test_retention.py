"""What the rules remove, what they never remove, and that a plan is what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actor import Actor
from engine.clock import ManualClock
from engine.core import Engine
from engine.errors import InvalidInput, InvalidTransition, ModelNotFound, StaleExpectation, VersionExists
from engine.files import write_json
from engine.model_registry import Lineage, RegistryService, VersionInfo
from engine.model_registry.retention import EVERY_MODEL, RetentionPlan, RetentionRule, RetentionService, rule_of
from engine.settings import Settings
from tests.engine.model_registry.conftest import MODEL

Add = Callable[..., VersionInfo]
START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def engine(home: Path, clock: ManualClock) -> Iterator[Engine]:
    with Engine.open(Settings.at(home), clock=clock) as opened:
        yield opened


@pytest.fixture
def retention(engine: Engine) -> RetentionService:
    return engine.service(RetentionService)


@pytest.fixture
def rule(retention: RetentionService, actor: Actor) -> Callable[..., RetentionPlan]:
    """Set the rule of `MODEL` and show what it would do."""

    def act(model: str = MODEL, **parts: object) -> RetentionPlan:
        retention.set_rule(actor=actor, model=model, rule=RetentionRule(**parts))  # type: ignore[arg-type]
        return retention.plan()

    return act


def going(plan: RetentionPlan) -> list[str]:
    return sorted(entry.version for entry in plan.going)


def why(plan: RetentionPlan, version: str) -> str:
    return ", ".join(next(entry.because for entry in plan.kept if entry.version == version))


def test_the_last_ones_stay(add: Add, rule: Callable[..., RetentionPlan]) -> None:
    for number in range(1, 6):
        add(f"{number}.0.0")
    plan = rule(keep_last=2)
    assert going(plan) == ["1.0.0", "2.0.0", "3.0.0"]
    assert why(plan, "5.0.0") == "it is the newest version, it is one of the last 2"


def test_young_ones_stay(add: Add, rule: Callable[..., RetentionPlan], clock: ManualClock) -> None:
    for number in range(1, 6):
        add(f"{number}.0.0")
        clock.advance(timedelta(days=10))
    plan = rule(keep_days=25)
    assert going(plan) == ["1.0.0", "2.0.0", "3.0.0"]


@pytest.mark.parametrize(("higher", "gone"), [(True, ["1.0.0", "3.0.0"]), (False, ["2.0.0", "3.0.0"])])
def test_the_best_stay(add: Add, rule: Callable[..., RetentionPlan], higher: bool, gone: list[str]) -> None:
    for number, value in enumerate((0.1, 0.9, 0.5), start=1):
        add(f"{number}.0.0", metrics={"ndcg": value})
    add("4.0.0", metrics={})
    assert going(rule(keep_best=1, metric="ndcg", higher_is_better=higher)) == gone


def test_what_an_alias_points_at_stays(
    add: Add, rule: Callable[..., RetentionPlan], registry: RegistryService, actor: Actor
) -> None:
    for number in range(1, 5):
        add(f"{number}.0.0")
    registry.set_alias(actor=actor, model=MODEL, alias="stable", version="2.0.0", expected=None)
    plan = rule(keep_last=1)
    assert going(plan) == ["1.0.0", "3.0.0"]
    assert why(plan, "2.0.0") == "the alias stable points at it"


def test_the_champion_and_the_one_before_stay(
    add: Add, rule: Callable[..., RetentionPlan], crown: Callable[..., object], registry: RegistryService, actor: Actor
) -> None:
    for number in range(1, 6):
        add(f"{number}.0.0")
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        crown(version)
    plan = rule(keep_last=1)
    assert going(plan) == ["1.0.0", "4.0.0"]
    assert why(plan, "2.0.0") == "a roll-back returns to it"
    registry.engine.service(RetentionService).apply(actor=actor, expected=plan.digest)
    assert registry.rollback(actor=actor, model=MODEL, expected="3.0.0", reason="a test").version == "2.0.0"
    with pytest.raises(InvalidTransition, match="no earlier champion"):
        registry.rollback(actor=actor, model=MODEL, expected="2.0.0", reason="a test")


def test_what_a_kept_release_holds_stays(
    engine: Engine, add: Add, rule: Callable[..., RetentionPlan], crown: Callable[..., object]
) -> None:
    for number in range(1, 5):
        add(f"{number}.0.0", shop="boutique")
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        crown(version)
    plan = rule(keep_last=1)
    assert going(plan) == []
    assert why(plan, "1.0.0") == "release 1 of boutique holds it"
    import shutil

    shutil.rmtree(engine.settings.releases / "boutique" / "1")
    assert going(rule(keep_last=1)) == ["1.0.0"]


def test_what_an_open_job_compares_with_stays(
    engine: Engine, add: Add, rule: Callable[..., RetentionPlan], actor: Actor
) -> None:
    for number in range(1, 4):
        add(f"{number}.0.0")
    spec = {"config": {}, "snapshot": 1, "promote_if_passed": False}
    details = {
        "job_id": "job-1",
        "kind": "recommender",
        "shop": "shop",
        "model": MODEL,
        "idempotency_key": "k",
        "spec": spec,
    }
    with engine.store.write(actor) as transaction:
        transaction.emit("job.submitted", "job-1", details)
    assert going(rule(keep_last=1)) == ["1.0.0", "2.0.0"]
    write_json(engine.settings.jobs / "job-1" / "spec.json", {"rival": {"version": "1.0.0"}})
    plan = rule(keep_last=1)
    assert going(plan) == ["2.0.0"]
    assert why(plan, "1.0.0") == "job-1 compares with it"


def test_the_line_of_parents_of_a_kept_version_stays(add: Add, rule: Callable[..., RetentionPlan]) -> None:
    add("1.0.0")
    add("2.0.0", lineage=Lineage(parent="1.0.0"))
    add("3.0.0")
    add("4.0.0", lineage=Lineage(parent="2.0.0"))
    plan = rule(keep_last=1)
    assert going(plan) == ["3.0.0"]
    assert why(plan, "1.0.0") == "2.0.0 was made from it"


def test_another_room_may_protect_versions(
    add: Add, rule: Callable[..., RetentionPlan], retention: RetentionService
) -> None:
    add("1.0.0")
    add("2.0.0")
    retention.protect(lambda reader: {(MODEL, "1.0.0"): ["a running test sends shoppers to it"]})
    plan = rule(keep_last=1)
    assert going(plan) == []
    assert why(plan, "1.0.0") == "a running test sends shoppers to it"


def test_a_model_without_a_rule_keeps_everything(add: Add, retention: RetentionService) -> None:
    add("1.0.0")
    add("2.0.0")
    assert retention.plan() == RetentionPlan(digest=retention.plan().digest, going=(), kept=())


def test_the_common_rule_holds_where_no_other_does(
    add: Add, rule: Callable[..., RetentionPlan], retention: RetentionService, actor: Actor
) -> None:
    for model in (MODEL, "other.model"):
        for number in (1, 2, 3):
            add(f"{number}.0.0", model=model)
    rule(model=EVERY_MODEL, keep_last=1)
    plan = rule(keep_last=2)
    assert [(entry.model, entry.version) for entry in plan.going] == [
        ("other.model", "2.0.0"),
        ("other.model", "1.0.0"),
        (MODEL, "1.0.0"),
    ]
    retention.set_rule(actor=actor, model=EVERY_MODEL, rule=None)
    assert [entry.model for entry in retention.rules()] == [MODEL]


def test_a_plan_changes_nothing_and_applying_it_removes_what_it_named(
    engine: Engine,
    add: Add,
    rule: Callable[..., RetentionPlan],
    retention: RetentionService,
    registry: RegistryService,
    actor: Actor,
) -> None:
    for number in range(1, 5):
        add(f"{number}.0.0", metrics={"ndcg": number / 10})
    registry.record_verdict(actor=actor, model=MODEL, version="1.0.0", against=None, verdict={"passed": True})
    plan = rule(keep_last=2)
    assert len(registry.list_versions(model=MODEL)) == 4
    assert retention.apply(actor=actor, expected=plan.digest) == plan
    assert [info.version for info in registry.list_versions(model=MODEL)] == ["4.0.0", "3.0.0"]
    before = engine.store.state()
    engine.store.rebuild(actor)
    assert engine.store.state() == before
    engine.store.verify()
    assert retention.plan().going == ()


def test_a_plan_that_is_out_of_date_is_refused(
    add: Add, rule: Callable[..., RetentionPlan], retention: RetentionService, registry: RegistryService, actor: Actor
) -> None:
    add("1.0.0")
    add("2.0.0")
    plan = rule(keep_last=1)
    registry.set_alias(actor=actor, model=MODEL, alias="stable", version="1.0.0", expected=None)
    with pytest.raises(StaleExpectation):
        retention.apply(actor=actor, expected=plan.digest)
    assert len(registry.list_versions(model=MODEL)) == 2


def test_the_number_of_a_removed_version_is_never_given_again(
    add: Add, rule: Callable[..., RetentionPlan], retention: RetentionService, actor: Actor
) -> None:
    add("1.0.0")
    add("2.0.0")
    retention.apply(actor=actor, expected=rule(keep_last=1).digest)
    with pytest.raises(VersionExists, match="until retention removed it"):
        add("1.0.0")
    assert add().version == "2.1.0"


@pytest.mark.parametrize("parts", [{}, {"keep_last": 0}, {"keep_best": 2}, {"metric": "ndcg"}, {"keep_days": -1}])
def test_a_rule_that_says_nothing_is_refused(parts: dict[str, object]) -> None:
    whole = {"keep_last": None, "keep_days": None, "keep_best": None, "metric": None, "higher_is_better": True}
    with pytest.raises(InvalidInput, match="The rule cannot be used"):
        rule_of(**{**whole, **parts})  # type: ignore[arg-type]


def test_a_rule_is_for_a_model_that_is_there(retention: RetentionService, actor: Actor) -> None:
    with pytest.raises(ModelNotFound):
        retention.set_rule(actor=actor, model="nobody", rule=RetentionRule(keep_last=1))


@settings(max_examples=15)
@given(
    parents=st.lists(st.integers(0, 7), min_size=8, max_size=8),
    alias=st.integers(0, 7),
    last=st.integers(1, 4),
)
def test_nothing_in_use_ever_goes(
    tmp_path_factory: pytest.TempPathFactory, parents: list[int], alias: int, last: int
) -> None:
    who = Actor("tester")
    with Engine.open(Settings.at(tmp_path_factory.mktemp("h") / "home")) as engine:
        registry, retention = engine.service(RegistryService), engine.service(RetentionService)
        for number, parent in enumerate(parents):
            lineage = Lineage(parent=f"{parent + 1}.0.0" if parent < number else None)
            registry.register_version(
                actor=who, model=MODEL, version=f"{number + 1}.0.0", framework="x", metrics={}, lineage=lineage
            )
        registry.set_alias(actor=who, model=MODEL, alias="stable", version=f"{alias + 1}.0.0", expected=None)
        retention.set_rule(actor=who, model=MODEL, rule=RetentionRule(keep_last=last))
        plan = retention.plan()
        assert len(plan.going) + len(plan.kept) == 8
        retention.apply(actor=who, expected=plan.digest)
        left = {info.version: info for info in registry.list_versions(model=MODEL)}
        assert f"{alias + 1}.0.0" in left
        assert {f"{number}.0.0" for number in range(9 - last, 9)} <= set(left)
        assert all(info.lineage.parent in (None, *left) for info in left.values())
