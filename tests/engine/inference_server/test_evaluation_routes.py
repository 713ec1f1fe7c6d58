"""Evaluations over HTTP: started, looked at, cancelled."""

from __future__ import annotations

from fastapi.testclient import TestClient

from engine.core import Engine
from engine.inference_server.control import create_app

JSON = {"content-type": "application/json"}


def test_an_evaluation_is_started_and_cancelled(demo: Engine) -> None:
    app = create_app(lambda: demo, allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        plan = {"protocol": "leave-last-out", "models": ["sequence"]}
        started = client.post("/v1/evaluations", json={"shop": "demo", "plan": plan})
        assert started.status_code == 202
        path = f"/v1/evaluations/{started.json()['id']}"
        assert client.get(path).json()["plan"]["models"] == ["sequence"]
        assert client.get(f"{path}/report").json() is None
        assert client.post(f"{path}/cancel", headers=JSON).json()["state"] == "cancelled"
        assert [entry["state"] for entry in client.get("/v1/evaluations?shop=demo").json()] == ["cancelled"]
        assert client.get("/v1/evaluations/ev-none").status_code == 404
        assert client.post("/v1/evaluations", json={"shop": "demo", "plan": {"windows": 0}}).status_code == 422
