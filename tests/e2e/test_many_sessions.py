"""Fifty sessions read every page while a model is trained."""

from __future__ import annotations

import asyncio

import httpx
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from dashboard.state import PAGES
from tests.e2e.browser import Server
from tests.pages.stock import MODEL, SHOP

SESSIONS = 50
QUERIES = {"registry": f"model={MODEL}&version=1.0.0", "sandbox": f"shop={SHOP}", "training": f"shop={SHOP}"}


def test_fifty_sessions_read_while_a_model_is_trained(server: Server) -> None:
    with server.api() as api:
        job = api.post("/v1/jobs", json={"kind": "recommender", "shop": SHOP}).json()
        faults = asyncio.run(_all_sessions(server))
        state = api.get(f"/v1/jobs/{job['job_id']}").json()["state"]
    assert faults == []
    assert state in ("queued", "running", "succeeded")
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "reference" not in log


async def _all_sessions(server: Server) -> list[str]:
    pages = [name for _ in range(SESSIONS // len(PAGES) + 1) for name in PAGES][:SESSIONS]
    async with httpx.AsyncClient(base_url=f"{server.url}/api", timeout=120) as api:
        found = await asyncio.gather(
            *[_session(server, page) for page in pages], *[_read(api, number) for number in range(SESSIONS)]
        )
    return [fault for faults in found for fault in faults]


async def _session(server: Server, page: str) -> list[str]:
    """One browser's page run, over its socket; returns what went wrong."""
    address = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(
        address, origin=Origin(server.url), subprotocols=[Subprotocol("streamlit")], max_size=None, open_timeout=60
    ) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = QUERIES.get(page, "")
        ask.rerun_script.page_name = "" if page == "home" else page
        await socket.send(ask.SerializeToString())
        faults: list[str] = []
        while True:
            data = await asyncio.wait_for(socket.recv(decode=False), timeout=120)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return faults
            if kind == "page_not_found":
                faults.append(f"{page}: not found")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                faults.append(f"{page}: {message.delta.new_element.exception.message}")
            if kind == "delta" and message.delta.new_element.alert.format == Alert.ERROR:
                faults.append(f"{page}: {message.delta.new_element.alert.body}")


async def _read(api: httpx.AsyncClient, number: int) -> list[str]:
    path = ("/v1/models", f"/v1/models/{MODEL}/versions", "/v1/snapshots", "/v1/jobs")[number % 4]
    answer = await api.get(path)
    return [] if answer.status_code == 200 else [f"{path}: {answer.status_code}"]
