"""The public API, word for word as users have it in their documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.core import Engine
from engine.errors import NoArtifact
from engine.estimators import kind_of
from engine.model_registry import ModelRegistry, RegistryService
from engine.recommendation_engine import RecommendationService

SNIPPETS = {
    "recommendations": """
from engine.recommendation_engine import RecommendationEngine
recommender = RecommendationEngine()
recommendations = await recommender.get_recommendations(
    user_id="user123", context={"category": "dresses", "price_range": "luxury"}, limit=10)
""",
    "registry": """
from engine.model_registry import ModelRegistry
registry = ModelRegistry()
await registry.register_model(name="price_optimizer_v2", version="2.1.0", framework="pytorch",
                              metrics={"accuracy": 0.92, "f1": 0.89})
model = await registry.load_model("price_optimizer_v2", version="latest")
""",
    "batch": """
predictions = await model.predict_batch(inputs, batch_size=32)
""",
}


def run(snippet: str, **names: object) -> dict[str, object]:
    """Run a snippet as a notebook does, with `await` at its top level."""
    code = "async def _cell(scope):\n    globals().update(scope)\n" + "\n".join(
        f"    {line}" for line in snippet.strip().splitlines()
    )
    scope: dict[str, object] = {}
    exec(code + "\n    return locals()", scope)
    cell: Callable[[dict[str, object]], Awaitable[dict[str, object]]] = scope["_cell"]  # type: ignore[assignment]
    return asyncio.run(cell(names))  # type: ignore[arg-type]


@pytest.fixture
def presumed(demo: Engine) -> Engine:
    """What the registry snippet presumes: an earlier version of price_optimizer_v2 with a model."""
    recommender = kind_of("recommender").load(demo.artifacts.open(champion_artifact(demo)))
    asyncio.run(ModelRegistry(demo).register_model("price_optimizer_v2", "2.0.0", "numpy", {}, model=recommender))
    return demo


def champion_artifact(engine: Engine) -> str:
    artifact = engine.call(RegistryService.get_version, model="demo.recommender", reference="champion").artifact
    assert artifact is not None
    return artifact


def test_recommendations_for_an_unknown_user_say_that_they_are_a_cold_start(demo: Engine) -> None:
    found = run(SNIPPETS["recommendations"])["recommendations"]
    assert found.cold_start
    assert found.note
    assert 0 < len(found.items) <= 10
    assert {item.card.category for item in found.items} == {"dresses"}
    assert all(item.reason for item in found.items)


def test_latest_is_the_highest_version_that_has_a_model(presumed: Engine) -> None:
    scope = run(SNIPPETS["registry"])
    assert scope["model"].version == "2.0.0"


def test_a_version_of_metrics_only_says_so_when_it_is_loaded(presumed: Engine) -> None:
    registry = run(SNIPPETS["registry"])["registry"]
    with pytest.raises(NoArtifact, match="holds metrics but no model"):
        asyncio.run(registry.load_model("price_optimizer_v2", version="2.1.0"))


def test_predict_batch_gives_what_predict_gives_one_by_one(presumed: Engine) -> None:
    model = run(SNIPPETS["registry"])["model"]
    inputs = [{"shopper": f"s{number:05d}", "limit": 5} for number in range(7)]
    predictions = run(SNIPPETS["batch"], model=model, inputs=inputs)["predictions"]
    assert predictions == [model.predict(row) for row in inputs]


def test_a_loaded_model_knows_a_shopper_by_the_shops_own_id(demo: Engine) -> None:
    model = asyncio.run(ModelRegistry(demo).load_model("demo.recommender", version="champion"))
    asked = demo.call(RecommendationService.recommend, user_id="s00001", basket=[], context={}, limit=5)
    answer = model.predict({"shopper": "s00001", "limit": 5})
    assert answer["cold_start"] is asked.cold_start is False
    assert model.predict({"shopper": "nobody", "limit": 5})["cold_start"]


def test_uvicorn_finds_the_inference_server(demo: Engine, tmp_path: Path) -> None:
    import engine.inference_server

    assert callable(engine.inference_server.app)
