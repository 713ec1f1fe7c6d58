"""Finding versions among many: query, facets, order, one page at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.core import Service
from engine.errors import InvalidInput
from engine.model_registry._rows import utc
from engine.model_registry.query import Condition, compile_query
from engine.model_registry.schema import Stage
from engine.store import Reader, operation

Facet = Literal["model", "kind", "shop", "stage", "alias", "framework", "snapshot", "author", "tag"]

_FACETS: dict[Facet, str] = {
    "model": "v.model",
    "kind": "m.kind",
    "shop": "m.shop",
    "stage": "v.stage",
    "framework": "v.framework",
    "snapshot": "json_extract_string(v.lineage, '$.snapshot')",
    "author": "v.created_by",
}
_SORTS = {"created": "v.seq", "model": "v.model", "version": "v.sort_key", "stage": "v.stage", "author": "v.created_by"}
_FROM = "FROM versions v JOIN models m ON m.model = v.model"
_SHOWN_VALUES = 30
_TAG_COUNTS = (
    "SELECT 'tag', concat(t.key, '=', json_extract_string(tags, '$.\"' || t.key || '\"'))"
    " FROM (SELECT tags FROM matched WHERE tags != '{{}}' AND {}), unnest(json_keys(tags)) AS t(key)"
)


class VersionRow(BaseModel):
    """A version as the list shows it."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    version: str
    kind: str
    shop: str | None
    stage: Stage
    framework: str
    aliases: tuple[str, ...]
    tags: dict[str, str]
    metrics: dict[str, float]
    snapshot: int | None
    has_model: bool
    description: str
    created_at: datetime
    created_by: str


class VersionPage(BaseModel):
    """One page of a search: `total` matches in all, and how they spread over each facet's values."""

    model_config = ConfigDict(frozen=True)

    total: int
    rows: list[VersionRow]
    facets: dict[str, dict[str, int]] = Field(default_factory=dict)


class Trend(BaseModel):
    """A metric over a model's versions, oldest first."""

    model_config = ConfigDict(frozen=True)

    model: str
    metric: str
    versions: list[str]
    values: list[float]


class SearchService(Service):
    """Reads the registry in pages."""

    @operation("versions.search")
    def search(
        self,
        *,
        query: str = "",
        facets: dict[str, list[str]] | None = None,
        since: date | None = None,
        until: date | None = None,
        sort: str = "created",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
        count_facets: bool = True,
    ) -> VersionPage:
        """Versions that match.

        Parameters
        ----------
        query : str
            The search language of `engine.model_registry.query`.
        facets : dict of str to list of str
            Facet to the values that are allowed; different facets all have to match.
            Each facet is counted as if it alone were not chosen, so that another value can be added.
        since, until : date or None
            First and last day of registration, in UTC.
        sort : str
            `created`, `model`, `version`, `stage`, `author`, or `metrics.NAME` (those without it come last).
        limit, offset : int
            The page; at most 1,000 rows.

        Raises
        ------
        InvalidInput
            The query cannot be read, or there is no such facet or order.
        """
        if not 1 <= limit <= 1000 or offset < 0:
            raise InvalidInput(f"A page of {limit} rows from {offset} is not possible.", "1 to 1,000 rows, from 0 on.")
        base = _all([compile_query(query), *_days(since, until)])
        chosen = {name: _facet_condition(name, values) for name, values in (facets or {}).items() if values}
        where = _all([base, *chosen.values()])
        with self.store.read() as reader:
            total = reader.row(f"SELECT count(*) AS total {_FROM} WHERE {where.sql}", where.parameters)
            rows = _page(reader, where, sort, descending, limit, offset)
            return VersionPage(
                total=total["total"] if total else 0,
                rows=rows,
                facets=_counts(reader, base, chosen) if count_facets else {},
            )

    @operation("models.trend")
    def trend(self, *, metric: str, models: list[str] | None = None, last: int = 30) -> list[Trend]:
        """A metric over the last versions of each model: the sparkline beside its name."""
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT v.model, v.version, x.value FROM versions v JOIN version_metrics x"
                " ON x.model = v.model AND x.version = v.version AND x.metric = $metric"
                " WHERE ($models IS NULL OR list_contains($models, v.model))"
                " QUALIFY row_number() OVER (PARTITION BY v.model ORDER BY v.seq DESC) <= $last ORDER BY v.model, v.seq",
                {"metric": metric, "models": models, "last": last},
            )
        found: dict[str, Trend] = {}
        for row in rows:
            trend = found.setdefault(row["model"], Trend(model=row["model"], metric=metric, versions=[], values=[]))
            trend.versions.append(row["version"])
            trend.values.append(row["value"])
        return list(found.values())

    @operation("versions.numbers")
    def numbers(self, *, model: str, last: int = 300) -> list[str]:
        """A model's version numbers, the highest first."""
        with self.store.read() as reader:
            rows = reader.rows(
                "SELECT version FROM versions WHERE model = ? ORDER BY sort_key DESC LIMIT ?", [model, last]
            )
        return [row["version"] for row in rows]

    @operation("versions.metric_names")
    def metric_names(self) -> list[str]:
        """Every metric that any version has."""
        with self.store.read() as reader:
            return [row["metric"] for row in reader.rows("SELECT DISTINCT metric FROM version_metrics ORDER BY metric")]


def _all(conditions: list[Condition]) -> Condition:
    return Condition(
        " AND ".join(f"({condition.sql})" for condition in conditions),
        [value for condition in conditions for value in condition.parameters],
    )


def _days(since: date | None, until: date | None) -> list[Condition]:
    conditions = [Condition("v.created_at >= ?", [datetime(since.year, since.month, since.day)])] if since else []
    if until:
        end = until + timedelta(days=1)
        conditions.append(Condition("v.created_at < ?", [datetime(end.year, end.month, end.day)]))
    return conditions


def _facet_condition(name: str, values: list[str]) -> Condition:
    marks = ", ".join("?" for _ in values)
    if name in _FACETS:
        return Condition(f"coalesce({_FACETS[name]} IN ({marks}), FALSE)", list(values))
    if name == "alias":
        inner = f"SELECT 1 FROM aliases a WHERE a.model = v.model AND a.version = v.version AND a.alias IN ({marks})"  # noqa: S608
        return Condition(f"EXISTS ({inner})", list(values))
    if name == "tag":
        return _tags(values)
    raise InvalidInput(f"There is no facet {name[:40]!r}.", f"Facets are: {', '.join([*_FACETS, 'alias', 'tag'])}.")


def _tags(values: list[str]) -> Condition:
    """Any of the values of one key, for every key."""
    by_key: dict[str, list[Condition]] = defaultdict(list)
    for value in values:
        by_key[value.partition("=")[0]].append(_tag(value))
    return _all(
        [
            Condition(" OR ".join(c.sql for c in conditions), [p for c in conditions for p in c.parameters])
            for conditions in by_key.values()
        ]
    )


def _tag(value: str) -> Condition:
    """`key=value`, or `key` alone for any value."""
    key, equals, wanted = value.partition("=")
    path = '$."' + key.replace('"', "") + '"'
    if equals:
        return Condition("json_extract_string(v.tags, ?) = ?", [path, wanted])
    return Condition("json_extract_string(v.tags, ?) IS NOT NULL", [path])


def _page(reader: Reader, where: Condition, sort: str, descending: bool, limit: int, offset: int) -> list[VersionRow]:
    order, join, before = _order(sort)
    direction = "DESC" if descending else "ASC"
    found = reader.rows(
        f"SELECT v.*, m.kind, m.shop {_FROM} {join} WHERE {where.sql}"  # names from constants
        f" ORDER BY {order} {direction} NULLS LAST, v.seq DESC LIMIT ? OFFSET ?",
        [*before, *where.parameters, limit, offset],
    )
    if not found:
        return []
    keys = [(row["model"], row["version"]) for row in found]
    metrics, aliases = _beside(reader, keys)
    return [_row(row, metrics[row["model"], row["version"]], aliases[row["model"], row["version"]]) for row in found]


