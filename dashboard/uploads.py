"""Uploaded files on their way to an import: written once to the staging folder, gone after it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import streamlit as st

from dashboard.runtime import engine
from engine.errors import InvalidFile

_KEY = "import_staged"


class Upload(Protocol):
    """What Streamlit gives for an uploaded file."""

    file_id: str
    name: str

    def seek(self, offset: int, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


def staged(uploads: Sequence[Upload]) -> Path | None:
    """Where the uploads lie: the file itself when there is one, else their folder."""
    ids = tuple(upload.file_id for upload in uploads)
    known = st.session_state.get(_KEY)
    # Forgetting a shopper empties the staging folder: what was uploaded is written again.
    if known is not None and (known[0] != ids or not known[1].exists()):
        discard()
        known = None
    if not uploads:
        return None
    if known is None:
        known = (ids, _write(uploads))
        st.session_state[_KEY] = known
    folder: Path = known[1]
    return folder / safe_name(uploads[0].name) if len(uploads) == 1 else folder


def discard() -> None:
    """Remove the staged files."""
    known = st.session_state.pop(_KEY, None)
    if known is not None:
        shutil.rmtree(known[1], ignore_errors=True)


def safe_name(name: str) -> str:
    """The last part of an uploaded file's name, which the browser chose.

    Raises
    ------
    InvalidFile
        Nothing usable is left of it.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    if last in ("", ".", "..") or any(ord(sign) < 32 for sign in last):
        raise InvalidFile(f"The file name {name[:80]!r} cannot be used.", hint="Rename the file.")
    return last[:200]


def _write(uploads: Sequence[Upload]) -> Path:
    folder = engine().settings.staging / f"upload-{uuid.uuid4().hex}"
    folder.mkdir(parents=True, mode=0o700)
    for upload in uploads:
        upload.seek(0)
        with (folder / safe_name(upload.name)).open("xb") as file:
            shutil.copyfileobj(upload, file)
    return folder
