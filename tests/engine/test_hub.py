"""Loaded models: one load for many callers, nothing in use is evicted, nothing broken is kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import Engine
from engine.errors import OutOfMemory
from engine.hub import Hub, choose_device
from engine.settings import Settings
from tests.faults import processes

MB = 1024 * 1024


class Model:
    """Something of a size."""

    def __init__(self, megabytes: float) -> None:
        self.memory_bytes = int(megabytes * MB)


@pytest.fixture
def hub(home: Path) -> Iterator[Hub]:
    with Engine.open(Settings.at(home, hub_memory_mb=100)) as engine:
        yield engine.part(Hub)


def load(megabytes: float) -> Callable[[], Model]:
    return lambda: Model(megabytes)


def keys(hub: Hub) -> set[str]:
    return {model.key for model in hub.status().models}


def in_threads(count: int, act: Callable[[], object]) -> list[object]:
    results: list[object] = []
    begin = threading.Barrier(count)

    def run() -> None:
        begin.wait()
        try:
            results.append(act())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_thirty_two_callers_cause_one_load(hub: Hub) -> None:
    waiting, loads = threading.Semaphore(0), []

    def slow() -> Model:
        loads.append(1)
        while hub._hits < 31:  # every other caller has come in before the model is there
            waiting.acquire(timeout=0.01)
        return Model(1)

    def act() -> object:
        with hub.use("a", slow) as model:
            return model

    models = in_threads(32, act)
    assert len(loads) == 1
    assert len({id(model) for model in models}) == 1
    assert isinstance(models[0], Model)
    status = hub.status()
    assert (status.loads, status.hits, status.evictions) == (1, 31, 0)
    assert status.models[0].users == 0


def test_a_load_that_fails_is_told_to_all_and_not_kept(hub: Hub) -> None:
    def broken() -> Model:
        while hub._hits < 7:
            pass
        raise ValueError("no such weights")

    def act() -> object:
        with hub.use("a", broken) as model:
            return model

    results = in_threads(8, act)
    assert [str(result) for result in results] == ["no such weights"] * 8
    assert keys(hub) == set()
    with hub.use("a", load(1)) as model:
        assert isinstance(model, Model)


def test_an_error_of_the_caller_leaves_the_model_and_its_count_right(hub: Hub) -> None:
    with pytest.raises(KeyError), hub.use("a", load(1)):
        raise KeyError("the caller's own")
    assert [(model.key, model.users) for model in hub.status().models] == [("a", 0)]


def test_the_least_recently_used_goes_first(hub: Hub) -> None:
    for key in ("a", "b", "c"):
        hub.warm_up(key, load(30))
    hub.warm_up("a", load(30))
    hub.warm_up("d", load(30))
    assert keys(hub) == {"a", "c", "d"}
    hub.warm_up("e", load(60))
    assert keys(hub) == {"d", "e"}
    assert hub.status().evictions == 3


def test_what_is_in_use_is_never_evicted(hub: Hub) -> None:
    with hub.use("a", load(60)) as a:
        with pytest.raises(OutOfMemory, match="60 of 100 MB are in use"), hub.use("b", load(60)):
            pass
        assert keys(hub) == {"a"}
        with hub.use("a", load(60)) as again:
            assert again is a
    hub.warm_up("b", load(60))
    assert keys(hub) == {"b"}


def test_a_model_that_cannot_fit_evicts_nothing(hub: Hub) -> None:
    hub.warm_up("a", load(30))
    with pytest.raises(OutOfMemory, match="SKYY_HUB_MEMORY_MB"):
        hub.warm_up("huge", load(101))
    assert keys(hub) == {"a"}
    assert hub.status().evictions == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 70), st.booleans()), max_size=30))
def test_the_budget_holds_and_users_keep_their_models(acts: list[tuple[str, int, bool]]) -> None:
    hub = Hub(SimpleNamespace(settings=SimpleNamespace(hub_memory_mb=100, device="cpu")))  # type: ignore[arg-type]
    using: set[str] = set()
    with ExitStack() as held:
        for key, megabytes, hold in acts:
            with suppress(OutOfMemory):
                if hold:
                    held.enter_context(hub.use(key, load(megabytes)))
                    using.add(key)
                else:
                    hub.warm_up(key, load(megabytes))
            assert hub.status().used_mb <= 100
            assert using <= keys(hub)


def test_no_visible_gpu_means_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert choose_device("auto") == choose_device("cuda") == choose_device("cpu") == "cpu"


def test_no_visible_gpu_is_decided_without_torch() -> None:
    script = "import sys; from engine.hub import choose_device; print(choose_device('auto'), 'torch' in sys.modules)"
    done = processes.run(script, CUDA_VISIBLE_DEVICES="")
    assert done.stdout.split() == ["cpu", "False"], done.stderr


def test_closing_forgets_and_the_engine_closes_its_parts(home: Path) -> None:
    with Engine.open(Settings.at(home)) as engine:
        hub = engine.part(Hub)
        assert engine.part(Hub) is hub
        hub.warm_up("a", load(1))
    assert keys(hub) == set()
    assert os.path.isdir(home)
