"""Every route of both servers: what it answers, and that a hostile page gets nothing from it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from engine.client import SkyyClient
from engine.core import Engine
from engine.errors import GateRefused, InvalidInput, ModelNotFound, OwnerUnreachable, StaleExpectation
from engine.inference_server import control, serving
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.settings import LOOPBACK
from engine.training import TrainingService
from tests.pages.stock import MODEL, SHOP, TESTER

BASE = "http://localhost:8501"
JSON = {"content-type": "application/json"}


def never() -> Engine:
    raise AssertionError("a refused request must not reach the engine")


CONTROL = control.create_app(never, allowed_hosts=LOOPBACK)
ROUTES = sorted(
    [(method.upper(), path) for path, methods in CONTROL.openapi()["paths"].items() for method in methods]
    + [("GET", "/openapi.json")]
)
FOREIGN = [
    {"host": "evil.example"},
    {"host": "localhost.evil.example:8501"},
    {"origin": "http://evil.example"},
    {"origin": "http://localhost:3000"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.fixture
def app(stocked: Engine) -> FastAPI:
    return control.create_app(lambda: stocked, allowed_hosts=LOOPBACK)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


def test_there_are_routes_to_attack() -> None:
    assert {method for method, _ in ROUTES} == {"GET", "POST"}
    assert len(ROUTES) >= 18


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_request_reaches_no_route(method: str, path: str, headers: dict[str, str]) -> None:
    with TestClient(CONTROL, base_url=BASE) as client:
        answer = client.request(method, path, headers={**JSON, **headers}, content=b"{}")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_can_send_reaches_no_route(path: str, kind: str) -> None:
    with TestClient(CONTROL, base_url=BASE) as client:
        answer = client.post(path, headers={"content-type": kind} if kind else {}, content=b'{"version":"1.1.0"}')
    assert answer.status_code == 415


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] == "POST"])
def test_nothing_changes_by_get(client: TestClient, method: str, path: str) -> None:
    filled = path.format(model=MODEL, version="1.1.0", job_id="job-1", digest="0" * 64, shop=SHOP)
    answer = client.get(filled)
    # 404: the last word of the path is also read as the name of a record that is not there.
    assert answer.status_code in (404, 405) or ("GET", path) in ROUTES


def test_no_page_of_another_host_is_loaded_by_the_documentation() -> None:
    with TestClient(CONTROL, base_url=BASE) as client:
        assert client.get("/docs").status_code == 404
        assert client.get("/openapi.json").status_code == 200


def test_a_preflight_gets_no_permission(client: TestClient) -> None:
    headers = {"origin": BASE, "access-control-request-method": "POST"}
    answer = client.options(f"/v1/models/{MODEL}/promote", headers=headers)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/v1/shops",
        "/v1/snapshots",
        "/v1/models",
        f"/v1/models/{MODEL}",
        f"/v1/models/{MODEL}/versions",
        f"/v1/models/{MODEL}/versions/champion",
        f"/v1/models/{MODEL}/history",
        "/v1/jobs",
        f"/v1/shops/{SHOP}/plan",
        "/health/live",
        "/health/ready",
    ],
)
def test_reads_answer(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json()


def test_a_job_is_submitted_once_watched_and_cancelled(client: TestClient) -> None:
    body = {"kind": "recommender", "shop": SHOP, "idempotency_key": "k"}
    first = client.post("/v1/jobs", json=body)
    assert first.status_code == 202
    job_id = first.json()["job_id"]
    assert client.post("/v1/jobs", json=body).json()["job_id"] == job_id
    assert client.get(f"/v1/jobs/{job_id}").json()["state"] == "queued"
    assert client.get(f"/v1/jobs/{job_id}/progress").json()["share"] == 0
    assert client.post(f"/v1/jobs/{job_id}/priority", json={"priority": 7}).json()["priority"] == 7
    assert client.get(f"/v1/jobs/{job_id}/recipe").json()["command"].startswith("skyy train recommender")
    assert client.post(f"/v1/jobs/{job_id}/cancel", json={}).json()["state"] == "cancelled"
    again = client.post(f"/v1/jobs/{job_id}/rerun", json={})
    assert again.status_code == 202
    assert (again.json()["rerun_of"], again.json()["config"]) == (job_id, first.json()["config"])
    assert client.post(f"/v1/jobs/{again.json()['job_id']}/cancel", json={}).status_code == 200


def test_a_search_and_a_preset_are_asked_for_in_a_submission(client: TestClient) -> None:
    body = {"kind": "recommender", "shop": SHOP, "preset": "quick"}
    foretold = client.post("/v1/jobs/preview", json=body).json()
    assert (foretold["missing"], foretold["champion"], foretold["config"]["linear_items"]) == ([], "1.0.0", 1500)
    job = client.post("/v1/jobs", json={**body, "tuning": {"minutes": 2}, "priority": -3}).json()
    assert (job["tuning"], job["preset"]) == ({"minutes": 2.0, "trials": None}, "quick")
    assert (job["priority"], job["config"]) == (-3, foretold["config"])
    assert client.post(f"/v1/jobs/{job['job_id']}/cancel", json={}).status_code == 200
    assert client.post("/v1/jobs", json={**body, "tuning": {"minutes": 0}}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"version": "1.1.0"},
        {"version": "1.1.0", "expected": None, "unknown": 1},
        {"version": 7, "expected": None},
        [],
        "x",
    ],
)
def test_a_wrong_body_is_refused_in_words(client: TestClient, body: object) -> None:
    answer = client.post(f"/v1/models/{MODEL}/promote", json=body)
    assert answer.status_code == 422
    assert "is not right" in answer.json()["title"]


def test_pictures_are_pictures_and_nothing_else(client: TestClient, stocked: Engine) -> None:
    shown = client.post("/v1/recommend", json={"shop": SHOP, "limit": 60}).json()["items"]
    digest = next(item["card"]["image"] for item in shown if item["card"]["image"])
    answer = client.get(f"/v1/images/{digest}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    model = stocked.call(RegistryService.get_version, model=MODEL, reference="1.0.0").artifact
    page = stocked.artifacts.put_blob(b"<html><script>alert(1)</script></html>")
    for other in (model, page, "0" * 64):
        assert client.get(f"/v1/images/{other}").status_code == 404
    assert client.get("/v1/images/..%2f..%2fskyy.duckdb").status_code in (404, 422)


def test_the_client_does_what_a_local_call_does(app: FastAPI, stocked: Engine) -> None:
    with TestClient(app, base_url=BASE) as http, SkyyClient(BASE, transport=through(http)) as client:
        assert [model.model for model in client.models()] == [MODEL]
        answer = client.recommend(shop=SHOP, basket=["i01"], context={"category": "shirts"}, limit=5)
        assert [item.position for item in answer.items] == [1, 2, 3, 4, 5]
        job = client.train(kind="recommender", shop=SHOP, idempotency_key="client")
        assert client.jobs()[0].job_id == job.job_id
        with pytest.raises(StaleExpectation) as stale:
            client.promote(model=MODEL, version="1.1.0", expected="0.9.0")
        assert stale.value.fields["current"] == "1.0.0"
        with pytest.raises(GateRefused):
            client.promote(model=MODEL, version="1.1.0", expected="1.0.0")
        move = client.promote(model=MODEL, version="1.1.0", expected="1.0.0", reason="for a test", overrule=True)
        assert (move.previous, move.version) == ("1.0.0", "1.1.0")
        with pytest.raises(ModelNotFound):
            client.promote(model="nobody", version="1.0.0", expected=None)
        with pytest.raises(InvalidInput):
            client.recommend(shop=SHOP, context={"category": "spaceships"})
    assert stocked.call(RegistryService.get_model, model=MODEL).aliases[CHAMPION] == "1.1.0"
    assert stocked.call(RegistryService.history, model=MODEL)[0].reason == "for a test"


def test_a_plan_is_published_and_taken_back(app: FastAPI) -> None:
    with TestClient(app, base_url=BASE) as http, SkyyClient(BASE, transport=through(http)) as client:
        first = client.recommend(shop=SHOP, limit=3).items[0].item_id
        plan = {"rules": [{"rule_id": "off", "kind": "hide", "where": {"item_id": first}}]}
        warnings = http.post(f"/v1/shops/{SHOP}/plan/check", json={"plan": plan}).json()
        assert warnings == []
        assert client.publish_plan(shop=SHOP, plan=plan, reason="recalled", expected=0).number == 1
        assert first not in {item.item_id for item in client.recommend(shop=SHOP, limit=60).items}
        with pytest.raises(StaleExpectation):
            client.publish_plan(shop=SHOP, plan={}, reason="late", expected=0)
        assert client.undo_plan(shop=SHOP, reason="found").undoes == 1
        assert client.plan(shop=SHOP).number == 2
        assert len(http.get(f"/v1/shops/{SHOP}/plans").json()) == 2
        assert client.recommend(shop=SHOP, limit=3).items[0].item_id == first
    wrong = {"plan": {"rules": [{"rule_id": "x", "kind": "pin", "where": {"item_id": "a"}}]}, "reason": "x"}
    with TestClient(app, base_url=BASE) as http:
        assert http.post(f"/v1/shops/{SHOP}/plan", json=wrong).status_code == 422


def test_an_event_changes_the_next_answer_and_no_cost_is_given_away(app: FastAPI) -> None:
    with TestClient(app, base_url=BASE) as http, SkyyClient(BASE, transport=through(http)) as client:
        before = client.recommend(shop=SHOP, session_id="cookie", limit=5)
        taken = client.observe(shop=SHOP, session_id="cookie", item_id=before.items[0].item_id, event="cart")
        after = client.recommend(shop=SHOP, session_id="cookie", limit=5)
        assert (taken.events, before.cold_start, after.cold_start) == (1, True, False)
        assert before.items[0].item_id not in {item.item_id for item in after.items}
        assert all("cost" not in item.card and "price" in item.card for item in after.items)
        product = client.recommend(shop=SHOP, surface="product", item_id="i01", limit=5)
        assert product.surface == "product"
        assert http.post("/v1/events", json={"item_id": "i01", "event": "view"}).status_code == 422
        assert http.post("/v1/events", json={"item_id": "i01", "event": "x", "session_id": "s"}).status_code == 422


def through(http: TestClient) -> httpx.MockTransport:
    """A transport that asks the application in this process."""

    def answer(request: httpx.Request) -> httpx.Response:
        given = http.request(request.method, str(request.url), headers=dict(request.headers), content=request.content)
        return httpx.Response(given.status_code, headers=dict(given.headers), content=given.content)

    return httpx.MockTransport(answer)


def test_the_client_says_when_nothing_answers() -> None:
    with SkyyClient("http://127.0.0.1:9", timeout=2) as client, pytest.raises(OwnerUnreachable):
        client.models()


def test_the_stateless_server_answers_from_releases_alone(stocked: Engine) -> None:
    app = serving.create_app(stocked.settings)
    stocked.close()
    (stocked.settings.database).unlink()
    with TestClient(app, base_url=BASE) as client:
        assert client.get("/health/live").json()["status"] == "ok"
        assert client.get("/health/ready").json()["releases"] == [{"shop": SHOP, "release": 1}]
        assert len(client.post("/v1/recommend", json={"shop": SHOP, "limit": 7}).json()["items"]) == 7
        event = {"shop": SHOP, "session_id": "s", "item_id": "i01", "event": "cart"}
        assert client.post("/v1/events", json=event).json()["events"] == 1
        assert not client.post("/v1/recommend", json={"shop": SHOP, "session_id": "s"}).json()["cold_start"]
        assert client.post("/v1/recommend", headers={"origin": "http://evil.example"}, json={}).status_code == 403
        assert client.get("/v1/models").status_code == 404
    assert not stocked.settings.database.exists()


def test_the_stateless_server_is_not_ready_without_a_release(engine: Engine) -> None:
    with TestClient(serving.create_app(engine.settings), base_url=BASE) as client:
        assert client.get("/health/ready").status_code == 503


def test_the_app_is_made_when_asked_for(home: object) -> None:
    import engine.inference_server as package

    assert package.app is package.app
    with pytest.raises(AttributeError):
        _ = package.nothing


def test_jobs_of_the_template_are_listed(stocked: Engine) -> None:
    assert {job.state for job in stocked.call(TrainingService.list_jobs)} == {"succeeded"}
    assert TESTER.name == stocked.call(TrainingService.list_jobs)[0].created_by
