"""What waits for a person, and how a correction reaches training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput, ItemNotFound, ModelNotFound
from engine.estimators.fashion_classifier.config import FashionClassifierConfig
from engine.estimators.fashion_classifier.estimator import FashionClassifier
from engine.labelling import LabellingService
from engine.settings import Settings
from engine.training import TrainingService
from tests.engine.estimators.shops import Silent
from tests.faults.homes import SHOP, _shop_home, shop_home  # noqa: F401  # fixtures

CONFIG = FashionClassifierConfig(head="baseline", fewest_rows=8, photo=False, columns=False)
ANNA = Actor("anna")


@pytest.fixture
def shop(shop_home: Path) -> Iterator[Engine]:  # noqa: F811
    with Engine.open(Settings.at(shop_home)) as engine:
        yield engine


@pytest.fixture
def champion(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> FashionClassifier:
    """A classifier of the shop's categories that is sure of nothing."""
    catalog = shop.service(CatalogService)
    dataset = catalog.dataset(catalog.get_snapshot(shop=SHOP).number)
    found = FashionClassifier(CONFIG.model_copy(update={"abstain_below": 1.0}))
    found.fit(FashionClassifier.everything(dataset, found.config), Silent())
    monkeypatch.setattr(LabellingService, "_champion", lambda self, model: found)
    return found


def first_item(engine: Engine) -> str:
    catalog = engine.service(CatalogService)
    return catalog.cards(catalog.get_snapshot(shop=SHOP).number).cards[0].item_id


def correct(engine: Engine, item: str, label: str) -> None:
    engine.call(LabellingService.correct, actor=ANNA, shop=SHOP, item_id=item, target="category", label=label)


def test_the_latest_correction_counts_and_survives_a_rebuild(shop: Engine) -> None:
    item = first_item(shop)
    correct(shop, item, "coats")
    correct(shop, item, " hats ")
    assert shop.service(LabellingService).corrections(SHOP, "category") == {item: "hats"}
    shop.store.rebuild(ANNA)
    (found,) = shop.call(LabellingService.list_corrections, shop=SHOP)
    assert (found.label, found.actor, found.target) == ("hats", "anna", "category")
    assert shop.call(LabellingService.list_corrections, shop=SHOP, target="colour") == []


def test_a_label_needs_words_and_a_product(shop: Engine) -> None:
    with pytest.raises(ItemNotFound):
        correct(shop, "nobody", "coats")
    with pytest.raises(InvalidInput):
        correct(shop, first_item(shop), "  ")


def test_the_queue_has_what_is_unsure_and_not_what_was_corrected(shop: Engine, champion: FashionClassifier) -> None:
    waiting = shop.call(LabellingService.queue, shop=SHOP, kind="abstained")
    assert waiting
    assert [task.probability for task in waiting] == sorted(task.probability for task in waiting)
    correct(shop, waiting[0].item_id, "coats")
    left = shop.call(LabellingService.queue, shop=SHOP, kind="abstained")
    assert waiting[0].item_id not in {task.item_id for task in left}
    assert shop.call(LabellingService.queue, shop=SHOP, kind="missing") == []
    assert isinstance(shop.call(LabellingService.queue, shop=SHOP, kind="mislabelled", limit=5), list)


def test_without_a_champion_there_is_no_queue(shop: Engine) -> None:
    with pytest.raises(ModelNotFound):
        shop.call(LabellingService.queue, shop=SHOP)


def test_a_training_is_given_the_corrections(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingService, "_carry_out", lambda self: None)
    item = first_item(shop)
    correct(shop, item, "coats")
    job = shop.call(
        TrainingService.submit,
        actor=ANNA,
        kind="fashion_classifier",
        shop=SHOP,
        config=CONFIG.model_dump(mode="json"),
    )
    folder = shop.service(TrainingService).prepare(job)
    assert folder.dataset(folder.spec()).labels == {"category": {item: "coats"}}
