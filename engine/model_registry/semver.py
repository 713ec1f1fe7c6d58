"""Semantic versions, as semver.org 2.0.0 orders them."""

from __future__ import annotations

import re
from typing import Literal

from engine.errors import InvalidInput

Bump = Literal["major", "minor", "patch"]

_FORM = re.compile(
    r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-((?:0|[1-9]\d{0,8}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(?:\.(?:0|[1-9]\d{0,8}|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?",
    re.ASCII,
)


def check(version: str) -> str:
    """Return `version` when it is a semantic version of at most 64 characters.

    Raises
    ------
    InvalidInput
        It is not.
    """
    if not isinstance(version, str) or len(version) > 64 or not _FORM.fullmatch(version):
        raise InvalidInput(
            f"{str(version)[:80]!r} is not a version.",
            "A version is MAJOR.MINOR.PATCH, such as 2.1.0 or 2.1.0-rc.1 (semver.org).",
            "Leave the version out to take the next one.",
        )
    return version


def is_version(text: str) -> bool:
    """Whether a text is a semantic version."""
    return len(text) <= 64 and _FORM.fullmatch(text) is not None


def sort_key(version: str) -> str:
    """A string that sorts as semantic versions do: 1.2.0-rc.1 < 1.2.0 < 1.10.0."""
    match = _FORM.fullmatch(check(version))
    assert match is not None
    numbers = ".".join(f"{int(part):09d}" for part in match.group(1, 2, 3))
    if match.group(4) is None:
        return numbers + "~"
    parts = (f"0{int(part):09d}" if part.isdigit() else f"1{part}" for part in match.group(4).split("."))
    return numbers + "-" + " ".join(parts)


def following(latest: str | None, bump: Bump = "minor") -> str:
    """The version after `latest`; 1.0.0 when there is none."""
    if latest is None:
        return "1.0.0"
    match = _FORM.fullmatch(check(latest))
    assert match is not None
    major, minor, patch = (int(part) for part in match.group(1, 2, 3))
    if match.group(4) is not None:
        return f"{major}.{minor}.{patch}"
    return {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
    }[bump]
