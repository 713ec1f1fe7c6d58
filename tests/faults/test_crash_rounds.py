"""Kill the owner anywhere, again and again: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import rounds
from tests.faults import driver, processes
from tests.faults.driver import read_acks
from tests.faults.proof import prove

SEED = 20_261_124
ACTS = 24
POINTS = {
    "artifacts.before_manifest": 4,
    "files.rename": 40,
    "jobs.take_in": 3,
    "jobs.taken_in": 3,
    "journal.sync": 30,
    "journal.write": 30,
    "registry.promote.before_commit": 5,
    "registry.promote.committed": 5,
    "registry.register": 4,
    "release.before_rename": 6,
    "release.before_switch": 6,
    "store.checkpoint.after": 8,
    "store.commit.after": 30,
    "store.commit.before": 30,
    "store.event": 60,
    "store.migrate": 1,
}
"""Failpoint to the latest pass at which a round kills there."""


class Rounds:
    """Rounds over one home that gets a fresh start now and then, so that young and old stores are both hit."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.random = random.Random(seed)
        self.told: Counter[str] = Counter()
        self._fresh()

    def _fresh(self) -> None:
        self.told["homes"] += 1
        self.home = self.folder / f"home-{self.told['homes']}"
        self.settled = 0

    def round(self, number: int) -> None:
        if number % 10 == 9:
            self._fresh()
        point = self.random.choice(["anywhere", *POINTS])
        pass_number = self.random.randint(1, POINTS.get(point, 1))
        acks = self.folder / f"acks-{number}.jsonl"
        code = self._killed(acks, point, pass_number)
        assert code in (0, -signal.SIGKILL), (
            f"round {number} of seed {self.seed} at {point}:{pass_number} ended with {code}"
        )
        written = read_acks(acks)
        try:
            self.settled, in_flight = prove(self.home, written, self.settled)
        except AssertionError as error:
            raise AssertionError(
                f"round {number} of seed {self.seed}, killed at {point}:{pass_number}: {error}"
            ) from error
        self.told.update(rounds=1, killed=int(code != 0), acks=len(written), in_flight=in_flight)

    def _killed(self, acks: Path, point: str, pass_number: int) -> int:
        arguments = map(str, (self.home, acks, self.random.randrange(2**31), ACTS))
        extra = {} if point == "anywhere" else {"SKYY_FAILPOINT": f"{point}:{pass_number}"}
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver", *arguments],
            env=processes.environment(**extra),
            cwd=processes.ROOT,
            stdout=subprocess.DEVNULL,
        ) as child:
            if point == "anywhere":
                wanted = self.random.randint(1, ACTS - 2)
                processes.until(lambda: len(read_acks(acks)) >= wanted or child.poll() is not None)
                child.kill()
            return child.wait(timeout=60)


@pytest.mark.rounds
@pytest.mark.timeout(2400)
def test_crash_rounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crashes = Rounds(tmp_path, SEED)
    for number in range(rounds(26, 240)):
        crashes.round(number)
    told = crashes.told
    with capsys.disabled():
        print(
            f"\n  crash rounds: {told['rounds']} (seed {SEED}), {told['killed']} killed, {told['homes']} homes,"
            f" {told['acks']} acknowledged acts, 0 lost, {told['in_flight']} acts in flight kept whole"
        )
    assert told["killed"] >= rounds(20, 200)
    assert told["acks"] > told["rounds"]


@pytest.mark.parametrize("point", POINTS)
def test_the_first_pass_of_each_point(point: str, tmp_path: Path) -> None:
    """A young store, killed where it hurts for the first time."""
    acks = tmp_path / "acks.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.driver", str(tmp_path / "home"), str(acks), "5", "60"],
        env=processes.environment(SKYY_FAILPOINT=f"{point}:1"),
        cwd=processes.ROOT,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    prove(tmp_path / "home", read_acks(acks), 0)


def test_the_proof_notices_what_is_lost(tmp_path: Path) -> None:
    """A proof that cannot fail proves nothing."""
    home, acks = tmp_path / "home", tmp_path / "acks.jsonl"
    driver.main(str(home), str(acks), "7", "10")
    told = read_acks(acks)
    prove(home, told, 0)
    for lie in ({"hash": "0" * 64}, {"seq": told[-1]["seq"] + 1}):
        with pytest.raises((AssertionError, KeyError)):
            prove(home, [*told, {**told[-1], **lie}], 0)
    with pytest.raises(AssertionError, match="more than one"):
        prove(home, told[:-3], 0)
