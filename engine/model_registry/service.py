"""The registry's acts, as the store's owner performs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.actor import Actor
from engine.core import Service
from engine.errors import InvalidInput, InvalidTransition, NoArtifact, VersionExists
from engine.failpoints import failpoint
from engine.model_registry import _rows, semver
from engine.model_registry._aliases import earlier, expect, move_alias, need_reason, passing_verdict
from engine.model_registry._comparison import compare as side_by_side
from engine.model_registry.release import ReleaseService
from engine.model_registry.schema import (
    CHAMPION,
    LATEST,
    AliasMove,
    Comparison,
    Lineage,
    ModelInfo,
    Signature,
    Stage,
    VerdictRecord,
    VersionInfo,
)
from engine.naming import check_name
from engine.store import Transaction, operation

_NUMBERS = """
SELECT arg_max(version, sort_key) AS latest,
    count(*) FILTER (version = $version)
    + (SELECT count(*) FROM removed_versions WHERE model = $model AND version = $version) AS taken
FROM versions WHERE model = $model
"""


class RegistryService(Service):
    """Models, versions, aliases, verdicts."""

    @operation("models.create")
    def create_model(
        self,
        *,
        actor: Actor,
        model: str,
        kind: str,
        shop: str | None = None,
        description: str = "",
        tags: dict[str, str] | None = None,
    ) -> ModelInfo:
        """Create a model, or return the one that has the name."""
        check_name(model, "model")
        with self.store.write(actor) as transaction:
            if not _rows.models(transaction, model=model):
                _create(transaction, model=model, kind=kind, shop=shop, description=description, tags=tags or {})
            return _rows.model(transaction, model)

    @operation("models.list")
    def list_models(self, *, shop: str | None = None) -> list[ModelInfo]:
        """All models, by name."""
        with self.store.read() as reader:
            return _rows.models(reader, shop=shop)

    @operation("models.get")
    def get_model(self, *, model: str) -> ModelInfo:
        """One model.

        Raises
        ------
        ModelNotFound
        """
        with self.store.read() as reader:
            return _rows.model(reader, model)

    @operation("versions.register")
    def register_version(
        self,
        *,
        actor: Actor,
        model: str,
        version: str | None,
        framework: str,
        metrics: dict[str, float],
        kind: str = "custom",
        shop: str | None = None,
        params: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        description: str = "",
        signature: Signature | None = None,
        artifact: str | None = None,
        lineage: Lineage | None = None,
        evaluation: dict[str, Any] | None = None,
        card: dict[str, Any] | None = None,
        run_id: str | None = None,
        bump: semver.Bump = "minor",
    ) -> VersionInfo:
        """Register a version; without a number it takes the next one.

        Raises
        ------
        VersionExists, InvalidInput, ArtifactNotFound
        """
        if artifact is not None:
            self.engine.artifacts.hold(artifact)
        failpoint("registry.register")
        with self.store.write(actor) as transaction:
            register(
                transaction,
                model=model,
                version=version,
                framework=framework,
                metrics=metrics,
                kind=kind,
                shop=shop,
                params=params or {},
                tags=tags or {},
                description=description,
                signature=signature,
                artifact=artifact,
                lineage=lineage or Lineage(),
                evaluation=evaluation,
                card=card,
                run_id=run_id,
                bump=bump,
            )
            return _rows.registered(transaction.events[-1])

    @operation("versions.list")
    def list_versions(self, *, model: str | None = None, limit: int = 1_000_000) -> list[VersionInfo]:
        """Versions, newest first within each model."""
        with self.store.read() as reader:
            if model is not None:
                _rows.model(reader, model)
            return _rows.versions(reader, model=model, limit=limit)

    @operation("versions.get")
    def get_version(self, *, model: str, reference: str = LATEST) -> VersionInfo:
        """The version that a number, an alias or `latest` names.

        Raises
        ------
        ModelNotFound, VersionNotFound
        """
        with self.store.read() as reader:
            return _rows.version(reader, model, reference)

    @operation("versions.describe")
    def describe(
        self, *, actor: Actor, model: str, reference: str, description: str, tags: dict[str, str]
    ) -> VersionInfo:
        """Replace description and tags of a version."""
        with self.store.write(actor) as transaction:
            number = _rows.resolve(transaction, model, reference)
            transaction.emit(
                "version.described",
                f"{model}/{number}",
                {"model": model, "version": number, "description": description, "tags": tags},
            )
            return _rows.version(transaction, model, number)

    @operation("versions.stage")
    def set_stage(self, *, actor: Actor, model: str, reference: str, stage: Stage) -> VersionInfo:
        """Move a version to another stage; `production` belongs to the champion alone.

        Raises
        ------
        InvalidTransition
        """
        with self.store.write(actor) as transaction:
            info = _rows.version(transaction, model, reference)
            if Stage.PRODUCTION in (stage, info.stage):
                raise InvalidTransition(
                    f"{model} {info.version} cannot go from {info.stage} to {stage} by itself.",
                    "The champion, and only the champion, is in production.",
                    "Promote another version, or roll back.",
                )
            transaction.emit(
                "version.stage_changed",
                f"{model}/{info.version}",
                {"model": model, "version": info.version, "stage": stage},
            )
            return _rows.version(transaction, model, info.version)

    @operation("aliases.set")
    def set_alias(
        self, *, actor: Actor, model: str, alias: str, version: str | None, expected: str | None, reason: str = ""
    ) -> AliasMove:
        """Point an alias at a version (None takes it away), if it still points at `expected`.

        Raises
        ------
        StaleExpectation, InvalidInput
        """
        check_name(alias, "alias")
        if alias in (CHAMPION, LATEST):
            raise InvalidInput(
                f"The alias {alias!r} is not set by hand.",
                "'champion' moves by promotion and roll-back, 'latest' follows the versions.",
                "Use promote or rollback.",
            )
        if semver.is_version(alias):
            raise InvalidInput(
                f"The alias {alias!r} looks like a version.",
                "An alias is a word, so that the two are never confused.",
                "Such as 'stable'.",
            )
        with self.store.write(actor) as transaction:
            _rows.model(transaction, model)
            current = expect(transaction, model, alias, expected)
            target = None if version is None else _rows.resolve(transaction, model, version)
            move_alias(transaction, model, alias, current, target, "set" if target else "removed", reason)
            return _rows.history(transaction, model, alias, 1)[0]

    @operation("models.promote")
    def promote(
        self,
        *,
        actor: Actor,
        model: str,
        version: str,
        expected: str | None,
        reason: str,
        overrule: bool = False,
    ) -> AliasMove:
        """Make a version the champion, if the champion is still `expected` (None: there is none).

        The gate's verdict against that champion must have passed; `overrule` promotes without one
        and needs a reason. Publishes a release when the model belongs to a shop.

        Raises
        ------
        StaleExpectation
            Somebody else promoted meanwhile.
        GateRefused
            No passing verdict, and not overruled.
        NoArtifact
            The version has no model to serve.
        """
        with self.store.write(actor, checkpoint=True) as transaction:
            publish = self.promote_within(
                transaction, model=model, version=version, expected=expected, reason=reason, overrule=overrule
            )
            failpoint("registry.promote.before_commit")
            move = _rows.history(transaction, model, CHAMPION, 1)[0]
        failpoint("registry.promote.committed")
        publish()
        return move

    def promote_within(
        self,
        transaction: Transaction,
        *,
        model: str,
        version: str,
        expected: str | None,
        reason: str,
        overrule: bool = False,
    ) -> Callable[[], None]:
        """Promote inside an act; the returned call publishes the release once the act is stored."""
        info = _rows.version(transaction, model, version)
        if info.artifact is None:
            raise NoArtifact(f"{model} {info.version} holds metrics but no model.", "A champion can be served.")
        current = expect(transaction, model, CHAMPION, expected)
        if current == info.version:
            raise InvalidTransition(f"{model} {info.version} is the champion already.")
        verdict = passing_verdict(transaction, info, current, overrule=overrule, reason=reason)
        move_alias(transaction, model, CHAMPION, current, info.version, "promoted", reason, verdict)
        return self._releases.prepare(transaction, _rows.model(transaction, model).shop)

    @operation("models.rollback")
    def rollback(
        self, *, actor: Actor, model: str, expected: str | None, reason: str, to: str | None = None
    ) -> AliasMove:
        """Bring back the champion before this one, or the version `to` that was champion once.

        Raises
        ------
        InvalidTransition
            There is no earlier champion.
        StaleExpectation, InvalidInput
        """
        need_reason(reason, "A roll-back")
        with self.store.write(actor, checkpoint=True) as transaction:
            current = expect(transaction, model, CHAMPION, expected)
            target = earlier(transaction, model, current, to)
            move_alias(transaction, model, CHAMPION, current, target, "rolled_back", reason)
            publish = self._releases.prepare(transaction, _rows.model(transaction, model).shop)
            move = _rows.history(transaction, model, CHAMPION, 1)[0]
        publish()
        return move

    @operation("aliases.history")
    def history(self, *, model: str | None = None, alias: str | None = None, limit: int = 500) -> list[AliasMove]:
        """Who moved which alias when and why, newest first."""
        with self.store.read() as reader:
            return _rows.history(reader, model, alias, limit)

    @operation("verdicts.record")
    def record_verdict(
        self, *, actor: Actor, model: str, version: str, against: str | None, verdict: dict[str, Any]
    ) -> VerdictRecord:
        """Keep a gate's verdict as an event; `against` is the champion's version, None the baseline."""
        with self.store.write(actor) as transaction:
            number = _rows.resolve(transaction, model, version)
            record_verdict(transaction, model, number, against, verdict)
            return _rows.verdicts(transaction, model, number)[0]

    @operation("verdicts.list")
    def verdicts(self, *, model: str, version: str) -> list[VerdictRecord]:
        """Verdicts on a version, newest first."""
        with self.store.read() as reader:
            return _rows.verdicts(reader, model, _rows.resolve(reader, model, version))

    @operation("versions.compare")
    def compare(self, *, model: str, versions: list[str]) -> Comparison:
        """Two to five versions of a model side by side.

        Raises
        ------
        InvalidInput, VersionNotFound
        """
        if not 2 <= len(versions) <= 5:
            raise InvalidInput(f"{len(versions)} versions were named.", "A comparison takes two to five.")
        with self.store.read() as reader:
            return side_by_side([_rows.version(reader, model, reference) for reference in versions])

    @property
    def _releases(self) -> ReleaseService:
        return self.engine.service(ReleaseService)


def register(
    transaction: Transaction,
    *,
    model: str,
    version: str | None,
    framework: str,
    metrics: dict[str, float],
    kind: str,
    shop: str | None,
    params: dict[str, Any],
    signature: Signature | None,
    artifact: str | None,
    lineage: Lineage,
    evaluation: dict[str, Any] | None = None,
    card: dict[str, Any] | None = None,
    run_id: str | None = None,
    tags: dict[str, str] | None = None,
    description: str = "",
    bump: semver.Bump = "minor",
) -> str:
    """Register a version inside an act and return its number."""
    check_name(model, "model")
    check_name(framework, "framework")
    _check_metrics(metrics)
    if not transaction.row("SELECT 1 FROM models WHERE model = ?", [model]):
        _create(transaction, model=model, kind=kind, shop=shop, description="", tags={})
    number = _free_number(transaction, model, version, bump)
    transaction.emit(
        "version.registered",
        f"{model}/{number}",
        {
            "model": model,
            "version": number,
            "sort_key": semver.sort_key(number),
            "framework": framework,
            "stage": Stage.CANDIDATE,
            "description": description,
            "tags": tags or {},
            "params": params,
            "metrics": metrics,
            "signature": signature.model_dump() if signature else None,
            "artifact": artifact,
            "lineage": lineage.model_dump(),
            "evaluation": evaluation,
            "card": card,
            "run_id": run_id,
        },
    )
    return number


def record_verdict(
    transaction: Transaction, model: str, version: str, against: str | None, verdict: dict[str, Any]
) -> None:
    """Keep a gate's verdict inside an act."""
    transaction.emit(
        "verdict.given",
        f"{model}/{version}",
        {"model": model, "version": version, "against": against, "verdict": verdict},
    )


def _create(
    transaction: Transaction, *, model: str, kind: str, shop: str | None, description: str, tags: dict[str, str]
) -> None:
    transaction.emit(
        "model.created",
        model,
        {"model": model, "kind": kind, "shop": shop, "description": description, "tags": tags},
    )


def _check_metrics(metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidInput(
                f"The metric {name!r} is {value}.",
                "Metrics are finite numbers.",
                "Leave out what could not be measured.",
            )


def _free_number(transaction: Transaction, model: str, version: str | None, bump: semver.Bump) -> str:
    """The number asked for, or the next one; in one look, since every registration takes it."""
    wanted = semver.check(version) if version is not None else None
    known = transaction.row(_NUMBERS, {"model": model, "version": wanted}) or {}
    following = semver.following(known["latest"], bump)
    if known["taken"]:
        raise VersionExists(
            f"{model} {wanted} exists already, or did until retention removed it.",
            "A version never changes once it is registered.",
            f"Register it as {following}, or leave the version out.",
        )
    return wanted or following
