from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from engine.catalog.spools import spool_folder
from engine.clock import ManualClock
from engine.core import Engine
from engine.recommendation_engine import Act, Plan, RecommendationService, Surface
from engine.recommendation_engine.exploration import Explorer
from engine.recommendation_engine.impressions import ImpressionLog
from engine.recommendation_engine.plan import Exploration
from engine.recommendation_engine.rules import lay_out
from engine.recommendation_engine.schema import Request
from engine.recommendation_engine.serving import ReleaseRecommender

SHOP = "demo"
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROWS = np.array([4, 6, 8])


@pytest.mark.parametrize("method", ["epsilon", "thompson"])
def test_propensities_are_the_frequencies(method: str) -> None:
    scores = np.linspace(1, 0, 10)
    told = np.array([[20, 9], [20, 12], [0, 0]])
    exploration = Exploration(share=0.4, method=method)
    runs = 6_000
    shown: Counter[int] = Counter()
    weighed: defaultdict[int, float] = defaultdict(float)
    for seed in range(runs):
        explorer = Explorer(exploration, ROWS, told, np.random.default_rng(seed))
        first = lay_out(scores, 3, explore=explorer)[0]
        shown[first.row] += 1
        weighed[first.row] += 1 / (first.propensity or 0.0)
    for row in (0, *ROWS):
        assert weighed[row] / runs == pytest.approx(1.0, abs=0.12), "weights of what was shown average to one"
    assert shown[0] == pytest.approx(0.6 * runs, rel=0.06)
    if method == "thompson":
        assert shown[6] > 3 * shown[4]


def test_new_products_get_their_share_of_places(recommender: ReleaseRecommender) -> None:
    plan = Plan(exploration=Exploration(share=0.3, newer_than_days=365))
    places, explored = 0, 0
    for seed in range(150):
        answer = recommender.recommend(Request(limit=10, seed=seed), plan, tried=dict)
        places += len(answer.items)
        explored += sum(item.explored for item in answer.items)
    assert explored / places == pytest.approx(0.3, abs=0.05)


def test_a_seed_repeats_the_draw_and_nothing_is_drawn_unasked(recommender: ReleaseRecommender) -> None:
    plan = Plan(exploration=Exploration(share=0.5, newer_than_days=365))
    request = Request(limit=10, seed=5)
    assert recommender.recommend(request, plan, tried=dict) == recommender.recommend(request, plan, tried=dict)
    plain = recommender.recommend(request, plan)
    assert not any(item.explored or item.propensity is not None for item in plain.items)


def test_what_was_shown_is_recorded_with_its_propensity_and_its_click(
    engine: Engine, publish: Callable[..., None]
) -> None:
    engine.clock = ManualClock(NOW)
    rule = {"rule_id": "top", "kind": "pin", "where": {"item_id": "i45"}, "position": 1}
    plan = Plan.model_validate({"rules": [rule], "exploration": {"share": 0.5, "newer_than_days": 365}})
    publish(SHOP, plan=plan)
    service = engine.service(RecommendationService)
    answer = service.recommend(shop=SHOP, session_id="s", limit=10)
    clicked = next(item.item_id for item in answer.items if item.explored)
    for _ in range(2):
        taken = service.observe(
            shop=SHOP, session_id="s", item_id=clicked, event=Act.VIEW, request_id=answer.request_id
        )
        assert taken.clicked
    other = service.observe(shop=SHOP, session_id="s", item_id="i07", event=Act.VIEW, request_id="strange")
    assert not other.clicked
    log = engine.part(ImpressionLog)
    rows = log.rows(SHOP, NOW)
    assert [(row["item_id"], row["position"], row["propensity"]) for row in rows] == [
        (item.item_id, item.position - 1, item.propensity) for item in answer.items
    ]
    assert {row["arm"] for row in rows} == {"pin", "explore", "rank"}
    assert {row["item_id"] for row in rows if row["clicked"]} == {clicked}
    assert {(row["request_id"], row["surface"]) for row in rows} == {(answer.request_id, "home")}
    assert log.tried(SHOP, NOW)[clicked] == (1, 1)
    fresh = ImpressionLog(engine)
    assert fresh.tried(SHOP, NOW) == log.tried(SHOP, NOW)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_nothing_is_recorded_where_nothing_is_explored(
    engine: Engine, publish: Callable[..., None], share: float
) -> None:
    publish(SHOP, plan=Plan(exploration=Exploration(share=share)))
    surface, item = (Surface.PRODUCT, "i45") if share else (None, None)
    assert engine.call(RecommendationService.recommend, shop=SHOP, surface=surface, item_id=item).items
    assert not spool_folder(engine.settings.home, "impressions", SHOP).exists()
