"""What every importer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.catalog.importers.bundle import Bundle
from engine.catalog.records import SourceTable
from engine.catalog.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa

Mapped = Mapping[str, Mapping[str, Any]]


@dataclass
class Reading:
    """What an importer made of files; `mapping` is the one that was used, None where nothing can be mapped."""

    tables: dict[Table, pa.Table]
    images: dict[str, bytes] = field(default_factory=dict)
    rejected: pa.Table | None = None
    mapping: Mapped | None = None
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """Turns the files of a bundle into tables under canonical names; checks come later, for all alike."""

    name: str
    about: str

    def recognises(self, bundle: Bundle) -> bool:
        """Whether the files are of this importer's kind."""
        ...

    def check(self, bundle: Bundle) -> None:
        """Raise `InvalidFile`, naming what is missing, when they are not."""
        ...

    def inspect(self, bundle: Bundle) -> tuple[list[SourceTable], list[str]]:
        """The tables that the files hold and where their columns would go, with notes."""
        ...

    def read(self, bundle: Bundle, mapping: Mapped | None) -> Reading:
        """Tables, pictures and notes.

        Raises
        ------
        InvalidFile, InvalidInput
            A file is broken, or a mapping names what is not there.
        """
        ...
