import numpy as np
import torch

from engine.recommenders.sequence.loss import Negatives, full_softmax, sampled_softmax


def places(n_items: int = 30) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    state, items = torch.randn(40, 8, generator=generator), torch.randn(n_items, 8, generator=generator)
    return state, torch.randint(n_items, (40,), generator=generator), items


def test_draws_follow_counts_to_a_power() -> None:
    counts = np.array([0, 3, 99])
    negatives = Negatives.of(counts, 0.5)
    drawn = np.bincount(negatives.draw(200_000, np.random.default_rng(1)), minlength=3) / 200_000
    np.testing.assert_allclose(drawn, np.sqrt(counts + 1) / np.sqrt(counts + 1).sum(), atol=0.005)
    np.testing.assert_allclose(Negatives.of(counts, 0.0).share, 1 / 3)


def test_corrected_samples_come_close_to_the_full_softmax() -> None:
    state, target, items = places()
    negatives = Negatives.of(np.arange(30), 0.7)
    drawn = negatives.draw(40_000, np.random.default_rng(4))
    found = sampled_softmax(state, target, items, torch.from_numpy(drawn), negatives.share[drawn])
    # the sample's other items stand for all but the target
    np.testing.assert_allclose(float(found) / 40, float(full_softmax(state, target, items)) / 40, atol=0.05)


def test_a_draw_that_is_the_target_does_not_count_against_it() -> None:
    state, _, items = places()
    target = torch.full((40,), 3)
    alone = sampled_softmax(state, target, items, torch.tensor([3, 3, 3]), None)
    assert float(alone) == 0.0
