from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.catalog.cards import CardIndex
from engine.catalog.dataset import Dataset
from engine.core import Engine
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine import Plan
from engine.recommendation_engine.serving import ReleaseRecommender
from engine.settings import Settings
from tests.engine.estimators.shops import dataset_of, fitted, small_shop


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_of(tmp_path_factory.mktemp("shop"), small_shop())


@pytest.fixture(scope="session")
def estimator(dataset: Dataset) -> RecommenderEstimator:
    return fitted(dataset)


@pytest.fixture(scope="session")
def recommender(dataset: Dataset, estimator: RecommenderEstimator) -> ReleaseRecommender:
    return ReleaseRecommender(estimator, CardIndex(dataset))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(Settings.at(tmp_path / "home"), actor=Actor("tester")) as engine:
        yield engine


@pytest.fixture
def publish(engine: Engine, dataset: Dataset, estimator: RecommenderEstimator) -> Callable[..., None]:
    """Lay out a release folder as a promotion does; without a plan, as releases were written before there were any."""

    def lay_out(shop: str, number: int = 1, files: dict[str, bytes] | None = None, plan: Plan | None = None) -> None:
        root = engine.settings.releases / shop
        blobs = ArtifactStore(root / str(number) / "blobs")
        artifact = blobs.put(files or estimator.save())
        tables = {
            str(table): [{"digest": blobs.put_blob(path.read_bytes()), "rows": 1} for path in paths]
            for table, paths in dataset.files.items()
            if table in ("items", "variants", "stock_levels", "prices")
        }
        manifest = {
            "shop": shop,
            "number": number,
            "models": {
                "recommender": {"model": f"{shop}.recommender", "version": f"1.{number}.0", "artifact": artifact}
            },
            "snapshot": 1,
            "tables": tables,
            **({"rules": []} if plan is None else {"plan": plan.model_dump(mode="json"), "plan_number": 3}),
        }
        (root / str(number) / "manifest.json").write_text(json.dumps(manifest))
        (root / "current.json").write_text(json.dumps({"number": number}))

    return lay_out
