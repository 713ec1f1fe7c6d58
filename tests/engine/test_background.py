"""Background jobs: progress, joining by key, cancellation, failures, bounds, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pydantic import BaseModel

from engine import background
from engine.background import Background, BackgroundJob, BackgroundState, Progress
from engine.core import Engine
from engine.errors import Conflict, InternalError, InvalidInput, InvalidTransition, JobNotFound
from engine.hub import Hub
from tests.conftest import wait_for


class Answer(BaseModel):
    value: int


@pytest.fixture
def part(engine: Engine) -> Background:
    return engine.part(Background)


def ended(part: Background, job_id: str) -> BackgroundJob[Answer]:
    return wait_for(lambda: part.get(job_id), until=lambda job: job.state.final)


def held(gate: threading.Event, entered: threading.Event | None = None) -> Callable[[Progress], Answer]:
    """Work that goes on until the gate opens or it is cancelled."""

    def work(progress: Progress) -> Answer:
        if entered is not None:
            entered.set()
        while not gate.wait(0.01):
            progress.check()
        return Answer(value=1)

    return work


def test_a_job_gives_its_result_and_is_not_done_twice(part: Background) -> None:
    calls: list[int] = []

    def work(progress: Progress) -> Answer:
        calls.append(1)
        progress.stage("Counting", 0.5)
        return Answer(value=7)

    first = part.start("key", work)
    job = ended(part, first)
    assert (job.state, job.share, job.result) == (BackgroundState.DONE, 1.0, Answer(value=7))
    assert part.start("key", work) == first
    assert calls == [1]


def test_progress_rises_only_and_parts_lie_within_the_whole(part: Background) -> None:
    gate, told = threading.Event(), threading.Event()

    def work(progress: Progress) -> Answer:
        progress.within(0.5, 1.0).stage("Late", 0.5)
        progress.stage("Early", 0.1)
        told.set()
        gate.wait()
        return Answer(value=0)

    job_id = part.start("key", work)
    assert told.wait(10)
    job = part.get(job_id)
    assert (job.state, job.share, job.stage) == (BackgroundState.RUNNING, 0.75, "Early")
    gate.set()
    ended(part, job_id)


def test_callers_join_what_runs(part: Background) -> None:
    gate = threading.Event()
    ids = {part.start("same", held(gate)) for _ in range(5)}
    assert len(ids) == 1
    gate.set()
    assert ended(part, ids.pop()).state is BackgroundState.DONE


def test_a_cancelled_job_ends_and_its_key_can_be_started_again(part: Background) -> None:
    gate, entered = threading.Event(), threading.Event()
    first = part.start("key", held(gate, entered))
    assert entered.wait(10)
    assert part.cancel(first).state is BackgroundState.CANCELLED
    gate.set()
    second = part.start("key", held(gate))
    assert second != first
    assert ended(part, second).result == Answer(value=1)
    with pytest.raises(InvalidTransition, match="cancelled"):
        part.get(first).outcome()
    assert part.cancel(second).state is BackgroundState.DONE


def test_a_job_cancelled_while_it_waits_never_runs(part: Background) -> None:
    gate, ran = threading.Event(), threading.Event()
    busy = [part.start(f"busy {n}", held(gate)) for n in range(2)]
    waiting = part.start("waiting", held(gate, ran))
    part.cancel(waiting)
    gate.set()
    assert all(ended(part, job_id).state is BackgroundState.DONE for job_id in busy)
    assert ended(part, part.start("after", held(gate))).state is BackgroundState.DONE
    assert not ran.is_set()


def test_no_more_jobs_run_at_once_than_there_are_threads(part: Background) -> None:
    gate, lock, running, most = threading.Event(), threading.Lock(), [0], [0]

    def work(progress: Progress) -> Answer:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait()
        with lock:
            running[0] -= 1
        return Answer(value=0)

    ids = [part.start(str(n), work) for n in range(8)]
    gate.set()
    assert all(ended(part, job_id).state is BackgroundState.DONE for job_id in ids)
    assert most[0] <= 2


def test_an_error_is_told_in_words_and_a_defect_by_its_place_in_the_log(
    part: Background, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(progress: Progress) -> Answer:
        raise InvalidInput("The plan has no shop.", hint="Name one.")

    def defect(progress: Progress) -> Answer:
        raise ZeroDivisionError("secret detail")

    told = ended(part, part.start("wrong", wrong))
    assert (told.state, told.error) == (BackgroundState.FAILED, "The plan has no shop. Name one.")
    hidden = ended(part, part.start("defect", defect))
    assert hidden.error is not None
    assert hidden.id in hidden.error
    assert "secret" not in hidden.error
    assert hidden.id in caplog.text
    with pytest.raises(InvalidInput, match="no shop"):
        told.outcome()
    with pytest.raises(InternalError, match="defect"):
        hidden.outcome()
    assert part.start("wrong", wrong) != told.id


def test_waiting_jobs_and_kept_results_are_bounded(part: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_MOST_WAITING", 3)
    monkeypatch.setattr(background, "_KEPT", 4)
    gate = threading.Event()
    entered = [threading.Event(), threading.Event()]
    ids = [part.start(f"busy {n}", held(gate, entered[n])) for n in range(2)]
    assert all(event.wait(10) for event in entered)
    ids += [part.start(f"waiting {n}", held(gate)) for n in range(3)]
    with pytest.raises(Conflict, match="waiting already"):
        part.start("one more", held(gate))
    gate.set()
    for job_id in ids:
        ended(part, job_id)
    last = part.start("later", held(gate))
    with pytest.raises(JobNotFound):
        part.get(ids[0])
    assert ended(part, last).result == Answer(value=1)


def test_a_job_goes_on_when_another_one_whose_load_it_shares_is_cancelled(engine: Engine, part: Background) -> None:
    gate, entered = threading.Event(), threading.Event()

    def work(progress: Progress) -> Answer:
        with engine.part(Hub).use("shared", lambda: held(gate, entered)(progress)) as loaded:
            return loaded

    first = part.start("first", work)
    assert entered.wait(10)
    second = part.start("second", work)
    wait_for(lambda: engine.part(Hub)._entries["shared"].users, until=lambda users: users == 2)
    part.cancel(first)
    gate.set()
    assert ended(part, second).result == Answer(value=1)


def test_closing_ends_what_runs(engine: Engine) -> None:
    part, entered = Background(engine), threading.Event()
    job_id = part.start("long", held(threading.Event(), entered))
    assert entered.wait(10)
    part.close()
    assert part.get(job_id).state is BackgroundState.CANCELLED


def test_a_job_survives_the_journey_as_json() -> None:
    job = BackgroundJob[Answer](
        id="a", state=BackgroundState.DONE, share=1.0, stage="Done", result=Answer(value=3), error=None
    )
    assert BackgroundJob[Answer].model_validate_json(job.model_dump_json()) == job
