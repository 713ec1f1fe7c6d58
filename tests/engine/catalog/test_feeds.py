"""Feeds fire once an occurrence, change nothing when nothing is new, and reach no address that they must not."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.feed_runner import FeedRunner, start_feeds
from engine.catalog.feeds import FeedInfo, FeedService
from engine.catalog.service import CatalogService
from engine.clock import ManualClock
from engine.core import Engine
from engine.errors import Conflict, InvalidInput, NotFound
from engine.settings import Settings
from tests.conftest import wait_for
from tests.engine.catalog.conftest import ACTOR

START = datetime(2026, 3, 28, 12, tzinfo=UTC)
CSV = "item_id,title\nA,Dress\n"


class Rig:
    """An engine on a hand-set clock and a folder that a feed watches."""

    def __init__(self, tmp_path: Path, **settings: object) -> None:
        self.clock = ManualClock(START)
        self.engine = Engine.open(Settings.at(tmp_path / "home", **settings), clock=self.clock, actor=ACTOR)
        self.folder = tmp_path / "watched"
        self.folder.mkdir(exist_ok=True)
        self.service = self.engine.service(FeedService)
        self.runner = self.engine.part(FeedRunner)

    def put(self, text: str = CSV, *, name: str = "items.csv", age: float = 3600) -> None:
        path = self.folder / name
        path.write_text(text)
        then = (self.clock.now() - timedelta(seconds=age)).timestamp()
        os.utime(path, (then, then))

    def create(self, source: str | None = None, **options: object) -> FeedInfo:
        given = {"feed": "mine", "shop": "shop", "every": 60, **options}
        return self.engine.call(FeedService.create, actor=ACTOR, source=source or str(self.folder), **given)  # type: ignore[arg-type]

    def tick(self, minutes: float = 0) -> list[str | None]:
        self.clock.advance(timedelta(minutes=minutes))
        return [info.result for info in self.runner.tick()]

    def info(self) -> FeedInfo:
        return self.engine.call(FeedService.list_feeds)[0]

    def snapshots(self) -> int:
        return len(self.engine.call(CatalogService.list_snapshots))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    with made.engine:
        yield made


def test_a_folder_is_imported_once_an_occurrence(rig: Rig) -> None:
    rig.put()
    assert rig.create().next_at == START
    assert rig.tick() == ["imported"]
    assert rig.tick() == []
    assert rig.tick(59) == []
    assert rig.tick(1) == ["unchanged"]
    assert rig.snapshots() == 1
    rig.put("item_id,title\nA,Gown\nB,Skirt\n")
    assert rig.tick(60) == ["imported"]
    assert (rig.snapshots(), rig.info().snapshot, rig.info().content is not None) == (2, 2, True)
    cards = rig.engine.call(CatalogService.items, shop="shop")
    assert [(card.item_id, card.title) for card in cards] == [("A", "Gown"), ("B", "Skirt")]
    assert [event.actor.name for event in rig.engine.store.events() if event.kind == "snapshot.taken"] == ["feeds"] * 2


def test_what_was_missed_fires_once(rig: Rig) -> None:
    rig.put()
    rig.create()
    rig.tick()
    assert rig.tick(60 * 24 * 7) == ["unchanged"]
    assert rig.tick() == []


@given(steps=st.lists(st.integers(-300, 300), max_size=30))
def test_an_occurrence_fires_at_most_once_whatever_the_clock_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    rig = Rig(tmp_path_factory.mktemp("feed"))
    with rig.engine:
        rig.put()
        rig.create()
        for step in steps:
            rig.tick(step)
        started = [e.payload["occurrence"] for e in rig.engine.store.events() if e.kind == "feed.started"]
        assert started == sorted(set(started))


def test_two_runners_share_the_occurrences(rig: Rig) -> None:
    rig.put()
    rig.create()
    threads = [threading.Thread(target=rig.service.run_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(event.kind == "feed.started" for event in rig.engine.store.events()) == 1


def test_a_file_that_is_being_written_waits(rig: Rig) -> None:
    rig.put(age=1)
    rig.create()
    assert rig.tick() == []
    assert rig.tick(0.2) == ["imported"]


def test_a_failure_is_kept_and_the_next_run_mends_it(rig: Rig) -> None:
    rig.create()
    assert rig.tick() == ["failed"]
    assert "nothing to read" in (rig.info().error or "")
    rig.put("item_id\n")
    assert rig.tick(60) == ["failed"]
    rig.put()
    assert rig.tick(60) == ["imported"]
    assert rig.info().error is None


def test_pause_run_now_and_remove(rig: Rig) -> None:
    rig.put()
    rig.create()
    assert rig.engine.call(FeedService.pause, actor=ACTOR, feed="mine").next_at is None
    assert rig.tick(120) == []
    assert rig.engine.call(FeedService.run_now, actor=ACTOR, feed="mine").result == "imported"
    rig.engine.call(FeedService.pause, actor=ACTOR, feed="mine", paused=False)
    assert rig.tick() == ["unchanged"]
    with pytest.raises(Conflict):
        rig.create()
    rig.engine.call(FeedService.remove, actor=ACTOR, feed="mine")
    assert rig.engine.call(FeedService.list_feeds) == []
    with pytest.raises(NotFound):
        rig.engine.call(FeedService.run_now, actor=ACTOR, feed="mine")
    before = rig.engine.store.state()
    rig.engine.store.rebuild(ACTOR)
    assert rig.engine.store.state() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"source": "relative/path"}, "whole path"),
        ({"source": "http://example.org/a.csv"}, "https"),
        ({"source": "ftp://example.org/a.csv"}, "https"),
        ({"source": "https://me:secret@example.org/a.csv"}, "user name"),
        ({"every": 0}, "every 0 minutes"),
        ({"importer": "pickle"}, "no importer"),
    ],
)
def test_what_cannot_work_is_refused_at_once(rig: Rig, options: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        rig.create(**options)  # type: ignore[arg-type]
    assert rig.engine.call(FeedService.list_feeds) == []


class Canary:
    """A server on this machine that counts who comes by."""

    def __init__(self) -> None:
        canary = self
        self.hits = 0
        self.body, self.status, self.location = CSV.encode(), 200, ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                canary.hits += 1
                self.send_response(canary.status)
                if canary.location:
                    self.send_header("Location", canary.location)
                self.send_header("Content-Length", str(len(canary.body)))
                self.end_headers()
                self.wfile.write(canary.body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "fe80::1",
        "0.0.0.0",
    ],
)
def test_no_feed_reaches_inside(rig: Rig, canary: Canary, address: str) -> None:
    rig.service.resolver = lambda host, port: [address]
    rig.create(f"https://shop.example:{canary.port}/items.csv")
    assert rig.tick() == ["failed"]
    assert "inside this machine or network" in (rig.info().error or "")
    assert canary.hits == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]", "localhost"])
def test_no_spelling_of_this_machine_helps(rig: Rig, canary: Canary, host: str) -> None:
    rig.create(f"https://{host}:{canary.port}/items.csv")
    assert rig.tick() == ["failed"]
    assert canary.hits == 0


def test_an_allowed_host_is_read_and_never_followed_elsewhere(tmp_path: Path, canary: Canary) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    rig = Rig(tmp_path, outbound_hosts=("shop.example",))
    with rig.engine:
        rig.service.resolver = resolver
        rig.create(f"http://shop.example:{canary.port}/export/items.csv?token=1", shop="web")
        assert rig.tick() == ["imported"]
        assert rig.tick(60) == ["unchanged"]
        assert (canary.hits, asked) == (2, ["shop.example"] * 2)
        assert rig.engine.call(CatalogService.get_snapshot, shop="web").sources[0].name == "items.csv"
        assert list((tmp_path / "home" / "staging").iterdir()) == []
        other = Canary()
        canary.status, canary.location = 302, f"http://127.0.0.1:{other.port}/"
        assert rig.tick(60) == ["failed"]
        assert "redirects are not followed" in (rig.info().error or "")
        assert other.hits == 0
        other.close()


def test_an_answer_that_is_too_large_is_refused(tmp_path: Path, canary: Canary) -> None:
    rig = Rig(tmp_path, outbound_hosts=("shop.example",), max_upload_mb=1)
    with rig.engine:
        rig.service.resolver = lambda host, port: ["127.0.0.1"]
        canary.body = b"item_id\n" + b"A" * 2**21
        rig.create(f"http://shop.example:{canary.port}/items.csv")
        assert rig.tick() == ["failed"]
        assert "more than 1 MB" in (rig.info().error or "")
        assert rig.snapshots() == 0


def test_the_thread_fires_and_ends_with_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.catalog.feed_runner._TICK_S", 0.01)
    rig = Rig(tmp_path)
    with rig.engine:
        rig.put()
        rig.create()
        start_feeds(rig.engine)
        wait_for(rig.snapshots, until=lambda count: count == 1)
        wait_for(rig.info, until=lambda info: info.result == "imported")
    assert not any(thread.name == "feed-runner" for thread in threading.enumerate())


SCRIPT = """
import sys
from pathlib import Path
from engine.actor import Actor
from engine.catalog.feed_runner import FeedRunner
from engine.core import Engine
from engine.settings import Settings

with Engine.open(Settings.at(Path(sys.argv[1]))) as engine:
    engine.part(FeedRunner).tick()
"""


@pytest.mark.parametrize(("point", "snapshots"), [("feeds.claimed:1", 0), ("feeds.imported:1", 1)])
def test_a_kill_while_it_runs_is_told_and_the_next_occurrence_comes(tmp_path: Path, point: str, snapshots: int) -> None:
    rig = Rig(tmp_path)
    with rig.engine:
        rig.put()
        rig.create()
    environment = {**os.environ, "SKYY_FAILPOINT": point}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "home")],
        env=environment,
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL
    rig = Rig(tmp_path)
    with rig.engine:
        rig.clock.advance(datetime.now(UTC) - START + timedelta(days=1))
        assert (rig.info().running, rig.snapshots()) == (True, snapshots)
        rig.service.mark_interrupted()
        assert rig.info().result == "interrupted"
        assert rig.tick() == [{0: "imported", 1: "unchanged"}[snapshots]]
        assert rig.snapshots() == 1
