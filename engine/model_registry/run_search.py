"""Finding runs among many: experiments, one page of runs at a time, curves of several together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.core import Service
from engine.errors import InvalidInput, RunNotFound
from engine.model_registry._rows import utc
from engine.model_registry.runs import read_runs
from engine.model_registry.schema import MetricPoint, RunInfo
from engine.store import Reader, operation

MOST_RUNS = 5_000
MOST_CURVES = 20

_SORTS = {
    "started": "r.started_at",
    "name": "r.name",
    "status": "r.status",
    "favourite": "f.run_id IS NOT NULL",
}
_LAST = "(SELECT run_id, arg_max(value, step) AS value FROM run_metrics WHERE metric = $sort_metric GROUP BY run_id)"
_FROM = "FROM runs r LEFT JOIN favourites f USING (run_id)"
_JOBS = "LEFT JOIN jobs j ON j.job_id = r.job_id"
_TOOK = "coalesce(j.ended_at - j.started_at, r.ended_at - r.started_at)"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Experiment(_Record):
    """Runs under one name, counted by how they ended."""

    experiment: str
    runs: int
    running: int
    finished: int
    failed: int
    cancelled: int
    favourites: int
    last_started: datetime


class RunPage(_Record):
    """One page of runs: `total` match in all.

    Of the page's runs: those that are `favourites`, the `versions` they made as `model/version`, and the
    `seconds` they took; the run of a training job took what its worker took.
    """

    total: int
    rows: list[RunInfo]
    favourites: list[str]
    versions: dict[str, str]
    seconds: dict[str, float]


class RunSearchService(Service):
    """Reads runs in pages."""

    @operation("experiments.list")
    def experiments(self) -> list[Experiment]:
        """Every experiment, the one used last first."""
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT r.experiment, count(*) AS runs, count(*) FILTER (status = 'running') AS running,"
                " count(*) FILTER (status = 'finished') AS finished, count(*) FILTER (status = 'failed') AS failed,"
                " count(*) FILTER (status = 'cancelled') AS cancelled, count(f.run_id) AS favourites,"
                " max(started_at) AS last_started FROM runs r LEFT JOIN favourites f USING (run_id)"
                " GROUP BY r.experiment ORDER BY last_started DESC, r.experiment"
            )
        return [Experiment(**{**row, "last_started": utc(row["last_started"])}) for row in rows]

    @operation("runs.search")
    def search(
        self,
        *,
        experiment: str | None = None,
        text: str = "",
        favourites: bool = False,
        above: dict[str, float] | None = None,
        below: dict[str, float] | None = None,
        sort: str = "started",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> RunPage:
        """Runs of an experiment with the last value of each metric.

        Parameters
        ----------
        text : str
            Looked for in names, notes, tags and params, in any case.
        favourites : bool
            Favourites only.
        above, below : dict of str to float
            Only runs whose last value of a metric is greater, or smaller, than this.
        sort : str
            `started`, `name`, `status`, `duration`, `favourite` or `metrics.NAME` (those without it come last).
        limit, offset : int
            The page; at most 5,000 runs.

        Raises
        ------
        InvalidInput
        """
        if not 1 <= limit <= MOST_RUNS or offset < 0:
            raise InvalidInput(f"A page of {limit} runs from {offset} is not possible.", "1 to 5,000 runs, from 0 on.")
        order, join, named = _order(sort)
        where, wanted = _conditions(experiment, text, favourites)
        bounds, figures = _bounds(above or {}, below or {})
        where, wanted = f"{where}{bounds}", {**wanted, **figures}
        source = f"{_FROM} {join} WHERE {where}"
        direction = "DESC" if descending else "ASC"
        with self.store.read() as reader:
            found = reader.rows(
                f"SELECT r.run_id, f.run_id IS NOT NULL AS favourite, count(*) OVER () AS total {source}"
                f" ORDER BY {order} {direction} NULLS LAST, r.started_at DESC, r.run_id LIMIT $limit OFFSET $offset",
                {**wanted, **named, "limit": limit, "offset": offset},
            )
            ids = [row["run_id"] for row in found]
            return RunPage(
                total=found[0]["total"] if found else 0,
                rows=_in_order(read_runs(reader, ids), ids),
                favourites=[row["run_id"] for row in found if row["favourite"]],
                versions=_versions(reader, ids),
                seconds=_seconds(reader, ids),
            )

    @operation("runs.named")
    def named(self, *, run_ids: list[str]) -> list[RunInfo]:
        """These runs, in this order.

        Raises
        ------
        RunNotFound
        """
        with self.store.read() as reader:
            found = _in_order(read_runs(reader, run_ids), run_ids)
        if missing := [run_id for run_id in run_ids if run_id not in {run.run_id for run in found}]:
            raise RunNotFound(f"There is no run {missing[0][:80]!r}.", hint="Choose runs on the page of experiments.")
        return found

    @operation("runs.curves")
    def curves(self, *, run_ids: list[str], metric: str | None = None, most: int = 400) -> dict[str, list[MetricPoint]]:
        """Points of several runs by metric and step, thinned evenly to `most` a curve; the last point always stays.

        Raises
        ------
        InvalidInput
            More than 20 runs.
        """
        if len(run_ids) > MOST_CURVES:
            raise InvalidInput(f"{len(run_ids)} runs were named.", f"Curves of up to {MOST_CURVES} are read together.")
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT *, row_number() OVER w AS place, count(*) OVER (PARTITION BY run_id, metric) AS n"
                " FROM run_metrics WHERE list_contains($ids, run_id) AND ($metric IS NULL OR metric = $metric)"
                " WINDOW w AS (PARTITION BY run_id, metric ORDER BY step)"
                " QUALIFY (place - 1) % greatest(1, ceil(n / $most)) = 0 OR place = n ORDER BY metric, step",
                {"ids": run_ids, "metric": metric, "most": most},
            )
        found: dict[str, list[MetricPoint]] = {run_id: [] for run_id in run_ids}
        for row in rows:
            point = MetricPoint(metric=row["metric"], step=row["step"], value=row["value"], time=utc(row["time"]))
            found[row["run_id"]].append(point)
        return found


def _order(sort: str) -> tuple[str, str, dict[str, Any]]:
    """ORDER BY expression, the join it needs, and that join's parameters."""
    if sort in _SORTS:
        return _SORTS[sort], "", {}
    if sort == "duration":
        return _TOOK, _JOBS, {}
    group, _, name = sort.partition(".")
    if group == "metrics" and name:
        return "o.value", f"LEFT JOIN {_LAST} o USING (run_id)", {"sort_metric": name}
    raise InvalidInput(
        f"Runs cannot be ordered by {sort[:60]!r}.", f"Orders are: {', '.join(_SORTS)}, duration, metrics.NAME."
    )


