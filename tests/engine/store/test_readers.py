"""Many readers beside writes, checkpoints and a backup's frozen moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.actor import Actor
from engine.store import Store

READERS, WRITES = 50, 60


def test_fifty_readers_see_whole_acts_in_order(
    store: Store, open_model: Callable[[Store, str], None], actor: Actor
) -> None:
    done, failures = threading.Event(), []
    begun = threading.Barrier(READERS + 1)

    def look() -> None:
        seen = 0
        begun.wait()
        try:
            while not done.is_set():
                with store.read() as reader:
                    events = reader.row("SELECT count(*) AS n, max(seq) AS last FROM events")
                    models = reader.row("SELECT count(*) AS n FROM models")
                assert events is not None
                assert models is not None
                assert events["n"] == models["n"] == (events["last"] or 0), "half an act was visible"
                assert events["n"] >= seen, "time ran backwards"
                seen = events["n"]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    begun.wait()
    for number in range(WRITES):
        if number % 10 == 0:
            with store.write(actor, checkpoint=True) as transaction:
                payload = {"model": f"m{number}", "kind": "x", "shop": None, "description": "", "tags": {}}
                transaction.emit("model.created", "m", payload)
        else:
            open_model(store, f"m{number}")
        if number % 25 == 0:
            with store.frozen():
                pass
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.verify() == WRITES
