"""Every error a caller can meet.

EngineError
├── InvalidInput (ValueError)          an argument or a row that cannot be right
│   ├── InvalidName                    a name outside the allowed alphabet
│   ├── InvalidFile                    a file that cannot be read as what it claims to be
│   └── InvalidTransition              a change of state that the present state forbids
├── NotFound (LookupError)
│   ├── ModelNotFound, VersionNotFound, RunNotFound, JobNotFound
│   └── ShopNotFound, SnapshotNotFound, ItemNotFound, ReleaseNotFound, ArtifactNotFound
├── Conflict (RuntimeError)            somebody was faster
│   ├── VersionExists
│   └── StaleExpectation               compare-and-set found another value
├── GateRefused (RuntimeError)         the champion gate did not pass and nobody overruled it
├── NoArtifact (RuntimeError)          a version that holds metrics but no model
├── StoreError (RuntimeError)
│   ├── StoreOwned                     another process holds the file
│   ├── StoreDamaged                   the event chain does not match its mirror
│   └── OwnerUnreachable               the owner does not answer
├── ArtifactError (RuntimeError)
│   ├── DigestMismatch, UnsafeFormat, UnsafePath, CorruptArtifact
├── RemoteFailed (RuntimeError)        another machine did not answer as it should
├── OutOfMemory (MemoryError)          a model or job larger than its budget
├── Forbidden (PermissionError)        an actor, host or origin that may not do this
└── InternalError (RuntimeError)       a defect of ours, seen through a socket or API
"""

from __future__ import annotations

from typing import Any, ClassVar


class EngineError(Exception):
    """Base of all errors: what was found, what was expected, what to do about it.

    Parameters
    ----------
    found : str
        One sentence on what was met.
    expected : str
        One sentence on what would have been right; empty when `found` says it all.
    hint : str
        One sentence on what to do.
    **fields
        Plain JSON values that a program can read from `error.fields`.
    """

    kinds: ClassVar[dict[str, type[EngineError]]] = {}

    def __init__(self, found: str, expected: str = "", hint: str = "", **fields: Any) -> None:
        super().__init__(found, expected, hint)
        self.found, self.expected, self.hint, self.fields = found, expected, hint, fields

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        EngineError.kinds[cls.__name__] = cls

    def __str__(self) -> str:
        return " ".join(part for part in (self.found, self.expected, self.hint) if part)

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON values, for the owner socket and the HTTP API."""
        return {
            "type": type(self).__name__,
            "found": self.found,
            "expected": self.expected,
            "hint": self.hint,
            "fields": self.fields,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EngineError:
        """Rebuild an error that crossed a socket; an unknown type becomes `InternalError`."""
        kind = cls.kinds.get(data["type"], InternalError)
        return kind(data["found"], data["expected"], data["hint"], **data["fields"])


class InvalidInput(EngineError, ValueError): ...


class InvalidName(InvalidInput): ...


class InvalidFile(InvalidInput): ...


class InvalidTransition(InvalidInput): ...


class NotFound(EngineError, LookupError): ...


class ModelNotFound(NotFound): ...


class VersionNotFound(NotFound): ...


class RunNotFound(NotFound): ...


class JobNotFound(NotFound): ...


class ShopNotFound(NotFound): ...


class SnapshotNotFound(NotFound): ...


class ItemNotFound(NotFound): ...


class ReleaseNotFound(NotFound): ...


class ArtifactNotFound(NotFound): ...


class Conflict(EngineError, RuntimeError): ...


class VersionExists(Conflict): ...


class StaleExpectation(Conflict): ...


class GateRefused(EngineError, RuntimeError): ...


class NoArtifact(EngineError, RuntimeError): ...


class StoreError(EngineError, RuntimeError): ...


class StoreOwned(StoreError): ...


class StoreDamaged(StoreError): ...


class OwnerUnreachable(StoreError): ...


class ArtifactError(EngineError, RuntimeError): ...


class DigestMismatch(ArtifactError): ...


class UnsafeFormat(ArtifactError): ...


class UnsafePath(ArtifactError): ...


class CorruptArtifact(ArtifactError): ...


class RemoteFailed(EngineError, RuntimeError): ...


class OutOfMemory(EngineError, MemoryError): ...


class Forbidden(EngineError, PermissionError): ...


class InternalError(EngineError, RuntimeError): ...
