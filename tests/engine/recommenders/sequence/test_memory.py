import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.recommenders.sequence import SequenceConfig
from engine.recommenders.sequence.memory import Room, fit_into

CONFIG = SequenceConfig(dimensions=64, blocks=2, batch_tokens=4_096, loss="softmax")


def test_plenty_of_memory_needs_no_tricks() -> None:
    assert fit_into(64 * 2**30, CONFIG, 10_000) == Room(4_096, checkpointed=False)


@given(st.integers(0, 2**33), st.integers(0, 2**33))
def test_more_memory_never_makes_smaller_parts(some: int, more: int) -> None:
    first, second = sorted((some, more))
    small, large = fit_into(first, CONFIG, 50_000), fit_into(second, CONFIG, 50_000)
    assert 1 <= small.tokens <= large.tokens <= 4_096
    assert small.checkpointed >= large.checkpointed


def test_parts_hold_the_batch_in_order() -> None:
    batch = [np.arange(n) for n in (3, 4, 4, 5)]
    parts = list(Room(8, checkpointed=True).parts(batch))
    assert [len(part) for part in parts] == [2, 2]
    assert [piece for part in parts for piece in part] == batch
    assert len(list(Room(1, checkpointed=True).parts(batch))) == 4
