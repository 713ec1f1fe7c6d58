import asyncio
import threading
from collections.abc import Callable

import pytest

from engine.actor import Actor
from engine.catalog.pseudonyms import load_key, pseudonym
from engine.clock import SystemClock
from engine.core import Engine
from engine.errors import InvalidInput, InvalidName, ReleaseNotFound
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.hub import Hub
from engine.recommendation_engine import RecommendationEngine, RecommendationService, SessionEvent

SNIPPET = {"category": "dresses", "price_range": "luxury"}


def test_the_documented_call_answers(engine: Engine, publish: Callable[..., None]) -> None:
    publish("demo")
    recommender = RecommendationEngine(engine)
    answer = asyncio.run(recommender.get_recommendations(user_id="user123", context=SNIPPET, limit=3))
    assert (answer.shop, answer.model, answer.version, answer.release, answer.snapshot) == (
        "demo",
        "demo.recommender",
        "1.1.0",
        1,
        1,
    )
    assert answer.cold_start
    assert answer.note
    assert [item.card.category for item in answer.items] == ["dresses"] * 3
    assert answer.latency_ms > 0
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


def test_a_shops_own_id_is_found_by_its_pseudonym(
    engine: Engine, publish: Callable[..., None], estimator: RecommenderEstimator
) -> None:
    import json

    files = estimator.save()
    names = json.loads(files["shoppers.json"])
    names[0] = pseudonym(load_key(engine.settings.home / "keys" / "pseudonym.key"), "demo", "customer 7")
    publish("demo", files={**files, "shoppers.json": json.dumps(names).encode()})
    answer = engine.call(RecommendationService.recommend, user_id="customer 7")
    assert not answer.cold_start


def test_which_shop_is_meant(engine: Engine, publish: Callable[..., None]) -> None:
    with pytest.raises(ReleaseNotFound):
        engine.call(RecommendationService.recommend)
    publish("north")
    assert engine.call(RecommendationService.recommend).shop == "north"
    publish("south")
    with pytest.raises(InvalidInput, match="north, south"):
        engine.call(RecommendationService.recommend)
    publish("demo")
    assert engine.call(RecommendationService.recommend).shop == "demo"
    assert engine.call(RecommendationService.recommend, shop="south").shop == "south"
    with pytest.raises(ReleaseNotFound):
        engine.call(RecommendationService.recommend, shop="west")
    with pytest.raises(InvalidName):
        engine.call(RecommendationService.recommend, shop="../demo")


def test_a_new_release_serves_at_once(engine: Engine, publish: Callable[..., None]) -> None:
    publish("demo")
    assert engine.call(RecommendationService.recommend).version == "1.1.0"
    publish("demo", number=2)
    assert engine.call(RecommendationService.recommend).version == "1.2.0"


def test_many_callers_load_once(engine: Engine, publish: Callable[..., None]) -> None:
    publish("demo")
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(len(engine.call(RecommendationService.recommend, limit=5).items))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [5] * 8
    assert engine.part(Hub).status().loads == 1


def test_a_replica_without_a_store_answers(engine: Engine, publish: Callable[..., None]) -> None:
    publish("demo")
    replica = Engine(settings=engine.settings, clock=SystemClock(), actor=Actor.system("server"), store=None)
    events = [SessionEvent(item_id="i45")]
    answer = replica.service(RecommendationService).recommend(basket=["i46"], events=events, limit=4)
    assert not answer.cold_start
    assert len(answer.items) == 4
    replica.close()


def test_a_wrong_context_is_refused_through_the_facade(engine: Engine, publish: Callable[..., None]) -> None:
    publish("demo")
    with pytest.raises(InvalidInput, match="dresses"):
        asyncio.run(RecommendationEngine(engine).get_recommendations(context={"category": "hats"}))
