"""Labels that people give products: what waits for one, what was corrected, and what training learns from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import InvalidInput, ItemNotFound, NoArtifact
from engine.estimators.kinds import kind_of
from engine.model_registry.loaded import load_estimator
from engine.model_registry.schema import CHAMPION
from engine.model_registry.service import RegistryService
from engine.naming import check_name
from engine.store import operation

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.catalog.records import ItemCard
    from engine.estimators.fashion_classifier.estimator import FashionClassifier

Waiting = Literal["abstained", "missing", "mislabelled"]

_KIND = "fashion_classifier"
_LONGEST = 200
_MOST = 1_000
_IN_FORCE = """
SELECT * FROM label_corrections WHERE shop = ? AND target = COALESCE(CAST(? AS VARCHAR), target)
ORDER BY "time" DESC, item_id LIMIT ?
"""
_WHY = {
    "abstained": "The classifier is not sure enough of any label.",
    "missing": "The product has no label.",
    "mislabelled": "Products like it carry another label.",
}


class LabelTask(BaseModel):
    """A product that a person should look at."""

    model_config = ConfigDict(frozen=True)

    item_id: str
    title: str
    image: str | None
    given: str | None
    suggested: str
    probability: float
    why: str
    because: list[str] = []


class Correction(BaseModel):
    """A label that a person gave."""

    model_config = ConfigDict(frozen=True)

    shop: str
    target: str
    item_id: str
    label: str
    time: datetime
    actor: str


class LabellingService(Service):
    """The queue of doubtful labels, and the corrections."""

    @operation("labels.queue")
    def queue(
        self, *, shop: str, kind: Waiting = "abstained", model: str | None = None, limit: int = 50
    ) -> list[LabelTask]:
        """Products of the newest snapshot that wait for a person, the most urgent first.

        Parameters
        ----------
        kind : str
            `abstained`: labelled products of whose label the champion is not sure; `missing`: products without one;
            `mislabelled`: products whose label is improbable to models that did not learn from them, which takes
            as long as a small training.
        model : str, optional
            Name of the model; its champion answers. `<shop>.fashion_classifier` when left out.

        Raises
        ------
        InvalidInput
            The model is no classifier of products, or the limit is not possible.
        ModelNotFound, VersionNotFound, NoArtifact, ShopNotFound, SnapshotNotFound
        """
        if not 1 <= limit <= _MOST:
            raise InvalidInput(f"The limit {limit} is not possible.", f"It lies between 1 and {_MOST:,}.")
        classifier = self._champion(check_name(model or f"{shop}.{_KIND}", "model"))
        number = self.engine.service(CatalogService).get_snapshot(shop=shop).number
        dataset = self._dataset(number, shop)
        done = self.corrections(shop=shop, target=classifier.config.target)
        cards = {card.item_id: card for card in self.engine.service(CatalogService).cards(number).cards}
        find = _mislabelled if kind == "mislabelled" else _unsure(kind)
        waiting = [task for task in find(classifier, dataset, cards) if task.item_id not in done]
        return waiting[:limit]

    @operation("labels.correct")
    def correct(self, *, actor: Actor, shop: str, item_id: str, target: str, label: str) -> Correction:
        """Give a product a label; trainings from now on learn it, and a later correction replaces it.

        Raises
        ------
        InvalidInput
            The label or the target is empty or too long.
        ItemNotFound, ShopNotFound, SnapshotNotFound
        """
        label, target = _short(label, "label"), _short(target, "target")
        catalog = self.engine.service(CatalogService)
        cards = catalog.cards(catalog.get_snapshot(shop=shop).number).cards
        if not any(card.item_id == item_id for card in cards):
            raise ItemNotFound(f"{shop!r} has no product {item_id[:80]!r}.")
        payload = {"shop": shop, "item_id": item_id, "target": target, "label": label}
        with self.store.write(actor) as transaction:
            event = transaction.emit("label.corrected", f"{shop}:{item_id}", payload)
        return Correction(**payload, time=event.time, actor=actor.name)

    @operation("labels.list")
    def list_corrections(self, *, shop: str, target: str | None = None, limit: int = 100) -> list[Correction]:
        """Corrections in force, newest first."""
        with self.store.read() as reader:
            rows = reader.rows(_IN_FORCE, [shop, target, max(1, limit)])
        return [Correction(**{**row, "time": row["time"].replace(tzinfo=UTC)}) for row in rows]

    def corrections(self, shop: str, target: str) -> dict[str, str]:
        """Label of every corrected product, by its id."""
        return self.all_corrections(shop).get(target, {})

    def all_corrections(self, shop: str) -> dict[str, dict[str, str]]:
        """Labels by target and product, as a training takes them."""
        found: dict[str, dict[str, str]] = {}
        query = "SELECT target, item_id, label FROM label_corrections WHERE shop = ? ORDER BY target, item_id"
        with self.store.read() as reader:
            for row in reader.rows(query, [shop]):
                found.setdefault(row["target"], {})[row["item_id"]] = row["label"]
        return found

    def _champion(self, model: str) -> FashionClassifier:
        info = self.engine.service(RegistryService).get_version(model=model, reference=CHAMPION)
        if info.artifact is None:
            raise NoArtifact(f"{model} {info.version} holds metrics but no model.")
        found = load_estimator(self.engine, info.artifact)
        if not isinstance(found, kind_of(_KIND)):
            raise InvalidInput(f"{model} is a {found.kind}.", "Labels are told by a fashion_classifier.")
        return cast("FashionClassifier", found)

    def _dataset(self, number: int, shop: str) -> Dataset:
        """The snapshot with what people corrected."""
        from engine.catalog.dataset import Dataset

        plain = self.engine.service(CatalogService).dataset(number)
        return Dataset(plain.files, plain.snapshot, labels=self.all_corrections(shop))


Find = Callable[["FashionClassifier", "Dataset", "dict[str, ItemCard]"], "list[LabelTask]"]


def _unsure(kind: Waiting) -> Find:
    """Products without a label, or with one of which the classifier is not sure; the least sure first."""

    def find(classifier: FashionClassifier, dataset: Dataset, cards: dict[str, ItemCard]) -> list[LabelTask]:
        from engine.estimators.fashion_classifier.data import read

        rows = read(dataset, classifier.config)
        answers = classifier.answers(rows)
        waiting = [
            _task(str(item), given, answer, kind, cards)
            for item, given, answer in zip(rows.item_ids, rows.given, answers, strict=True)
            if (given is None if kind == "missing" else given is not None and answer["abstained"])
        ]
        return sorted(waiting, key=lambda task: (task.probability, task.item_id))

    return find


def _mislabelled(classifier: FashionClassifier, dataset: Dataset, cards: dict[str, ItemCard]) -> list[LabelTask]:
    found = classifier.mislabelled(dataset, _MOST)
    return [
        _task(
            doubt.item_id,
            doubt.given,
            {"label": doubt.suggested, "probability": doubt.probability, "because": doubt.because},
            "mislabelled",
            cards,
        )
        for doubt in found
    ]


def _task(
    item_id: str, given: str | None, answer: dict[str, Any], kind: Waiting, cards: dict[str, ItemCard]
) -> LabelTask:
    card = cards.get(item_id)
    return LabelTask(
        item_id=item_id,
        title=card.title if card else item_id,
        image=card.image if card else None,
        given=given,
        suggested=answer["label"],
        probability=answer["probability"],
        why=_WHY[kind],
        because=answer["because"],
    )


def _short(text: str, what: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= _LONGEST:
        raise InvalidInput(f"The {what} has {len(text):,} characters.", f"It has 1 to {_LONGEST}.")
    return text
