"""A draft as one parameter of a link, small enough to be sent around."""

from __future__ import annotations

import base64
import binascii
import json
import zlib

from pydantic import ValidationError

from engine.errors import InvalidInput
from engine.recommendation_engine.plan import Draft

LONGEST = 3_000
"""Characters that a link may spend on a draft; mail and chat programs cut longer links."""

_FORM = "1"
_MOST_BYTES = 1_000_000


def pack(draft: Draft, based_on: int) -> str | None:
    """The draft, and the number of the published plan it started from, as text for a link.

    Returns
    -------
    str or None
        None where it would be longer than `LONGEST`: save it as a scenario instead.
    """
    content = {"on": based_on, "draft": draft.model_dump(mode="json", exclude_defaults=True)}
    raw = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)
    code = _FORM + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return code if len(code) <= LONGEST else None


def unpack(code: str) -> tuple[Draft, int]:
    """The draft of a link, and the number of the published plan it started from.

    Raises
    ------
    InvalidInput
        The text was cut or changed on its way.
    """
    try:
        if not code.startswith(_FORM) or len(code) > LONGEST:
            raise ValueError("another form")
        raw = base64.b64decode(code[1:] + "=" * (-len(code[1:]) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        text = reader.decompress(raw, _MOST_BYTES)
        if not reader.eof:
            raise ValueError("longer than a draft")
        content = json.loads(text)
        return Draft.model_validate(content["draft"]), int(content["on"])
    except (binascii.Error, zlib.error, ValidationError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "The draft in this link cannot be read.",
            "A link holds the whole draft, and a part of it is missing or changed.",
            "Ask for the link again, or start from what is live.",
        ) from error
