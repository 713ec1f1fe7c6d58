"""The registry beside MLflow (SQLite) at the same work in the same run, and at fifty thousand versions.

MLflow lives in an environment of its own, which is made on first use. Its store is then imported
here, so that both sides list and filter the very same runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.catalog.demo import load_demo
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators import kind_of
from engine.model_registry import Lineage, ModelRegistry, RegistryService, RunService, semver
from engine.model_registry.exchange import ExchangeService
from engine.model_registry.run_search import RunSearchService
from engine.model_registry.search import SearchService
from engine.settings import Settings
from tests.benchmarks.table import RESULTS, Figure, Table, timed

PEER = Path(__file__).with_name("peers") / "mlflow.py"
PACKAGES = ("mlflow==3.17.2", "scikit-learn==1.9.1")
VERSIONS, RUNS = 200, 5_000
MODELS, MANY_VERSIONS, MANY_RUNS, POINTS_A_RUN = 50, 50_000, 5_000, 100
ACTOR = Actor.system("benchmark")
NAME = "shop.recommender"


def run() -> Table:
    table = Table("registry", f"{VERSIONS} versions, {RUNS:,} runs; {MANY_VERSIONS:,} versions, 500,000 metric points")
    with tempfile.TemporaryDirectory(prefix="skyy-bench-") as folder:
        place = Path(folder)
        peer = ask_peer(place / "peer")
        with Engine.open(Settings.at(place / "home")) as engine:
            ours = asyncio.run(register_and_load(engine))
            ours |= import_and_ask(engine, place / "peer", table)
            table.figures.append(export_and_open(engine, place / "mlruns"))
        side_by_side(table, ours, peer)
        table.figures += disk(place / "home", peer)
        with Engine.open(Settings.at(place / "large")) as engine:
            table.figures += at_scale(engine)
    return table


def ask_peer(folder: Path) -> dict[str, Any]:
    """MLflow's figures; its store stays in the folder."""
    folder.mkdir()
    arguments = [peer_python(), str(PEER), str(folder), str(VERSIONS), str(RUNS)]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def peer_python() -> str:
    """The interpreter of MLflow's environment, made when it is not there."""
    place = RESULTS / "envs" / "mlflow"
    python = place / "bin" / "python"
    if not (place / "made").exists():
        print("Making an environment for MLflow (some minutes) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (place / "made").touch()
    return str(python)


class Silent:
    """A training's report that nobody reads."""

    def stage(self, name: str, share: float) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...

    def log(self, line: str) -> None: ...


def small_model(engine: Engine) -> Any:
    """A real recommender of a hundredth of the demo shop, about 130 KB of files."""
    load_demo(engine.service(CatalogService), actor=ACTOR, scale=0.01)
    kind = kind_of("recommender")
    model = kind(kind.config_type())
    model.fit(kind.everything(engine.service(CatalogService).dataset(1), model.config), Silent())
    return model


async def register_and_load(engine: Engine) -> dict[str, list[float]]:
    """Versions as MLflow's side registers them: run, params, metrics, artifact, signature."""
    registry, model = ModelRegistry(engine), small_model(engine)
    seconds = []
    for number in range(VERSIONS):
        model.config = model.config.model_copy(update={"seed": number})
        params = {f"param_{place}": number + place for place in range(8)}
        metrics = {f"metric_{place}": number / (place + 1) for place in range(5)}
        start = time.perf_counter()
        await registry.register_model(NAME, framework="numpy", model=model, params=params, metrics=metrics)
        seconds.append(time.perf_counter() - start)
    latest = (await registry.get_version(NAME)).version
    await registry.set_alias(NAME, "stable", latest, expected=None)
    loads = []
    for _ in range(7):
        start = time.perf_counter()
        await registry.load_model(NAME, "stable")
        loads.append(time.perf_counter() - start)
    return {"register": seconds, "load": loads, "load_cold": await cold_loads(engine)}


async def cold_loads(engine: Engine) -> list[float]:
    """Loads by alias of models that are not in memory yet: the alias moves before each."""
    registry = ModelRegistry(engine)
    seconds, current = [], (await registry.get_version(NAME, "stable")).version
    for number in range(7):
        version = f"1.{10 + number}.0"
        await registry.set_alias(NAME, "stable", version, expected=current)
        current = version
        start = time.perf_counter()
        await registry.load_model(NAME, "stable")
        seconds.append(time.perf_counter() - start)
    return seconds


def import_and_ask(engine: Engine, folder: Path, table: Table) -> dict[str, list[float]]:
    """Import the peer's store, hold it against the original, then list and filter the same runs."""
    start = time.perf_counter()
    done = engine.call(ExchangeService.import_mlflow, actor=ACTOR, path=folder / "mlflow.db", source="peer")
    table.figures.append(
        Figure(f"import of MLflow's store, {done.runs_added:,} runs", time.perf_counter() - start, "s")
    )
    table.figures.append(Figure("imported runs and versions that differ", compare(engine, folder), "", bar="0"))
    search = engine.service(RunSearchService)

    def everything() -> int:
        return len(search.search(experiment="tries", limit=5000).rows)

    def best() -> list[Any]:
        return search.search(experiment="tries", above={"metric_0": 0.5}, sort="metrics.metric_1", limit=20).rows

    assert everything() == RUNS
    assert len(best()) == 20
    return {"list": rounds(everything, 5), "filter": rounds(best, 7)}


def export_and_open(engine: Engine, folder: Path) -> Figure:
    """Runs that MLflow does not find in what was exported for it, or finds with fewer metrics."""
    wanted = engine.call(ExchangeService.export_mlflow, path=folder, experiment="fit")
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "1"}
    arguments = [peer_python(), str(PEER), "open", str(folder)]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=True, env=environment)
    runs, metrics = json.loads(answer.stdout.splitlines()[-1])
    missing = abs(wanted.runs - runs) + abs(wanted.points - metrics)
    return Figure(f"exported runs (of {wanted.runs}) that MLflow does not find whole", missing, "", bar="0")


