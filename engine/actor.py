"""Who does a thing: stored in every event."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a part of the system that changes state.

    Parameters
    ----------
    name : str
        Login name, or the name of the part (`scheduler`, `setup`).
    role : str
        `owner` for the local operating-system user; narrower roles come with login.
    via : str
        The door: `python`, `cli`, `page`, `http`, `system`.
    """

    name: str
    role: str = "owner"
    via: str = "python"

    @classmethod
    def local(cls, via: str = "python") -> Self:
        """The operating-system user that runs this process."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a container user without a passwd entry
            name = "unknown"
        return cls(name=name, via=via)

    @classmethod
    def system(cls, name: str) -> Self:
        """A part of the system that acts on its own."""
        return cls(name=name, role="system", via="system")

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "role": self.role, "via": self.via}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(name=str(data["name"]), role=str(data["role"]), via=str(data["via"]))
