from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engine.errors import (
    EngineError,
    Forbidden,
    InvalidInput,
    InvalidTransition,
    ModelNotFound,
    StaleExpectation,
    StoreError,
)
from engine.inference_server._base import bare_app
from engine.inference_server.guard import MAX_BODY_BYTES, Guard

HOSTS = ("127.0.0.1", "localhost", "::1")
GOOD = {"host": "localhost:8501", "content-type": "application/json"}


def no_engine() -> Any:
    raise AssertionError("a refused request must not reach the engine")


@pytest.fixture
def app() -> FastAPI:
    app = bare_app("guarded", no_engine, allowed_hosts=HOSTS)
    app.state.changes = 0

    @app.post("/change")
    @app.put("/change")
    @app.patch("/change")
    @app.delete("/change")
    def change() -> dict[str, int]:
        app.state.changes += 1
        return {"changes": app.state.changes}

    @app.get("/read")
    def read() -> dict[str, str]:
        return {"read": "yes"}

    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost:8501", raise_server_exceptions=False) as client:
        yield client


ALLOWED = [
    {},
    {"host": "127.0.0.1:8501"},
    {"host": "LOCALHOST"},
    {"host": "localhost."},
    {"host": "[::1]:9"},
    {"origin": "http://localhost:8501"},
    {"origin": "http://127.0.0.1:8501"},
    {"host": "localhost", "origin": "https://localhost"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"content-type": "application/json; charset=utf-8"},
]

REFUSED = [
    ({"host": "evil.example"}, 403),
    ({"host": "localhost.evil.example"}, 403),
    ({"host": "localhost:8501@evil.example"}, 403),
    ({"host": "localhost:8501, evil.example"}, 403),
    ({"host": "localhost:port"}, 403),
    ({"host": "[::1"}, 403),
    ({"host": ""}, 403),
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "http://localhost.evil.example:8501"}, 403),
    ({"origin": "http://localhost:3000"}, 403),
    ({"origin": "https://localhost"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": ""}, 403),
    ({"origin": "file://"}, 403),
    ({"origin": "chrome-extension://localhost:8501"}, 403),
    ({"origin": "http://evil@localhost:8501"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"content-type": "text/plain"}, 415),
    ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ({"content-type": "multipart/form-data; boundary=x"}, 415),
    ({"content-type": "text/plain; application/json"}, 415),
    ({"content-type": "application/jsonp"}, 415),
    ({"content-type": ""}, 415),
    ({"content-length": "-1"}, 400),
    ({"content-length": str(MAX_BODY_BYTES + 1)}, 413),
]


@pytest.mark.parametrize("headers", ALLOWED)
def test_own_requests_pass(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/change", headers={**GOOD, **headers}, content=b"{}").status_code == 200


@pytest.mark.parametrize(("headers", "status"), REFUSED)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_foreign_requests_change_nothing(
    app: FastAPI, client: TestClient, method: str, headers: dict[str, str], status: int
) -> None:
    answer = client.request(method, "/change", headers={**GOOD, **headers}, content=b"")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert app.state.changes == 0


@pytest.mark.parametrize(("headers", "status"), [case for case in REFUSED if case[1] == 403])
def test_foreign_reads_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/read", headers={**GOOD, **headers}).status_code == status


def test_no_answer_carries_a_permission_for_other_origins(client: TestClient) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = client.request(method, "/change", headers={**GOOD, "origin": "http://localhost:8501"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_a_method_without_content_type_is_refused_even_with_an_empty_body(client: TestClient) -> None:
    assert client.post("/change", headers={"host": "localhost:8501"}).status_code == 415


def test_a_body_without_length_is_cut_while_it_streams(app: FastAPI, client: TestClient) -> None:
    pulled = 0

    def endless() -> Iterator[bytes]:
        nonlocal pulled
        for _ in range(1000):
            pulled += 1
            yield b"x" * 65536

    assert client.post("/change", headers=GOOD, content=endless()).status_code == 413
    assert app.state.changes == 0


def test_two_host_headers_are_refused() -> None:
    messages = ask([(b"host", b"localhost"), (b"host", b"evil.example")])
    assert messages[0]["status"] == 403


def test_web_sockets_are_closed() -> None:
    async def talk() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        guard = Guard(no_engine, allowed_hosts=HOSTS)
        await guard({"type": "websocket", "headers": [(b"host", b"localhost")]}, no_receive, send)
        return sent

    assert asyncio.run(talk()) == [{"type": "websocket.close", "code": 1008}]


@given(host=st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_the_host_header_holds_there_is_an_answer(host: str) -> None:
    messages = ask([(b"host", host.encode("latin-1"))])
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    assert messages[0]["status"] == (200 if name.lower().strip("[]").rstrip(".") in HOSTS else 403)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelNotFound("There is no model 'x'."), 404),
        (StaleExpectation("The champion is 1.1.0."), 409),
        (InvalidInput("Wrong."), 422),
        (InvalidTransition("Not now."), 422),
        (Forbidden("No."), 403),
        (StoreError("Full."), 500),
    ],
)
def test_errors_of_the_engine_are_problem_documents(
    app: FastAPI, client: TestClient, error: EngineError, status: int
) -> None:
    @app.get("/fail")
    def fail() -> None:
        raise error

    answer = client.get("/fail", headers=GOOD)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == error.found
    assert answer.json()["error"] == type(error).__name__


def test_a_defect_shows_a_reference_and_no_traceback(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/defect")
    def defect() -> None:
        raise ZeroDivisionError("secret detail")

    answer = client.get("/defect", headers=GOOD)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["reference"] in caplog.text
    assert "secret detail" in caplog.text


async def no_receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def ask(headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """What the guard answers to a GET with these very headers."""

    async def talk() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def inside(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await Guard(inside, allowed_hosts=HOSTS)(scope, no_receive, send)
        return sent

    return asyncio.run(talk())