def compare(engine: Engine, folder: Path) -> int:
    """How many runs or versions of MLflow's store are not here with equal params, metrics, times and names."""
    with sqlite3.connect(f"file:{folder / 'mlflow.db'}?mode=ro", uri=True) as connection:
        tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("latest_metrics", "params")}
        names = {name: [c[1] for c in connection.execute(f"PRAGMA table_info({name})")] for name in tables}
        runs = connection.execute("SELECT run_uuid, name, start_time, end_time FROM runs").fetchall()
        versions = connection.execute("SELECT count(*) FROM model_versions").fetchone()[0]
    expected: dict[str, dict[str, dict[str, Any]]] = {run[0]: {"latest_metrics": {}, "params": {}} for run in runs}
    for table, rows in tables.items():
        for row in (dict(zip(names[table], values, strict=True)) for values in rows):
            expected[row["run_uuid"]][table][row["key"]] = row["value"]
    here = {run.tags["mlflow.runId"]: run for run in engine.call(RunService.list_runs, limit=100_000)}
    wrong = 0
    for run_id, name, start, end in runs:
        found, wanted = here.get(run_id), expected[run_id]
        wrong += found is None or (
            found.metrics,
            found.params,
            found.name,
            _ms(found.started_at),
            _ms(found.ended_at),
        ) != (
            wanted["latest_metrics"],
            wanted["params"],
            name,
            start,
            end,
        )
    found = sum(len(engine.call(RegistryService.list_versions, model=model)) for model in ("fit", "fit-usual"))
    return wrong + abs(versions - found)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def side_by_side(table: Table, ours: dict[str, list[float]], peer: dict[str, Any]) -> None:
    """Medians of both sides and their ratio, with the bar."""
    for what, key, bar in (
        (f"register a version (of {VERSIONS})", "register", 10),
        (f"list {RUNS:,} runs", "list", 20),
        (f"filter and order {RUNS:,} runs, top 20", "filter", 20),
        ("fetch by alias and load", "load", 3),
    ):
        theirs = peer[key]
        table.figures.append(timed(what, "ms", [1e3 * value for value in ours[key]]))
        table.figures.append(timed(f"  MLflow {peer['mlflow']}", "ms", [1e3 * value for value in theirs]))
        ratio = statistics.median(theirs) / statistics.median(ours[key])
        table.figures.append(Figure("  times faster", ratio, "x", bar=f">= {bar}"))
    table.figures.append(
        timed("fetch by alias and load, not in memory yet", "ms", [1e3 * v for v in ours["load_cold"]])
    )
    usual = [1e3 * value for value in peer["register_usual"]]
    table.figures.append(timed("  MLflow register with its usual search for requirements", "ms", usual))
    table.figures.append(Figure("import mlflow", peer["import"], "s"))
    table.figures.append(Figure("import engine.model_registry", import_time(), "s"))
    table.figures.append(Figure("MLflow first use of a store", peer["first_use"], "s"))


