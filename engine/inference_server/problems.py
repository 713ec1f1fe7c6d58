"""Errors as RFC 9457 problem documents: what was found, expected and hinted, never a traceback."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from engine.errors import (
    Conflict,
    EngineError,
    Forbidden,
    GateRefused,
    InvalidInput,
    NoArtifact,
    NotFound,
    OutOfMemory,
    OwnerUnreachable,
)
from engine.files import canonical_json

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"

_LOG = logging.getLogger(__name__)
_STATUS: tuple[tuple[type[EngineError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (GateRefused, 409),
    (NoArtifact, 409),
    (InvalidInput, 422),
    (Forbidden, 403),
    (OutOfMemory, 503),
    (OwnerUnreachable, 503),
)


def status_of(error: EngineError) -> int:
    """The HTTP status of an error; 500 for what a caller cannot mend."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_response(status: int, found: str, expected: str = "", hint: str = "", **members: Any) -> Response:
    """One problem document.

    Parameters
    ----------
    **members
        Further JSON members, such as `type_name`, `fields` or `reference`.
    """
    body = {"status": status, "title": found, "detail": " ".join(part for part in (found, expected, hint) if part)}
    return Response(canonical_json({**body, **members}), status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let an application answer every error as a problem document."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    app.add_exception_handler(EngineError, _engine_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _engine_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)
    status = status_of(error)
    told = {"found": error.found, "expected": error.expected, "hint": error.hint}
    members: dict[str, Any] = {"error": type(error).__name__, "fields": error.fields, "parts": told}
    if status == 500:
        members["reference"] = _log(error)
    return problem_response(status, error.found, error.expected, error.hint, **members)


async def _validation_error(_: Request, error: Exception) -> Response:
    from fastapi.exceptions import RequestValidationError

    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return problem_response(
        422, f"{where!r} is not right: {first['msg']}.", error="InvalidInput", fields={"where": where}
    )


async def _http_error(_: Request, error: Exception) -> Response:
    from starlette.exceptions import HTTPException

    assert isinstance(error, HTTPException)
    response = problem_response(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _unexpected(_: Request, error: Exception) -> Response:
    reference = _log(error)
    return problem_response(
        500, f"Something went wrong (reference {reference}).", hint="The log has the details.", reference=reference
    )


def _log(error: Exception) -> str:
    reference = secrets.token_hex(4)
    _LOG.error("reference %s", reference, exc_info=error)
    return reference
