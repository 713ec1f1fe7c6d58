"""Shoppers under pseudonyms: the shop's own ids are never stored.

A pseudonym follows from a secret that is drawn for one shopper and lies in the shop's key ring
(`key_ring`). The store's key (this module) only hides the ids in that ring: without it nobody can
test whether a known customer number is in the data.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path

from engine.errors import InvalidInput
from engine.failpoints import failpoint
from engine.files import sync_folder

_KEY_BYTES = 32
_PSEUDONYM = re.compile(r"p_[0-9a-f]{20}")


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of a pseudonym; such a text passes everywhere as it is."""
    return _PSEUDONYM.fullmatch(text) is not None


def load_key(path: Path) -> bytes:
    """The key at `path` (mode 0600), made on first use.

    Raises
    ------
    InvalidInput
        The file is there but is not a key.
    """
    try:
        return _make_key(path)
    except FileExistsError:
        key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise InvalidInput(
            f"The pseudonym key {path} has {len(key)} bytes.",
            f"It has {_KEY_BYTES}.",
            "Restore it from a backup: without it no shopper of this store is found again.",
        )
    return key


def _make_key(path: Path) -> bytes:
    """Write a new key under another name first, so that no reader ever sees half of one."""
    if path.exists():
        raise FileExistsError(path)
    key = secrets.token_bytes(_KEY_BYTES)
    draft = private_draft(path, key)
    try:
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return key


def private_draft(path: Path, data: bytes) -> Path:
    """A file beside `path` that only this user can read, its bytes on the disk; the caller renames or links it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def write_private(path: Path, data: bytes) -> None:
    """Swap a file that only this user can read: old bytes or new, on the disk when this returns."""
    draft = private_draft(path, data)
    try:
        failpoint("catalog.private_rename")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def pseudonym(key: bytes, shop: str, shopper_id: str) -> str:
    """The name that follows from the store's key alone.

    No import stores it: it stands for ids that are not in the ring, and therefore finds nobody.
    Stores from before the key ring know their shoppers by it.

    Returns
    -------
    str
        `p_` and 20 hexadecimal digits; a pseudonym passes as it is.
    """
    return shopper_id if is_pseudonym(shopper_id) else name_of(mark_of(key, shop, shopper_id))


def mark_of(key: bytes, shop: str, shopper_id: str) -> bytes:
    """How the key ring knows an id: HMAC-SHA256 (RFC 2104) under the store's key, 32 bytes."""
    return hmac.digest(key, f"{shop}\0{shopper_id}".encode(), "sha256")


def name_of(digest: bytes) -> str:
    """A pseudonym from the first 10 bytes of a digest."""
    return "p_" + digest[:10].hex()
