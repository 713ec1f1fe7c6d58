"""Moving an alias: what must hold before, and where a roll-back leads."""

from __future__ import annotations

from typing import Any

from engine.errors import GateRefused, InvalidInput, InvalidTransition, StaleExpectation
from engine.model_registry import _rows
from engine.model_registry.schema import CHAMPION, AliasMove, Stage, VersionInfo
from engine.store import Reader, Transaction


def expect(transaction: Transaction, model: str, alias: str, expected: str | None) -> str | None:
    """The version that an alias points at, if that is what the act presumes."""
    current = _rows.alias_target(transaction, model, alias)
    if current != expected:
        raise StaleExpectation(
            f"The {alias} of {model} is {current or 'not set'}, not {expected or 'unset'} as this act presumes.",
            "Nobody else moved it meanwhile.",
            "Look at the present state and decide again.",
            current=current,
            presumed=expected,
        )
    return current


def passing_verdict(
    transaction: Transaction, info: VersionInfo, champion: str | None, *, overrule: bool, reason: str
) -> dict[str, Any] | None:
    """The verdict that lets the promotion through."""
    given = next((v for v in _rows.verdicts(transaction, info.model, info.version) if v.against == champion), None)
    if given is not None and given.passed:
        return given.verdict
    if overrule:
        need_reason(reason, "Overruling the gate")
        return {**(given.verdict if given else {}), "overruled": True}
    rival = f"the champion {champion}" if champion else "the baseline"
    why = " ".join(given.verdict.get("reasons", [])) if given else f"It was never compared with {rival}."
    raise GateRefused(
        f"{info.model} {info.version} did not pass the gate against {rival}. {why}",
        "A challenger is promoted when its gain is statistically sure and no guardrail breaks.",
        "Train it on newer data, or overrule the gate with a reason.",
    )


def need_reason(reason: str, what: str) -> None:
    """Refuse an act that says no why."""
    if not reason.strip():
        raise InvalidInput(f"{what} has no reason.", "The audit trail tells why.", "Say it in a sentence.")


def move_alias(
    transaction: Transaction,
    model: str,
    alias: str,
    previous: str | None,
    version: str | None,
    action: str,
    reason: str,
    verdict: dict[str, Any] | None = None,
) -> None:
    """Record the move, and the stages that follow from it."""
    stages: dict[str, str] = {}
    if alias == CHAMPION:
        if previous is not None:
            stages[previous] = Stage.ARCHIVED
        if version is not None:
            stages[version] = Stage.PRODUCTION
    transaction.emit(
        "alias.moved",
        f"{model}@{alias}",
        {
            "model": model,
            "alias": alias,
            "previous": previous,
            "version": version,
            "action": action,
            "reason": reason,
            "stages": stages,
            "verdict": verdict,
        },
    )


def earlier(reader: Reader, model: str, current: str | None, to: str | None) -> str:
    """The champion to go back to: the last one before the reign that now ends."""
    moves = _rows.history(reader, model, CHAMPION, 1_000_000)
    reigned = [move.version for move in moves if move.version is not None and move.version != current]
    if to is not None:
        wanted = _rows.resolve(reader, model, to)
        if wanted in reigned:
            return wanted
        raise InvalidTransition(
            f"{model} {wanted} was never champion.",
            "A roll-back returns to an earlier champion.",
            "Promote it instead.",
        )
    undone = _undone(moves)
    gone = {row["version"] for row in reader.rows("SELECT version FROM removed_versions WHERE model = ?", [model])}
    for move in moves:
        if move.version == current and move.previous and move.previous not in undone | gone:
            return move.previous
    raise InvalidTransition(
        f"{model} has no earlier champion.", "A roll-back returns to one.", "Promote a version instead."
    )


def _undone(moves: list[AliasMove]) -> set[str]:
    """Versions that were rolled back and not promoted since: never a target of the next roll-back."""
    undone: set[str] = set()
    for move in reversed(moves):
        if move.action == "rolled_back" and move.previous:
            undone.add(move.previous)
        elif move.version:
            undone.discard(move.version)
    return undone