def import_time() -> float:
    """Seconds that a fresh interpreter takes to import the registry."""
    code = "import time; s = time.perf_counter(); import engine.model_registry; print(time.perf_counter() - s)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def disk(home: Path, peer: dict[str, Any]) -> list[Figure]:
    """Disk use: ours holds its own versions and the imported runs, and still the whole journal."""
    database = sum(path.stat().st_size for path in home.glob("skyy.duckdb*"))
    journal = (home / "events.journal").stat().st_size
    files = sum(path.stat().st_size for path in (home / "artifacts").rglob("*") if path.is_file())
    return [
        Figure("database, both sides' runs and versions", database / 1e6, "MB"),
        Figure("  MLflow's database", peer["database"] / 1e6, "MB"),
        Figure("event journal", journal / 1e6, "MB"),
        Figure(f"files of {VERSIONS} versions and the shop", files / 1e6, "MB"),
        Figure("  MLflow's files", peer["files"] / 1e6, "MB"),
    ]


def at_scale(engine: Engine) -> list[Figure]:
    """Fifty thousand versions of fifty models, and half a million points."""
    start = time.perf_counter()
    fill(engine)
    figures = [
        Figure(
            f"fill {MANY_VERSIONS:,} versions, {MANY_RUNS * POINTS_A_RUN:,} points", time.perf_counter() - start, "s"
        )
    ]
    search, registry = engine.service(SearchService), engine.service(RegistryService)
    runs = engine.service(RunService)
    run_id = engine.service(RunSearchService).search(limit=1).rows[0].run_id
    query = "metrics.metric_0 > 0.5 and tags.season = 'SS26'"
    works: dict[str, Callable[[], Any]] = {
        "list: first page with facets": lambda: search.search(limit=100),
        "filter: metric and tag, ordered by a metric": lambda: search.search(query=query, sort="metrics.metric_1"),
        "open a version": lambda: registry.get_version(model="shop.model-7", reference="500.0.0"),
        "open a model's latest": lambda: registry.get_version(model="shop.model-7"),
        "curves of a run": lambda: runs.curve(run_id=run_id),
        "runs: filter and order, top 20": lambda: engine.service(RunSearchService).search(
            above={"metric_0": 0.5}, sort="metrics.metric_1", limit=20
        ),
    }
    for what, work in works.items():
        work()
        figures.append(timed(what, "ms", [1e3 * value for value in rounds(work, 7)], bar="< 300"))
    return figures


def fill(engine: Engine) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for part in chunks(range(MODELS), 1):
        (number,) = part
        model = f"shop.model-{number}"
        head = {"origin": model, "model": model, "kind": "custom", "shop": None, "description": "", "tags": {}}
        rows = [version(model, place, start) for place in range(MANY_VERSIONS // MODELS)]
        with engine.store.write(ACTOR) as transaction:
            heads = [{**head, "created_at": start.isoformat()}]
            transaction.emit("versions.imported", model, {"source": None, "models": heads, "versions": rows})
    for part in chunks(range(MANY_RUNS), 200):
        rows = [one_run(number, start) for number in part]
        with engine.store.write(ACTOR) as transaction:
            transaction.emit("runs.imported", "bench", {"source": None, "runs": rows})


def chunks(numbers: range, size: int) -> Iterator[range]:
    yield from (numbers[place : place + size] for place in range(0, len(numbers), size))


def spread(number: int, place: int) -> float:
    return (number * 2654435761 % 2**32) / 2**32 / (place + 1)


def version(model: str, number: int, start: datetime) -> dict[str, Any]:
    exact = f"{number + 1}.0.0"
    return {
        "origin": [model, exact],
        "model": model,
        "version": exact,
        "sort_key": semver.sort_key(exact),
        "framework": "numpy",
        "stage": "candidate",
        "description": "",
        "tags": {"season": "SS26" if number % 3 else "AW26"},
        "params": {f"param_{place}": number + place for place in range(8)},
        "metrics": {f"metric_{place}": spread(number, place) for place in range(5)},
        "signature": None,
        "artifact": None,
        "lineage": Lineage().model_dump(),
        "evaluation": None,
        "card": None,
        "run_id": None,
        "created_at": (start + timedelta(minutes=number)).isoformat(),
        "created_by": "benchmark",
    }


def one_run(number: int, start: datetime) -> dict[str, Any]:
    begun = start + timedelta(minutes=number)
    points = [
        [f"metric_{place}", step, spread(number + step, place), (begun + timedelta(seconds=step)).isoformat()]
        for place in range(5)
        for step in range(POINTS_A_RUN // 5)
    ]
    return {
        "run_id": f"run-{number:016x}",
        "source_run": str(number),
        "again": False,
        "experiment": f"tries-{number % 10}",
        "name": f"try {number}",
        "status": "finished",
        "params": {f"param_{place}": number + place for place in range(8)},
        "tags": {},
        "notes": "",
        "started_at": begun.isoformat(),
        "ended_at": (begun + timedelta(minutes=1)).isoformat(),
        "user": "benchmark",
        "metrics": points,
        "artifacts": {},
    }


def rounds(work: Callable[[], Any], count: int) -> list[float]:
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds
