"""Which versions may go, and why each of the others stays.

A rule says what is worth keeping; whatever an alias, a release, a job or a kept version's lineage
uses stays besides. Nothing is removed that was not shown by a plan first.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.actor import Actor
from engine.core import Engine, Service
from engine.errors import InvalidInput, InvalidTransition, StaleExpectation
from engine.files import canonical_json
from engine.model_registry import _aliases, _rows
from engine.model_registry.schema import CHAMPION
from engine.naming import check_name
from engine.store import Reader, operation

EVERY_MODEL = "*"
"""The name under which the rule of models without their own is kept."""

Uses = dict[tuple[str, str], list[str]]
"""Model and version to what uses it, in words."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=(), extra="forbid")


class RetentionRule(_Record):
    """What is worth keeping: a version stays when any of these keeps it."""

    keep_last: int | None = Field(default=None, ge=1, description="The newest versions, by number.")
    keep_days: int | None = Field(default=None, ge=1, description="Versions made in these last days.")
    keep_best: int | None = Field(default=None, ge=1, description="The best versions by `metric`.")
    metric: str | None = None
    higher_is_better: bool = True

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.keep_last is None and self.keep_days is None and self.keep_best is None:
            raise ValueError("a rule names how many versions to keep, for how many days, or how many of the best")
        if (self.keep_best is None) != (self.metric is None):
            raise ValueError("the best are kept by a metric: give both, or neither")
        return self

    def __str__(self) -> str:
        words = [
            f"the last {self.keep_last}" if self.keep_last else "",
            f"those of the last {self.keep_days} days" if self.keep_days else "",
            f"the best {self.keep_best} by {self.metric}" if self.keep_best else "",
        ]
        return "keep " + ", ".join(word for word in words if word)


class ModelRule(_Record):
    """A rule as it stands; `model` is `*` for models without their own."""

    model: str
    rule: RetentionRule
    changed_at: datetime
    changed_by: str


class Going(_Record):
    """A version that a plan removes."""

    model: str
    version: str
    artifact: str | None
    created_at: datetime
    rule: str


class Kept(_Record):
    """A version that stays, and every reason why."""

    model: str
    version: str
    because: tuple[str, ...]


class RetentionPlan(_Record):
    """What the rules remove now; `digest` is what `apply` has to be given."""

    digest: str
    going: tuple[Going, ...]
    kept: tuple[Kept, ...]


@dataclass
class _Version:
    """One version of a model under a rule."""

    number: str
    artifact: str | None
    parent: str | None
    created_at: datetime
    metric: float | None
    because: list[str] = field(default_factory=list)

    def going(self, model: str, rule: RetentionRule) -> Going:
        return Going(
            model=model, version=self.number, artifact=self.artifact, created_at=self.created_at, rule=str(rule)
        )


class RetentionService(Service):
    """Rules, plans, and removal."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._protectors: list[Callable[[Reader], Uses]] = []

    def protect(self, protector: Callable[[Reader], Uses]) -> None:
        """Let another room say which versions it uses, such as those of a running test."""
        self._protectors.append(protector)

    @operation("retention.set")
    def set_rule(self, *, actor: Actor, model: str, rule: RetentionRule | None) -> list[ModelRule]:
        """Set the rule of a model, or of all without their own (`*`); None takes it away.

        Raises
        ------
        ModelNotFound
        """
        with self.store.write(actor) as transaction:
            if model != EVERY_MODEL:
                _rows.model(transaction, check_name(model, "model"))
            values = rule.model_dump() if rule else None
            transaction.emit("retention.set", model, {"model": model, "rule": values})
            return _rules(transaction)

    @operation("retention.rules")
    def rules(self) -> list[ModelRule]:
        """All rules, by model."""
        with self.store.read() as reader:
            return _rules(reader)

    @operation("retention.plan")
    def plan(self, *, model: str | None = None) -> RetentionPlan:
        """What would go now, and why the others stay; nothing is changed."""
        with self.store.read() as reader:
            return self._plan(reader, model)

    @operation("retention.apply")
    def apply(self, *, actor: Actor, expected: str, model: str | None = None) -> RetentionPlan:
        """Remove what a plan named, if it would still name the same.

        The files of removed versions stay until garbage collection; their numbers are never given again.

        Raises
        ------
        StaleExpectation
            The plan would be another one now.
        """
        with self.store.write(actor, checkpoint=True) as transaction:
            plan = self._plan(transaction, model)
            if plan.digest != expected:
                raise StaleExpectation(
                    "The versions that would go are not the ones that were shown.",
                    "Nothing changed since the plan was made.",
                    "Look at the plan again.",
                    current=plan.digest,
                    presumed=expected,
                )
            for going in plan.going:
                details = {"model": going.model, "version": going.version, "artifact": going.artifact}
                reason = f"Not kept by the rule: {going.rule}."
                transaction.emit("version.removed", f"{going.model}/{going.version}", {**details, "reason": reason})
        return plan

    def _plan(self, reader: Reader, model: str | None) -> RetentionPlan:
        rules = {entry.model: entry.rule for entry in _rules(reader)}
        uses = self._uses(reader)
        going: list[Going] = []
        kept: list[Kept] = []
        for name in (
            [model] if model else [row["model"] for row in reader.rows("SELECT model FROM models ORDER BY model")]
        ):
            rule = rules.get(name, rules.get(EVERY_MODEL))
            if rule is None:
                continue
            for version in self._judge(reader, name, rule, uses):
                if version.because:
                    kept.append(Kept(model=name, version=version.number, because=tuple(version.because)))
                else:
                    going.append(version.going(name, rule))
        marks = [[entry.model, entry.version, entry.artifact] for entry in going]
        digest = hashlib.sha256(canonical_json(marks).encode()).hexdigest()
        return RetentionPlan(digest=digest, going=tuple(going), kept=tuple(kept))

    def _judge(self, reader: Reader, model: str, rule: RetentionRule, uses: Uses) -> list[_Version]:
        versions = _versions(reader, model, rule.metric)
        by_number = {version.number: version for version in versions}
        for place, version in enumerate(versions):
            version.because += uses.get((model, version.number), [])
            if place == 0:
                version.because.append("it is the newest version")
            if rule.keep_last is not None and place < rule.keep_last:
                version.because.append(f"it is one of the last {rule.keep_last}")
            if rule.keep_days and self.engine.clock.now() - version.created_at < timedelta(days=rule.keep_days):
                version.because.append(f"it was made in the last {rule.keep_days} days")
        _keep_best(versions, rule)
        _keep_parents([version for version in versions if version.because], by_number)
        return versions

    def _uses(self, reader: Reader) -> Uses:
        found: Uses = defaultdict(list)
        for row in reader.rows("SELECT model, alias, version FROM aliases ORDER BY alias"):
            found[row["model"], row["version"]].append(f"the alias {row['alias']} points at it")
            if row["alias"] == CHAMPION and (before := _before(reader, row["model"], row["version"])):
                found[row["model"], before].append("a roll-back returns to it")
        for protector in (self._released, self._compared, *self._protectors):
            for key, reasons in protector(reader).items():
                found[key] += reasons
        return found

    def _released(self, reader: Reader) -> Uses:
        """Versions in release folders that are kept, and in the newest release of each shop."""
        found: Uses = defaultdict(list)
        latest = "SELECT shop, max(number) AS number FROM releases GROUP BY shop"
        newest = {row["shop"]: row["number"] for row in reader.rows(latest)}
        for row in reader.rows("SELECT shop, number, manifest FROM releases ORDER BY shop, number"):
            folder = self.engine.settings.releases / row["shop"] / str(row["number"])
            if folder.is_dir() or newest[row["shop"]] == row["number"]:
                for model in json.loads(row["manifest"])["models"].values():
                    found[model["model"], model["version"]].append(f"release {row['number']} of {row['shop']} holds it")
        return found

    def _compared(self, reader: Reader) -> Uses:
        """Champions that open jobs compare with: an alias may have moved on since a job began."""
        found: Uses = defaultdict(list)
        rows = reader.rows("SELECT job_id, model FROM jobs WHERE state IN ('queued', 'running')")
        for row in rows:
            rival = _rival(self.engine, row["job_id"])
            if rival is not None:
                found[row["model"], rival].append(f"{row['job_id']} compares with it")
        return found


def _rival(engine: Engine, job_id: str) -> str | None:
    try:
        spec: Mapping[str, Any] = json.loads((engine.settings.jobs / job_id / "spec.json").read_bytes())
        return str(spec["rival"]["version"]) if spec["rival"] else None
    except FileNotFoundError:  # not laid out yet: it will compare with the champion of that moment
        return None


def _before(reader: Reader, model: str, champion: str) -> str | None:
    try:
        return _aliases.earlier(reader, model, champion, None)
    except InvalidTransition:
        return None


def _versions(reader: Reader, model: str, metric: str | None) -> list[_Version]:
    rows = reader.rows(
        "SELECT v.version, v.artifact, v.lineage, v.created_at, m.value FROM versions v LEFT JOIN version_metrics m"
        " ON m.model = v.model AND m.version = v.version AND m.metric = $metric"
        " WHERE v.model = $model ORDER BY v.sort_key DESC",
        {"model": model, "metric": metric},
    )
    return [
        _Version(
            number=row["version"],
            artifact=row["artifact"],
            parent=json.loads(row["lineage"]).get("parent"),
            created_at=_rows.utc(row["created_at"]),
            metric=row["value"],
        )
        for row in rows
    ]


def _keep_best(versions: list[_Version], rule: RetentionRule) -> None:
    if rule.keep_best is None:
        return
    measured = [version for version in versions if version.metric is not None]
    measured.sort(key=lambda version: version.metric or 0.0, reverse=rule.higher_is_better)
    for version in measured[: rule.keep_best]:
        version.because.append(f"it is among the best {rule.keep_best} by {rule.metric}")


def _keep_parents(kept: list[_Version], versions: Mapping[str, _Version]) -> None:
    """Let the whole line of parents of kept versions stay."""
    while kept:
        child = kept.pop()
        parent = versions.get(child.parent or "")
        if parent is not None:
            new = not parent.because
            parent.because.append(f"{child.number} was made from it")
            kept += [parent] if new else []


def _rules(reader: Reader) -> list[ModelRule]:
    rows = reader.rows("SELECT * FROM retention_rules ORDER BY model")
    return [
        ModelRule(
            model=row["model"],
            rule=RetentionRule(**json.loads(row["rule"])),
            changed_at=_rows.utc(row["changed_at"]),
            changed_by=row["changed_by"],
        )
        for row in rows
    ]


def rule_of(
    *, keep_last: int | None, keep_days: int | None, keep_best: int | None, metric: str | None, higher_is_better: bool
) -> RetentionRule:
    """A rule from its parts, or an error a person can read.

    Raises
    ------
    InvalidInput
    """
    from pydantic import ValidationError

    try:
        return RetentionRule(
            keep_last=keep_last,
            keep_days=keep_days,
            keep_best=keep_best,
            metric=metric,
            higher_is_better=higher_is_better,
        )
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InvalidInput(
            f"The rule cannot be used: {why}.", "Such as: keep the last 10, and the best 3 by ndcg."
        ) from error
