"""The registry's peer at the same work: run by an environment of its own, never imported.

`python mlflow.py FOLDER VERSIONS RUNS` works in FOLDER with a SQLite store and prints one JSON object;
`python mlflow.py open FOLDER` counts what MLflow finds in a file store.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main(folder: Path, versions: int, runs: int) -> None:
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).resolve().parent]
    os.chdir(folder)
    start = time.perf_counter()
    import mlflow
    import mlflow.sklearn

    answer: dict[str, Any] = {"import": time.perf_counter() - start, "mlflow": mlflow.__version__}
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    start = time.perf_counter()
    mlflow.set_experiment("fit")
    answer["first_use"] = time.perf_counter() - start
    answer["register"] = register(mlflow, "fit", versions, ["scikit-learn"])
    answer["register_usual"] = register(mlflow, "fit-usual", 3, None)
    log_runs(mlflow, runs)
    answer |= asked(mlflow)
    answer["database"] = sum(path.stat().st_size for path in Path().glob("mlflow.db*"))
    answer["files"] = sum(path.stat().st_size for path in Path("mlruns").rglob("*") if path.is_file())
    print(json.dumps(answer))


def register(mlflow: Any, name: str, versions: int, requirements: list[str] | None) -> list[float]:
    """A version each: a run with params and metrics, a small model, its signature.

    Without requirements MLflow loads every model in another process to find them out; both are measured.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(7)
    rows = random.normal(size=(200, 24))
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    signature = mlflow.models.infer_signature(rows, model.predict(rows))
    seconds = []
    for number in range(versions):
        start = time.perf_counter()
        with mlflow.start_run(run_name=f"version {number}"):
            mlflow.log_params({f"param_{place}": number + place for place in range(8)})
            mlflow.log_metrics({f"metric_{place}": number / (place + 1) for place in range(5)})
            mlflow.sklearn.log_model(
                model, name="model", signature=signature, registered_model_name=name, pip_requirements=requirements
            )
        seconds.append(time.perf_counter() - start)
    mlflow.MlflowClient().set_registered_model_alias(name, "stable", str(versions))
    return seconds


def log_runs(mlflow: Any, runs: int) -> None:
    from mlflow.entities import Metric, Param

    client = mlflow.MlflowClient()
    experiment = mlflow.set_experiment("tries").experiment_id
    for number in range(runs):
        run = client.create_run(experiment, run_name=f"try {number}").info.run_id
        now = int(time.time() * 1000)
        metrics = [Metric(f"metric_{place}", value(number, place), now, 0) for place in range(5)]
        params = [Param(f"param_{place}", str(number + place)) for place in range(8)]
        client.log_batch(run, metrics=metrics, params=params)
        client.set_terminated(run)


def value(number: int, place: int) -> float:
    """The figure of a run: spread over 0 to 1, the same for both sides."""
    return (number * 2654435761 % 2**32) / 2**32 / (place + 1)


def asked(mlflow: Any) -> dict[str, list[float]]:
    """Lists, filters and loads, several times each."""
    client = mlflow.MlflowClient()
    experiment = [client.get_experiment_by_name("tries").experiment_id]

    def everything() -> int:
        found, token = 0, None
        while True:
            page = client.search_runs(experiment, max_results=5000, page_token=token)
            found, token = found + len(page), page.token
            if not token:
                return found

    def best() -> int:
        condition, order = "metrics.metric_0 > 0.5", ["metrics.metric_1 DESC"]
        return len(client.search_runs(experiment, condition, max_results=20, order_by=order))

    def load() -> Any:
        return mlflow.sklearn.load_model("models:/fit@stable")

    return {"list": timed(everything, 5), "filter": timed(best, 7), "load": timed(load, 7)}


def timed(work: Callable[[], Any], rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def opened(store: Path) -> None:
    """Print how many runs and metric values MLflow finds in a file store."""
    import mlflow

    mlflow.set_tracking_uri(store.as_uri())
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list", max_results=50_000)
    print(json.dumps([len(runs), sum(len(run.data.metrics) for run in runs)]))


if __name__ == "__main__" and sys.argv[1] == "open":
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).resolve().parent]
    opened(Path(sys.argv[2]))
elif __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
