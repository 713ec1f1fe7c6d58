"""The key ring of a shop: a random secret for each shopper, found by the keyed hash of their id.

The file is a mark and sorted records of 48 bytes (32 of the hash, 16 of the secret), so that one
look-up costs a bisection and a replica needs nothing but the folder `keys`. Once a record is gone,
nobody can compute that shopper's pseudonym again.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.pseudonyms import is_pseudonym, load_key, mark_of, name_of, pseudonym, write_private
from engine.errors import InvalidInput
from engine.naming import check_name

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"skyy key ring 1\n"
_MARK, _SECRET = 32, 16
_RECORD = _MARK + _SECRET


class KeyRing:
    """One shop's ring; the file is read again whenever another process has swapped it.

    Parameters
    ----------
    keys : Path
        The folder `keys` of the store.
    shop : str
    """

    def __init__(self, keys: Path, shop: str) -> None:
        self.shop = check_name(shop, "shop")
        self._key_path = keys / "pseudonym.key"
        self._path = keys / "shoppers" / f"{shop}.ring"
        self._seen: tuple[int, int, int] | None = None
        self._records = b""

    @property
    def key(self) -> bytes:
        return load_key(self._key_path)

    def pseudonym(self, shopper_id: str) -> str:
        """The pseudonym of a shopper; for an id that is in no import, a name that finds nobody.

        Without a key beside it (a replica that got none) only pseudonyms are found.
        """
        shopper_id = shopper_id.strip()
        if is_pseudonym(shopper_id) or not self._key_path.exists():
            return shopper_id
        key = self.key
        for spelling in spellings(shopper_id):
            secret = self._find(mark_of(key, self.shop, spelling))
            if secret is not None:
                return self._name(secret)
        return pseudonym(key, self.shop, shopper_id)

    def marks(self, shopper: str) -> set[bytes]:
        """The records of a shopper, given by the shop's own id or by pseudonym."""
        shopper = shopper.strip()
        if is_pseudonym(shopper):
            return {mark for mark, secret in self._load().items() if self._name(secret) == shopper}
        found = {mark_of(self.key, self.shop, spelling) for spelling in spellings(shopper)}
        return {mark for mark in found if self._find(mark) is not None}

    def names(self, marks: Iterable[bytes]) -> set[str]:
        """The pseudonyms of records."""
        return {self._name(secret) for mark in marks if (secret := self._find(mark)) is not None}

    def remove(self, marks: Collection[bytes]) -> None:
        """Forget records for good; on the disk when this returns."""
        records = self._load()
        left = {mark: secret for mark, secret in records.items() if mark not in marks}
        if len(left) < len(records):
            self.write(left)

    def draft(self) -> Draft:
        """A ring that takes new shoppers in, in memory until it is saved."""
        return Draft(self, self.key, self._load())

    def write(self, records: dict[bytes, bytes]) -> None:
        """Swap the file."""
        write_private(self._path, _MAGIC + b"".join(mark + secret for mark, secret in sorted(records.items())))

    def _name(self, secret: bytes) -> str:
        return _name(secret, self.shop)

    def _load(self) -> dict[bytes, bytes]:
        self._refresh()
        data = self._records
        return {data[at : at + _MARK]: data[at + _MARK : at + _RECORD] for at in range(0, len(data), _RECORD)}

    def _find(self, mark: bytes) -> bytes | None:
        self._refresh()
        data, low, high = self._records, 0, len(self._records) // _RECORD
        while low < high:
            middle = (low + high) // 2
            at = middle * _RECORD
            found = data[at : at + _MARK]
            if found == mark:
                return data[at + _MARK : at + _RECORD]
            low, high = (middle + 1, high) if found < mark else (low, middle)
        return None

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._seen, self._records = None, b""
            return
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            data = self._path.read_bytes()
            if not data.startswith(_MAGIC) or (len(data) - len(_MAGIC)) % _RECORD:
                raise InvalidInput(
                    f"The key ring {self._path} cannot be read.",
                    "It holds whole records after its mark.",
                    "Restore it from a backup: without it no shopper of this shop is found again.",
                )
            self._seen, self._records = seen, data[len(_MAGIC) :]


class Draft:
    """Pseudonyms of an import that may still come to nothing."""

    def __init__(self, ring: KeyRing, key: bytes, records: dict[bytes, bytes]) -> None:
        self._ring, self._key, self._records = ring, key, records
        self._known = len(records)

    def pseudonym(self, shopper_id: str) -> str:
        """The pseudonym of an id; a new shopper gets a secret."""
        if is_pseudonym(shopper_id):
            return shopper_id
        mark = mark_of(self._key, self._ring.shop, shopper_id)
        secret = self._records.get(mark)
        if secret is None:
            secret = self._records[mark] = secrets.token_bytes(_SECRET)
        return _name(secret, self._ring.shop)

    def pseudonymise(self, ids: pa.Array) -> pa.Array:
        """A column of ids as pseudonyms; each distinct id is hashed once, nulls stay null."""
        import pyarrow as pa

        encoded = ids.dictionary_encode()
        names = [self.pseudonym(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(names, pa.string()).take(encoded.indices)

    def save(self) -> None:
        """Keep the new shoppers; before anything names them."""
        if len(self._records) > self._known:
            self._ring.write(self._records)
            self._known = len(self._records)


def spellings(shopper_id: str) -> tuple[str, ...]:
    """The id, and for a mail address its lower case, as importers keep it."""
    lower = shopper_id.lower()
    return (shopper_id, lower) if "@" in shopper_id and lower != shopper_id else (shopper_id,)


def _name(secret: bytes, shop: str) -> str:
    return name_of(hmac.digest(secret, shop.encode(), "sha256"))
