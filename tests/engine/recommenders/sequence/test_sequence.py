"""The model learns what follows what, and answers the same without torch."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CorruptArtifact, InvalidInput
from engine.recommenders.sequence import SequenceConfig, SequenceModel, fit_sequence
from engine.recommenders.sequence.batches import pad
from engine.recommenders.sequence.fit import Epoch
from engine.recommenders.sequence.memory import Room
from engine.recommenders.sequence.network import encode, initial

N_ITEMS = 24
SMALL = SequenceConfig(dimensions=16, heads=2, blocks=2, length=8, epochs=12, patience=0, batch_tokens=128, dropout=0.1)
histories = st.lists(st.lists(st.integers(0, N_ITEMS - 1), max_size=12).map(np.array), min_size=1, max_size=9)


def circles(n: int = 150, seed: int = 5) -> list[np.ndarray]:
    """Walks of a step of one or of three around a circle of items: only the order tells which."""
    random = np.random.default_rng(seed)
    return [
        (random.integers(N_ITEMS) + random.choice([1, 3]) * np.arange(random.integers(4, 12))) % N_ITEMS
        for _ in range(n)
    ]


def drawn(config: SequenceConfig) -> SequenceModel:
    torch.manual_seed(3)
    tensors = initial(config, N_ITEMS, "cpu")
    arrays = {name: value.detach().numpy() + np.float32(0.05) for name, value in tensors.items()}
    return SequenceModel.from_arrays(arrays, config)


@pytest.fixture(scope="module")
def fitted() -> SequenceModel:
    config = SMALL.model_copy(update={"loss": "softmax", "epochs": 40, "learning_rate": 0.01})
    return fit_sequence(circles(), N_ITEMS, config)


@pytest.mark.parametrize(("blocks", "heads"), [(1, 1), (2, 4)])
@given(found=histories)
def test_numpy_scores_equal_torch(blocks: int, heads: int, found: Sequence[np.ndarray]) -> None:
    config = SequenceConfig(dimensions=16, blocks=blocks, heads=heads, length=8)
    model = drawn(config)
    scores = model.scores(found)
    tensors = {name: torch.from_numpy(np.asarray(value)) for name, value in model.tensors.items()}
    for row, sequence in enumerate(found):
        if len(sequence) == 0:
            assert not scores[row].any()
            continue
        items = torch.from_numpy(pad([sequence[-8:]]).items)
        state = encode(tensors, items, config, training=False)[0, -1]
        np.testing.assert_allclose(scores[row], (tensors["items"] @ state).numpy(), atol=1e-5)


def test_it_learns_an_order_that_counts_alone_do_not_tell(fitted: SequenceModel) -> None:
    for step in (1, 3):
        asked = [(start + step * np.arange(5)) % N_ITEMS for start in range(N_ITEMS)]
        wanted = np.array([(sequence[-1] + step) % N_ITEMS for sequence in asked])
        assert (fitted.scores(asked).argmax(axis=1) == wanted).mean() > 0.9


def test_only_the_latest_items_count(fitted: SequenceModel) -> None:
    sequence = np.arange(12)
    np.testing.assert_array_equal(fitted.scores([sequence]), fitted.scores([sequence[-8:]]))


def test_the_same_seed_gives_the_same_model() -> None:
    config = SMALL.model_copy(update={"epochs": 2})
    first, second = (fit_sequence(circles(60), N_ITEMS, config) for _ in range(2))
    other = fit_sequence(circles(60), N_ITEMS, config.model_copy(update={"seed": 1}))
    np.testing.assert_array_equal(first.tensors["items"], second.tensors["items"])
    assert not np.array_equal(first.tensors["items"], other.tensors["items"])


def test_training_leaves_torchs_random_state_alone() -> None:
    torch.manual_seed(9)
    before = torch.get_rng_state()
    fit_sequence(circles(20), N_ITEMS, SMALL.model_copy(update={"epochs": 1}))
    assert torch.equal(before, torch.get_rng_state())


def test_training_stops_when_the_held_out_items_are_ranked_no_better() -> None:
    epochs: list[Epoch] = []
    config = SMALL.model_copy(update={"epochs": 200, "patience": 2, "learning_rate": 0.02})
    model = fit_sequence(circles(60), N_ITEMS, config, progress=epochs.append)
    assert model.epochs == len(epochs) - 2 < 198
    best = max(epoch.ndcg or 0.0 for epoch in epochs)
    assert model.validation == best == epochs[model.epochs - 1].ndcg


def test_a_held_out_item_may_be_given() -> None:
    found = circles(40)
    after = np.array([sequence[-1] for sequence in found])
    config = SMALL.model_copy(update={"epochs": 2, "patience": 2})
    given_, taken = (
        fit_sequence([sequence[:-1] for sequence in found], N_ITEMS, config, held_out=after),
        fit_sequence(found, N_ITEMS, config),
    )
    np.testing.assert_array_equal(given_.tensors["items"], taken.tensors["items"])
    assert given_.validation == taken.validation


def test_parts_and_recomputed_blocks_give_the_same_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    config = SMALL.model_copy(update={"epochs": 1, "dropout": 0.0, "loss": "softmax"})
    plain = fit_sequence(circles(30), N_ITEMS, config)
    monkeypatch.setattr("engine.recommenders.sequence.fit.room", lambda *_: Room(16, checkpointed=True))
    lean = fit_sequence(circles(30), N_ITEMS, config)
    np.testing.assert_allclose(plain.tensors["items"], lean.tensors["items"], atol=1e-4)


def test_a_model_survives_its_arrays(fitted: SequenceModel) -> None:
    config = SequenceConfig.model_validate_json(fitted.config.model_dump_json())
    again = SequenceModel.from_arrays(fitted.arrays(), config)
    np.testing.assert_array_equal(again.scores(circles(9)), fitted.scores(circles(9)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("items", np.zeros(4)),
        ("positions", np.zeros((3, 16), np.float32)),
        ("0.query", np.full((16, 16), np.nan, np.float32)),
        ("0.query", np.zeros((16, 16), np.int64)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(fitted: SequenceModel, name: str, value: np.ndarray) -> None:
    with pytest.raises(CorruptArtifact, match=name.split(".", maxsplit=1)[-1]):
        SequenceModel.from_arrays({**fitted.arrays(), name: value}, fitted.config)


def test_a_missing_or_foreign_array_is_refused(fitted: SequenceModel) -> None:
    arrays = fitted.arrays()
    with pytest.raises(CorruptArtifact, match="extra"):
        SequenceModel.from_arrays({**arrays, "extra": np.zeros(2)}, fitted.config)
    del arrays["final"]
    with pytest.raises(CorruptArtifact, match="'final' of a sequence model is missing"):
        SequenceModel.from_arrays(arrays, fitted.config)


@pytest.mark.parametrize("item", [-1, N_ITEMS])
def test_items_out_of_range_are_refused(fitted: SequenceModel, item: int) -> None:
    with pytest.raises(InvalidInput, match="numbered from 0 to 23"):
        fitted.scores([np.array([1, item])])
    with pytest.raises(InvalidInput, match="numbered from 0 to 23"):
        fit_sequence([np.array([1, item])], N_ITEMS, SMALL)


def test_sequences_without_pairs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="None of 2 sequences has two items"):
        fit_sequence([np.array([1]), np.array([], dtype=np.int64)], N_ITEMS, SMALL)


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="10 dimensions do not divide into 4 heads"):
        SequenceConfig(dimensions=10, heads=4)
