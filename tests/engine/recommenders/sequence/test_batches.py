import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.recommenders.sequence.batches import pad, shuffled, windows

sequences = st.lists(st.lists(st.integers(0, 50), max_size=30).map(np.array), min_size=1, max_size=40)


@given(sequences, st.integers(2, 9))
def test_every_item_but_the_first_is_a_target_once(found: list[np.ndarray], length: int) -> None:
    pieces = windows(found, length)
    assert all(2 <= len(piece) <= length + 1 for piece in pieces)
    assert sum(len(piece) - 1 for piece in pieces) == sum(max(len(sequence) - 1, 0) for sequence in found)


@given(sequences, st.integers(8, 60))
def test_batches_hold_every_piece_once_and_stay_within_their_size(found: list[np.ndarray], tokens: int) -> None:
    pieces = windows(found, 7)
    batches = list(shuffled(pieces, tokens, np.random.default_rng(3)))
    taken = sorted(tuple(piece) for batch in batches for piece in batch)
    assert taken == sorted(tuple(piece) for piece in pieces)
    for batch in batches:
        assert len(batch) * (max(len(piece) for piece in batch) - 1) <= tokens


def test_batches_are_of_like_length() -> None:
    random = np.random.default_rng(1)
    pieces = [np.arange(random.integers(2, 50)) for _ in range(2_000)]
    padded = kept = 0
    for batch in shuffled(pieces, 512, random):
        padded += len(batch) * max(len(piece) for piece in batch)
        kept += sum(len(piece) for piece in batch)
    assert kept / padded > 0.9


def test_padding_tells_where_items_are() -> None:
    padded = pad([np.array([4, 5]), np.array([7])])
    assert padded.items.tolist() == [[4, 5], [7, 0]]
    assert padded.known.tolist() == [[True, True], [True, False]]