def _conditions(experiment: str | None, text: str, favourites: bool) -> tuple[str, dict[str, Any]]:
    parts: list[str] = ["f.run_id IS NOT NULL"] if favourites else []
    wanted: dict[str, Any] = {}
    if experiment is not None:
        parts.append("r.experiment = $experiment")
        wanted["experiment"] = experiment
    if text.strip():
        parts.append("contains(lower(concat_ws(' ', r.run_id, r.name, r.notes, r.tags, r.params)), $text)")
        wanted["text"] = text.strip().lower()
    return " AND ".join(parts) or "TRUE", wanted


def _bounds(above: dict[str, float], below: dict[str, float]) -> tuple[str, dict[str, Any]]:
    """Conditions on last values of metrics, each in its own look at that metric's points."""
    sql: str = ""
    wanted: dict[str, Any] = {}
    asked = [(metric, ">", figure) for metric, figure in above.items()]
    asked += [(metric, "<", figure) for metric, figure in below.items()]
    for place, (metric, sign, figure) in enumerate(asked):
        sql += (
            f" AND r.run_id IN (SELECT run_id FROM run_metrics WHERE metric = $bound_metric_{place}"  # noqa: S608
            f" GROUP BY run_id HAVING arg_max(value, step) {sign} $bound_{place})"
        )
        wanted |= {f"bound_metric_{place}": metric, f"bound_{place}": figure}
    return sql, wanted


def _in_order(runs: Sequence[RunInfo], ids: Sequence[str]) -> list[RunInfo]:
    by_id = {run.run_id: run for run in runs}
    return [by_id[run_id] for run_id in ids if run_id in by_id]


def _versions(reader: Reader, ids: list[str]) -> dict[str, str]:
    """Run to the version it made, as `model/version`."""
    rows = reader.rows(
        "SELECT run_id, model, version FROM versions WHERE run_id IN (SELECT unnest(?::VARCHAR[]))", [ids]
    )
    return {row["run_id"]: f"{row['model']}/{row['version']}" for row in rows}


def _seconds(reader: Reader, ids: list[str]) -> dict[str, float]:
    rows = reader.rows(
        f"SELECT r.run_id, epoch({_TOOK}) AS seconds FROM runs r {_JOBS} WHERE list_contains(?, r.run_id)",  # noqa: S608
        [ids],
    )
    return {row["run_id"]: row["seconds"] for row in rows if row["seconds"] is not None}
