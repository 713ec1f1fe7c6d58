"""Shoppers under keyed pseudonyms: the shop's own ids are never stored.

HMAC-SHA256 (RFC 2104) with a key that lies beside the store: without the key nobody can test
whether a known customer number is in the data, and a shopper has unrelated names in two shops.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InvalidInput
from engine.files import sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

_KEY_BYTES = 32
_PSEUDONYM = re.compile(r"p_[0-9a-f]{20}")


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
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(_KEY_BYTES)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return key


def pseudonym(key: bytes, shop: str, shopper_id: str) -> str:
    """The pseudonym of a shopper in a shop; one that is a pseudonym already passes as it is.

    Returns
    -------
    str
        `p_` and 20 hexadecimal digits.
    """
    if _PSEUDONYM.fullmatch(shopper_id):
        return shopper_id
    return "p_" + hmac.digest(key, f"{shop}\0{shopper_id}".encode(), "sha256").hex()[:20]


def pseudonymise(key: bytes, shop: str, ids: pa.ChunkedArray) -> pa.Array:
    """A column of ids as pseudonyms; each distinct id is hashed once, nulls stay null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = pc.dictionary_encode(ids)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no chunk at all
        return pa.array([], pa.string())
    names = [pseudonym(key, shop, value) for value in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)
