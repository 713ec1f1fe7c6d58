"""What must hold in a store folder after any crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.core import Engine
from engine.model_registry import RegistryService, Release, ReleaseService, Stage
from engine.settings import Settings
from engine.training.supervisor import Supervisor

# Events of one act, in order; what a crash leaves beyond the last acknowledged act is one of these at most.
PROMOTION = ["alias.moved", "release.published"]
TAKEN_IN = ["run.started", "run.logged", "run.ended", "version.registered", "verdict.given", "job.ended"]
WHOLE_ACTS = [
    [],
    ["model.created", "version.registered"],
    ["version.registered"],
    ["version.described"],
    PROMOTION,
    ["shop.opened"],
    ["run.started"],
    ["run.started", "run.logged"],
    ["run.started", "run.logged", "run.ended"],
    ["job.submitted", "job.started"],
    ["job.submitted", "job.started", *TAKEN_IN],
    ["job.submitted", "job.started", *TAKEN_IN, *PROMOTION],
]


def prove(home: Path, acks: list[dict[str, Any]], settled: int) -> tuple[int, int]:
    """Check everything; `settled` is the last event of the round before. Returns its new value and the acts in flight."""
    with Engine.open(Settings.at(home)) as engine:
        engine.store.verify()
        in_flight = _nothing_lost(engine, acks, settled)
        _acks_hold(engine, acks)
        _no_half_version(engine)
        Supervisor(engine).tick()
        engine.service(ReleaseService).reconcile()
        _one_champion(engine)
        _jobs_once(engine)
        before = engine.store.state()
        engine.store.rebuild(engine.actor)
        assert engine.store.state() == before, "the log does not rebuild the state"
        return engine.store.head[0], in_flight


def _nothing_lost(engine: Engine, acks: list[dict[str, Any]], settled: int) -> int:
    """Acknowledged is present, and at most one act more."""
    events = {event.seq: event for event in engine.store.events(after=settled)}
    for ack in acks:
        assert ack["seq"] <= settled or events[ack["seq"]].hash == ack["hash"], f"lost or changed: {ack}"
    last = max([settled, *(ack["seq"] for ack in acks)])
    extra = [event.kind for seq, event in sorted(events.items()) if seq > last]
    if acks:
        assert extra in WHOLE_ACTS, f"half an act, or more than one: {extra}"
    return int(bool(extra))


def _acks_hold(engine: Engine, acks: list[dict[str, Any]]) -> None:
    with engine.store.read() as reader:
        versions = {(row["model"], row["version"]): row["artifact"] for row in reader.rows("SELECT * FROM versions")}
        moves = {row["seq"]: (row["model"], row["version"]) for row in reader.rows("SELECT * FROM alias_history")}
        runs = {row["run_id"]: row["status"] for row in reader.rows("SELECT * FROM runs")}
        shops = {row["shop"] for row in reader.rows("SELECT * FROM shops")}
        jobs = {row["job_id"]: row["state"] for row in reader.rows("SELECT * FROM jobs")}
    for ack in acks:
        match ack["act"]:
            case "register":
                assert versions[ack["model"], ack["version"]] == ack["artifact"], ack
            case "promote" | "rollback":
                assert moves[ack["move"]] == (ack["model"], ack["version"]), ack
            case "log_run":
                assert runs[ack["run"]] == "finished", ack
            case "open_shop":
                assert ack["shop"] in shops, ack
            case "take_in":
                assert jobs[ack["job"]] == "succeeded", ack


def _no_half_version(engine: Engine) -> None:
    """Every version has both its metrics, and an artifact whose bytes are all there."""
    checked: set[str] = set()
    for info in engine.service(RegistryService).list_versions():
        assert set(info.metrics) == {"ndcg", "recall"}, f"half a version: {info}"
        assert info.artifact is not None
        if info.artifact not in checked:
            checked.add(info.artifact)
            for data in engine.artifacts.open(info.artifact).values():
                assert data


def _one_champion(engine: Engine) -> None:
    """Exactly one for each model that ever had one; in production; with files; served."""
    registry = engine.service(RegistryService)
    for model in registry.list_models():
        moves = list(reversed(registry.history(model=model.model, alias="champion", limit=1_000_000)))
        production = [v for v in registry.list_versions(model=model.model) if v.stage == Stage.PRODUCTION]
        if not moves:
            assert production == []
            continue
        assert [move.previous for move in moves] == [None, *[move.version for move in moves[:-1]]]
        assert [v.version for v in production] == [moves[-1].version] == [model.aliases["champion"]]
        assert model.shop is not None
        release = Release.open(engine.settings.releases / model.shop)
        assert release.manifest["models"][model.kind]["version"] == moves[-1].version
        assert release.artifact(model.kind)["config.json"]


def _jobs_once(engine: Engine) -> None:
    """No job is open, and each has one version, one run and one verdict."""
    with engine.store.read() as reader:
        open_jobs = reader.rows("SELECT job_id FROM jobs WHERE state IN ('queued', 'running')")
        jobs = reader.row("SELECT count(*) AS n FROM jobs WHERE state = 'succeeded'")
        made = reader.row(
            "SELECT count(*) AS n, count(DISTINCT json_extract_string(lineage, '$.job_id')) AS jobs FROM versions"
            " WHERE json_extract_string(lineage, '$.job_id') IS NOT NULL"
        )
        runs = reader.row("SELECT count(*) AS n FROM runs WHERE job_id IS NOT NULL AND status = 'finished'")
        verdicts = reader.row("SELECT count(*) AS n FROM verdicts")
    assert open_jobs == []
    assert jobs is not None
    assert made is not None
    assert runs is not None
    assert verdicts is not None
    assert jobs["n"] == made["n"] == made["jobs"] == runs["n"] == verdicts["n"]
