"""A page of another origin, open in the same browser, tries everything that a page can try."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.browser import Server
from tests.pages.stock import MODEL, SHOP

pytestmark = pytest.mark.browser

PROMOTE = '{"version":"1.1.0","expected":"1.0.0","reason":"stolen","overrule":true}'
PAGE = """<!doctype html><title>A nice page</title><body><script>
const target = TARGET, body = BODY
const attempt = (options) => fetch(target + PATH, options).then(
  async (answer) => `${answer.type} ${answer.status} ${(await answer.text()).slice(0, 40)}`, (error) => `blocked`)
const simple = { method: "POST", mode: "no-cors", credentials: "include", body }
window.tried = Promise.all([
  attempt({ method: "POST", headers: { "content-type": "application/json" }, body }),
  attempt({ ...simple, headers: { "content-type": "text/plain" } }),
  attempt({ ...simple, headers: { "content-type": "application/x-www-form-urlencoded" } }),
  attempt({ ...simple, body: new Blob([body]) }),
  attempt({ ...simple, body: new FormData() }),
  attempt({ method: "GET", mode: "no-cors" }),
  fetch(target + "/v1/models").then((answer) => answer.text(), () => "blocked"),
  fetch(target + "/v1/jobs", { ...simple, body: JOB }).then(() => "sent", () => "blocked"),
  Promise.resolve(navigator.sendBeacon(target + PATH, new Blob([body], { type: "text/plain" }))),
  new Promise((done) => {
    const image = new Image()
    image.onload = () => done("loaded"); image.onerror = () => done("blocked")
    image.src = target + "/v1/shops"
  }),
])
</script>
<iframe name="hidden"></iframe>
<form id="form" method="post" enctype="text/plain" target="hidden"><input name='JSONNAME' value='"}'></form>
<iframe id="framed" src="FRAME"></iframe>
</body>"""


@pytest.fixture
def hostile(server: Server) -> Iterator[str]:
    path = f"/v1/models/{MODEL}/promote"
    job = f'{{"kind":"recommender","shop":"{SHOP}"}}'
    page = (
        PAGE.replace("TARGET", repr(f"{server.url}/api"))
        .replace("BODY", repr(PROMOTE))
        .replace("PATH", repr(path))
        .replace("JOB,", f"{job!r},")
        .replace("JOB }", f"{job!r} }}")
        .replace("JSONNAME", PROMOTE[:-1] + ',"x":"')
        .replace("FRAME", f"{server.url}/registry")
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://{{host}}:{http.server_port}/"
        http.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_hostile_page_changes_nothing_and_reads_nothing(
    browser: Browser, server: Server, hostile: str, host: str
) -> None:
    with server.api() as api:
        jobs = len(api.get("/v1/jobs").json())
        context = browser.new_context()
        page = context.new_page()
        page.goto(hostile.format(host=host))
        tried = page.evaluate("window.tried")
        page.evaluate(
            f"""() => {{ const form = document.getElementById("form")
            form.action = "{server.url}/api/v1/models/{MODEL}/promote"; form.submit() }}"""
        )
        page.frame_locator("[name=hidden]").locator("body").wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        framed = next(frame for frame in page.frames if frame != page.main_frame and frame.name != "hidden")
        assert "Registry" not in framed.content()
        context.close()
        assert tried[0] == "blocked"
        assert tried[6] == "blocked"
        assert tried[9] == "blocked"
        assert not [answer for answer in tried if isinstance(answer, str) and MODEL in answer]
        assert api.get(f"/v1/models/{MODEL}").json()["aliases"]["champion"] == "1.0.0"
        assert [move["reason"] for move in api.get(f"/v1/models/{MODEL}/history").json()] == ["the first"]
        assert len(api.get("/v1/jobs").json()) == jobs


def test_a_rebound_name_gets_nothing(server: Server) -> None:
    with server.api() as api:
        for path in ("/api/v1/models", "/", "/registry", "/_stcore/health"):
            answer = api.get(server.url + path, headers={"host": "rebound.example"})
            assert answer.status_code == 403, path
            assert MODEL not in answer.text


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3000", "http://127.0.0.1", "null"])
def test_a_page_of_another_origin_cannot_drive_the_pages(server: Server, origin: str) -> None:
    address = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidStatus), connect(address, origin=Origin(origin), subprotocols=[Subprotocol("streamlit")]):
        pass
    with connect(address, origin=Origin(server.url), subprotocols=[Subprotocol("streamlit")]) as socket:
        socket.ping()
