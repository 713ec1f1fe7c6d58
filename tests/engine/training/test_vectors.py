"""Vectors of products' words reach a training: made by the worker, or lent by the owner that has them."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from safetensors.numpy import save

from engine import text
from engine.catalog.dataset import Dataset
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators.recommender.config import RecommenderConfig, SignalWeights
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.model_registry import RegistryService
from engine.product_search import copy_of
from engine.training import JobState
from engine.training.schema import JobSpec, Rival
from engine.training.train import train, wants_vectors
from engine.training.vectors import Sources, described
from tests.engine.estimators.shops import START, Silent, dataset_of
from tests.engine.training.conftest import ended, submit
from tests.faults.homes import MODEL

NOTHING = dict.fromkeys(SignalWeights.model_fields, 0.0)
BY_WORDS = RecommenderConfig(weights=SignalWeights(**{**NOTHING, "meaning": 1.0}), dimensions=8, learn_weights=False)
DRESSES = ("Summer dress", "Cocktail dress", "Wedding dress", "Silk dress", "Wrap dress", "Pleated skirt", "Midi skirt")
BOOTS = ("Leather boots", "Hiking boots", "Ankle boots", "Rain boots", "Rubber boots", "Work boots", "Snow boots")
GOWN, SHOES = "Ballroom gown", "Trekking footwear"


def wardrobe() -> dict[Table, list[dict[str, Any]]]:
    """Two kinds of garment that only words tell apart; the last two garments nobody has met yet."""
    random = np.random.default_rng(2)
    kinds = [[f"{title} {number}" for title in titles for number in "ABC"] for titles in (DRESSES, BOOTS)]
    titles = [*kinds[0], *kinds[1], GOWN, SHOES]
    half = len(kinds[0])
    events = [
        {
            "shopper": f"p_{shopper:020x}",
            "item_id": f"w{shopper % 2 * half + int(chosen):02d}",
            "event": "purchase",
            "time": START + timedelta(days=float(random.uniform(0, 100))),
            "context": "{}",
        }
        for shopper in range(120)
        for chosen in random.choice(half, size=6, replace=False)
    ]
    items = [{"item_id": f"w{number:02d}", "title": title} for number, title in enumerate(titles)]
    return {Table.ITEMS: items, Table.INTERACTIONS: events}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("wardrobe"), wardrobe())


def spec(config: RecommenderConfig, rival: Rival | None = None) -> JobSpec:
    return JobSpec(
        job_id="job-1",
        kind="recommender",
        shop="wardrobe",
        model=MODEL,
        snapshot=1,
        config=config.model_dump(mode="json"),
        tables={},
        rival=rival,
        memory_mb=1_000,
    )


def places(files: dict[str, bytes], shopper: int) -> dict[str, int]:
    """Place of each product in the whole list of a shopper."""
    found = RecommenderEstimator.load(files).predict([{"shopper": f"p_{shopper:020x}", "limit": 100}])[0]
    return {entry["item_id"]: place for place, entry in enumerate(found["items"])}


def test_a_new_garment_is_recommended_near_its_look_alikes_by_words(dataset: Dataset, tmp_path: Path) -> None:
    report = Silent()
    told = described(dataset, Sources.within(tmp_path / "nothing kept"), report)
    assert any("are made" in line for line in report.lines)
    assert any("Reading the words of 44 products" in stage for stage, _ in report.stages)
    files = train(spec(BY_WORDS), told, {}, report).model
    gown, shoes = "w42", "w43"
    for shopper in range(8):
        place = places(files, shopper)
        own, other = (gown, shoes) if shopper % 2 == 0 else (shoes, gown)
        assert place[own] < place[other]
        # Fifteen of their kind are left that the shopper has not met; the new one is not behind all of them.
        assert place[own] < 16
        assert place[other] >= 15


def test_a_new_garment_is_recommended_near_its_look_alikes_by_its_picture(tmp_path: Path) -> None:
    rows = wardrobe()
    stripes = [picture(number, striped=number < 21 or number == 42) for number in range(44)]
    digests = [hashlib.sha256(data).hexdigest() for data in stripes]
    rows[Table.ITEMS] = [
        {"item_id": row["item_id"], "image": digest} for row, digest in zip(rows[Table.ITEMS], digests, strict=True)
    ]
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for digest, data in zip(digests, stripes, strict=True):
        (pictures / digest).write_bytes(data)
    (pictures / digests[3]).write_bytes(b"no picture")
    report = Silent()
    told = described(dataset_of(tmp_path / "rows", rows), Sources.within(tmp_path), report)
    assert told.vectors is not None
    assert not told.vectors[3, text.DIMENSIONS :].any()
    assert any("was left out" in line for line in report.lines)
    files = train(spec(BY_WORDS), told, {}, report).model
    for shopper in range(8):
        place = places(files, shopper)
        own, other = ("w42", "w43") if shopper % 2 == 0 else ("w43", "w42")
        assert place[own] < 16 <= place[other] + 1


def picture(number: int, *, striped: bool) -> bytes:
    """Bold stripes, or a dot; each picture a little different."""
    image = Image.new("RGB", (96, 96), (235, 235, 235))
    draw = ImageDraw.Draw(image)
    if striped:
        for left in range(number % 7, 96, 12):
            draw.rectangle((left, 0, left + 5, 95), fill=(20, 20, 120))
    else:
        draw.ellipse((20 + number % 7, 25, 70 + number % 7, 75), fill=(200, 40, 40))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def test_without_vectors_the_words_of_new_garments_tell_nothing(dataset: Dataset) -> None:
    files = train(spec(BY_WORDS), dataset, {}, Silent()).model
    near = RecommenderEstimator.load(files).model.blend.neighbours["meaning"].toarray()
    np.testing.assert_allclose(near[:42, 42], near[:42, 43], atol=1e-6)


def test_vectors_follow_their_product_through_repeated_rows(tmp_path: Path) -> None:
    rows = wardrobe()
    rows[Table.ITEMS] = [rows[Table.ITEMS][3], *rows[Table.ITEMS]]
    repeated = dataset_of(tmp_path, rows)
    vectors = np.arange(len(rows[Table.ITEMS]), dtype=np.float32)[:, None]
    data = RecommenderEstimator.everything(Dataset(repeated.files, 1, vectors), BY_WORDS)
    assert data.vectors is not None
    assert data.vectors[:, 0].tolist() == [float(row) for row in range(1, 45)]
    assert RecommenderEstimator.everything(repeated, BY_WORDS).vectors is None


@pytest.mark.parametrize(
    "content", [b"", b"no arrays", save({"vectors": np.ones((3, text.DIMENSIONS), dtype=np.float32)})]
)
def test_damaged_vectors_are_made_again(dataset: Dataset, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vectors.safetensors").write_bytes(content)
    small = Dataset(dataset_of(tmp_path, {Table.ITEMS: wardrobe()[Table.ITEMS][:3]}).files)
    found = described(small, Sources.within(tmp_path), Silent())
    assert found.vectors is not None
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1.0, atol=1e-5)


def test_they_are_asked_for_only_by_recipes_that_use_them() -> None:
    plain = RecommenderConfig()
    assert not wants_vectors(spec(plain))
    assert wants_vectors(spec(BY_WORDS))
    rival = Rival(version="1.0.0", config=BY_WORDS.model_dump(mode="json"), trained_until=None)
    assert wants_vectors(spec(plain, rival))


def test_an_owner_lends_what_it_keeps_to_the_worker(shop: Engine) -> None:
    rows = shop.service(CatalogService).dataset(1)
    assert not any(name == "vectors.safetensors" for name, _ in Sources.of(shop, rows).lent())
    text.embed_cached(shop, copy_of(rows))
    config = {"weights": {"meaning": 0.3}, "dimensions": 8}
    job = ended(shop, submit(shop, config=config))
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    log = (shop.settings.jobs / job.job_id / "log.txt").read_text()
    assert "Hold-out" in log
    assert "are made" not in log
    artifact = shop.call(RegistryService.get_version, model=MODEL, reference=str(job.version)).artifact
    assert artifact is not None
    assert "meaning" in RecommenderEstimator.load(shop.artifacts.open(artifact)).model.blend.signals
