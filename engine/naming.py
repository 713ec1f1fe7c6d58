"""Names that become part of a path, a key or a URL."""

from __future__ import annotations

import re

from engine.errors import InvalidName

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def check_name(name: str, what: str) -> str:
    """Return `name` when it is safe in paths, keys and URLs.

    Parameters
    ----------
    name : str
        Candidate, 1 to 64 characters of `a-z 0-9 _ . -`, starting with a letter or digit.
    what : str
        The kind of name for the message, such as `"model"`.

    Raises
    ------
    InvalidName
        The name has other characters, is empty, too long, or holds `..`.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or ".." in name:
        raise InvalidName(
            f"The {what} name {str(name)[:80]!r} cannot be used.",
            "A name has 1 to 64 characters from a-z, 0-9, '_', '.', '-', starts with a letter or digit and has no '..'.",
            f"Choose a name such as {_suggest(str(name))!r}.",
        )
    return name


def _suggest(name: str) -> str:
    """The nearest allowed name."""
    cleaned = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_.")[:64]
    return cleaned or "my-name"
