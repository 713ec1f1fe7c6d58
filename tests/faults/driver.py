"""The process that is killed: `python -m tests.faults.driver HOME ACKS SEED ACTS`.

It performs random acts and writes each, after it was acknowledged, as a line of its own to ACKS,
forced to the disk. What ACKS has must never be lost.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.files import canonical_json
from engine.model_registry.release import ReleaseService
from engine.model_registry.runs import RunService
from engine.model_registry.schema import CHAMPION, MetricPoint
from engine.model_registry.service import RegistryService
from engine.settings import Settings
from engine.training.folder import JobFolder
from engine.training.schema import JobResult, JobSpec
from engine.training.supervisor import Supervisor

ACTOR = Actor("driver")
MODELS = ("shop.alpha", "shop.beta")
NO_SCORES = b"\x02" + b"\0" * 7 + b"{}"  # safetensors without arrays
VANISHED = {"pid": 2**22 + 1, "started": 0.0}
RESULT = JobResult(
    framework="numpy",
    config={"seed": 1},
    metrics={"ndcg": 0.5, "recall": 0.25},
    evaluation={},
    verdict={"passed": True, "reasons": ["Better."]},
    signature={"inputs": {}, "outputs": {}},
    card={},
    trained_until=None,
    seconds={},
)


class Driver:
    """Random acts over one home."""

    def __init__(self, engine: Engine, acks: Path, seed: int) -> None:
        self.engine = engine
        self.random = random.Random(seed)
        self.registry = engine.service(RegistryService)
        self.acks = os.open(acks, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.supervisor = Supervisor(engine)

    def run(self, acts: int) -> None:
        """Finish what a killed process left, then act."""
        self.engine.service(ReleaseService).reconcile()
        self.supervisor.tick()
        for model in MODELS:
            if not self._versions(model):
                self.register(model)
        for _ in range(acts):
            act = self.random.choice(self._acts())
            told = act(self.random.choice(MODELS))
            if told is not None:
                seq, digest = self.engine.store.head
                line = canonical_json({"act": act.__name__, "seq": seq, "hash": digest, **told}) + "\n"
                os.write(self.acks, line.encode())
                os.fsync(self.acks)

    def _acts(self) -> list[Callable[[str], dict[str, Any] | None]]:
        heavy = [self.register, self.promote, self.promote, self.rollback, self.take_in]
        return [*heavy, self.log_run, self.open_shop, self.describe]

    def register(self, model: str) -> dict[str, Any]:
        files = {"config.json": canonical_json({"at": self.random.random()}).encode(), "model.json": b'{"kind":"none"}'}
        info = self.registry.register_version(
            actor=ACTOR,
            model=model,
            version=None,
            framework="numpy",
            metrics={"ndcg": self.random.random(), "recall": self.random.random()},
            shop="shop",
            kind=model.split(".")[1],
            artifact=self.engine.artifacts.put(files),
        )
        return {"model": model, "version": info.version, "artifact": info.artifact}

    def promote(self, model: str) -> dict[str, Any] | None:
        champion = self._champion(model)
        others = [version for version in self._versions(model) if version != champion]
        if not others:
            return None
        version = self.random.choice(others)
        move = self.registry.promote(
            actor=ACTOR, model=model, version=version, expected=champion, reason="round", overrule=True
        )
        return {"model": model, "version": version, "move": move.seq}

    def rollback(self, model: str) -> dict[str, Any] | None:
        champion = self._champion(model)
        past = {move.version for move in self.registry.history(model=model, alias=CHAMPION)} - {champion}
        if not past:
            return None
        to = self.random.choice(sorted(str(version) for version in past))
        move = self.registry.rollback(actor=ACTOR, model=model, expected=champion, reason="round", to=to)
        return {"model": model, "version": to, "move": move.seq}

    def log_run(self, model: str) -> dict[str, Any]:
        runs = self.engine.service(RunService)
        run = runs.start_run(actor=ACTOR, experiment=model)
        points = [MetricPoint(metric="loss", step=step, value=1.0 / (step + 1)) for step in range(5)]
        runs.log(actor=ACTOR, run_id=run.run_id, metrics=points)
        runs.end_run(actor=ACTOR, run_id=run.run_id)
        return {"run": run.run_id}

    def open_shop(self, model: str) -> dict[str, Any]:
        name = f"shop-{self.random.randrange(10**9)}"
        self.engine.service(CatalogService).open_shop(actor=ACTOR, shop=name, title=model)
        return {"shop": name}

    def describe(self, model: str) -> dict[str, Any]:
        words = f"words {self.random.random()}"
        info = self.registry.describe(actor=ACTOR, model=model, reference="latest", description=words, tags={})
        return {"model": model, "version": info.version}

    def take_in(self, model: str) -> dict[str, Any]:
        """The result of a worker that ended, as the supervisor finds it."""
        job_id = f"job-{self.random.randrange(16**12):012x}"
        folder = JobFolder(self.engine.settings.jobs / job_id)
        rival = None
        common = {"job_id": job_id, "kind": model.split(".")[1], "shop": "shop", "model": model}
        spec = JobSpec(**common, snapshot=1, config={"seed": 1}, tables={}, rival=rival, memory_mb=1000)
        folder.prepare(spec, [], None)
        folder.write_result(RESULT, {"config.json": canonical_json({"job": job_id}).encode()}, NO_SCORES)
        with self.engine.store.write(ACTOR) as transaction:
            row = {"config": {"seed": 1}, "snapshot": 1, "promote_if_passed": True}
            transaction.emit("job.submitted", job_id, {**common, "idempotency_key": job_id, "spec": row})
            transaction.emit("job.started", job_id, {"job_id": job_id, "worker": VANISHED})
        self.supervisor.tick()
        return {"job": job_id}

    def _versions(self, model: str) -> list[str]:
        with self.engine.store.read() as reader:
            rows = reader.rows("SELECT version FROM versions WHERE model = ? ORDER BY seq DESC LIMIT 12", [model])
        return [str(row["version"]) for row in rows]

    def _champion(self, model: str) -> str | None:
        return self.registry.get_model(model=model).aliases.get(CHAMPION)


def main(home: str, acks: str, seed: str, acts: str) -> None:
    with Engine.open(Settings.at(Path(home))) as engine:
        Driver(engine, Path(acks), int(seed)).run(int(acts))


def read_acks(path: Path) -> list[dict[str, Any]]:
    """Whole lines of an ack journal."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main(*sys.argv[1:])
