"""The one door to other machines: inside addresses, tricks and endless answers get nothing."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import Forbidden, InvalidInput, RemoteFailed
from engine.outbound import check_target, check_url, fetch, is_public, post
from engine.settings import Settings

Handler = Callable[[BaseHTTPRequestHandler], None]


class Canary:
    """A server on this machine that counts who came."""

    def __init__(self) -> None:
        self.hits: list[tuple[str, str, bytes]] = []
        self.answer: Handler = lambda handler: plain(handler, 200, b"hello")
        self.done = threading.Event()
        canary = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                canary.hits.append((self.command, self.path, body))
                canary.answer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.done.set()
        self.server.shutdown()
        self.server.server_close()


def plain(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def canary() -> Iterator[Canary]:
    opened = Canary()
    yield opened
    opened.close()


@pytest.fixture
def strict(tmp_path: Path) -> Settings:
    return Settings.at(tmp_path)


@pytest.fixture
def listed(tmp_path: Path) -> Settings:
    return Settings.at(tmp_path, outbound_hosts=("127.0.0.1", "inside.example"))


INSIDE = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe", "nonsense",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses_are_told(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_is_reached(canary: Canary, strict: Settings, host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises((Forbidden, InvalidInput, RemoteFailed)):
            fetch(f"{scheme}://{host}:{canary.port}/", settings=strict)
    assert canary.hits == []


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], []])
def test_a_name_with_any_inside_address_is_refused(strict: Settings, addresses: list[str]) -> None:
    with pytest.raises(Forbidden, match="SKYY_OUTBOUND_HOSTS"):
        check_target("https://shop.example/feed", settings=strict, resolver=lambda host, port: addresses)


def test_the_address_that_was_judged_is_the_one_that_is_used(canary: Canary, listed: Settings) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    answer = fetch(f"http://inside.example:{canary.port}/feed?x=1", settings=listed, resolver=rebinding)
    assert (answer.status, answer.body, asked) == (200, b"hello", ["inside.example"])
    assert canary.hits == [("GET", "/feed?x=1", b"")]


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "//shop.example/", "shop.example", "",
        "https://user:pw@shop.example/", "https://user@shop.example/", "https:///path", "https://shop.example:99999/",
        "https://shop.example/a b", "https://shop.example/\r\nX: y", "https://shop.example\\@evil.example/",
        "https://[::1/", "gopher://shop.example/", "https://shop.example/" + "a" * 3000,
    ],
)  # fmt: skip
def test_other_urls_are_refused(strict: Settings, url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url, settings=strict)


def test_a_redirect_is_not_followed(canary: Canary, listed: Settings) -> None:
    canary.answer = lambda handler: plain(handler, 302, b"", Location=f"http://127.0.0.1:{canary.port}/secret")
    with pytest.raises(RemoteFailed, match="redirects are not followed") as told:
        fetch(f"http://127.0.0.1:{canary.port}/", settings=listed)
    assert told.value.fields["status"] == 302
    assert post(f"http://127.0.0.1:{canary.port}/", b"x", {}, settings=listed).status == 302
    assert [path for _, path, _ in canary.hits] == ["/", "/"]


def test_a_body_larger_than_allowed_is_refused_and_a_long_answer_to_a_post_is_cut(
    canary: Canary, listed: Settings
) -> None:
    canary.answer = lambda handler: plain(handler, 200, b"x" * 200_000)
    with pytest.raises(RemoteFailed, match="sent more"):
        fetch(f"http://127.0.0.1:{canary.port}/", settings=listed, limit_bytes=100_000)
    assert len(post(f"http://127.0.0.1:{canary.port}/", b"x", {}, settings=listed).body) <= 1 << 16


def test_a_body_can_go_to_a_file(canary: Canary, listed: Settings) -> None:
    canary.answer = lambda handler: plain(handler, 200, b"x" * 200_000, ETag="a")
    sink = io.BytesIO()
    answer = fetch(f"http://127.0.0.1:{canary.port}/", settings=listed, into=sink)
    assert (sink.getvalue(), answer.body, answer.size, answer.headers["etag"]) == (b"x" * 200_000, b"", 200_000, "a")


def test_an_unchanged_answer_is_one(canary: Canary, listed: Settings) -> None:
    canary.answer = lambda handler: plain(handler, 304, b"")
    assert fetch(f"http://127.0.0.1:{canary.port}/", settings=listed, headers={"If-None-Match": "a"}).status == 304


def test_an_answer_that_drips_is_cut_at_the_deadline(canary: Canary, listed: Settings) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not canary.done.wait(0.02):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return

    canary.answer = drip
    with pytest.raises(RemoteFailed, match=r"within 0\.5 seconds"):
        fetch(f"http://127.0.0.1:{canary.port}/", settings=listed, timeout_s=0.5)


def test_a_host_that_does_not_answer_is_told(listed: Settings, canary: Canary) -> None:
    canary.close()
    with pytest.raises(RemoteFailed, match="broke off"):
        post(f"http://127.0.0.1:{canary.port}/", b"x", {}, settings=listed)

    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(RemoteFailed, match="cannot be found"):
        check_target("https://nowhere.example/", settings=listed, resolver=unknown)