def _order(sort: str) -> tuple[str, str, list[Any]]:
    """ORDER BY expression, the join it needs, and that join's parameters."""
    if sort in _SORTS:
        return _SORTS[sort], "", []
    group, _, name = sort.partition(".")
    if group == "metrics" and name:
        join = "LEFT JOIN version_metrics o ON o.model = v.model AND o.version = v.version AND o.metric = ?"
        return "o.value", join, [name]
    raise InvalidInput(
        f"Versions cannot be ordered by {sort[:60]!r}.", f"Orders are: {', '.join(_SORTS)}, metrics.NAME."
    )


def _beside(
    reader: Reader, keys: list[tuple[str, str]]
) -> tuple[dict[tuple[str, str], dict[str, float]], dict[tuple[str, str], list[str]]]:
    """Metrics and aliases of the versions of a page."""
    models, versions = [key[0] for key in keys], [key[1] for key in keys]
    wanted = "SELECT unnest(?::VARCHAR[]) AS model, unnest(?::VARCHAR[]) AS version"
    metrics: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in reader.rows(
        f"SELECT x.* FROM version_metrics x SEMI JOIN ({wanted}) USING (model, version) ORDER BY metric",  # noqa: S608
        [models, versions],
    ):
        metrics[row["model"], row["version"]][row["metric"]] = row["value"]
    aliases: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in reader.rows(
        f"SELECT a.* FROM aliases a SEMI JOIN ({wanted}) USING (model, version) ORDER BY alias",  # noqa: S608
        [models, versions],
    ):
        aliases[row["model"], row["version"]].append(row["alias"])
    return metrics, aliases


def _row(row: dict[str, Any], metrics: dict[str, float], aliases: list[str]) -> VersionRow:
    return VersionRow(
        **{
            key: row[key]
            for key in ("model", "version", "kind", "shop", "stage", "framework", "description", "created_by")
        },
        aliases=tuple(aliases),
        tags=json.loads(row["tags"]),
        metrics=metrics,
        snapshot=json.loads(row["lineage"]).get("snapshot"),
        has_model=row["artifact"] is not None,
        created_at=utc(row["created_at"]),
    )


def _counts(reader: Reader, base: Condition, chosen: dict[str, Condition]) -> dict[str, dict[str, int]]:
    """How the matches spread over each facet, the most frequent values first; the matches are found once."""
    columns = [f"CAST({column} AS VARCHAR) AS {name}_" for name, column in _FACETS.items()]
    columns += [f"({condition.sql}) AS in_{name}" for name, condition in chosen.items()]
    matched = f"SELECT v.model, v.version, v.tags, {', '.join(columns)} {_FROM} WHERE {base.sql}"  # constants
    rest = {name: _others(name, chosen) for name in (*_FACETS, "alias", "tag")}
    parts = [f"SELECT '{name}' AS facet, {name}_ AS value FROM matched WHERE {rest[name]}" for name in _FACETS]  # noqa: S608
    parts += [
        f"SELECT 'alias', a.alias FROM matched JOIN aliases a USING (model, version) WHERE {rest['alias']}",  # noqa: S608
        _TAG_COUNTS.format(rest["tag"]),
    ]
    rows = reader.rows(
        f"WITH matched AS MATERIALIZED ({matched})"  # noqa: S608
        f" SELECT facet, value, count(*) AS n FROM ({' UNION ALL '.join(parts)}) WHERE value IS NOT NULL"
        f" GROUP BY 1, 2 QUALIFY row_number() OVER (PARTITION BY facet ORDER BY n DESC, value) <= {_SHOWN_VALUES}"
        " ORDER BY facet, n DESC, value",
        [*(value for condition in chosen.values() for value in condition.parameters), *base.parameters],
    )
    counts: dict[str, dict[str, int]] = {name: {} for name in rest}
    for row in rows:
        counts[row["facet"]][row["value"]] = row["n"]
    return counts


def _others(facet: str, chosen: dict[str, Condition]) -> str:
    return " AND ".join(f"in_{name}" for name in chosen if name != facet) or "TRUE"
