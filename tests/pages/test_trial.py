"""A version that does not serve, tried in the sandbox beside the one that does."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput, NoArtifact, VersionNotFound
from engine.model_registry import RegistryService
from engine.recommendation_engine import RecommendationService, TrialService
from tests.pages.stock import MODEL, SHOP
from tests.pages.test_pages import opened


def test_a_trial_answers_with_the_version_that_was_named(stocked: Engine) -> None:
    served = stocked.call(RecommendationService.recommend, shop=SHOP, limit=6)
    tried = stocked.call(TrialService.try_version, model=MODEL, version="1.1.0", limit=6)
    champion = stocked.call(TrialService.try_version, model=MODEL, version="champion", limit=6)
    assert (served.version, tried.version, champion.version) == ("1.0.0", "1.1.0", "1.0.0")
    assert (tried.release, tried.snapshot) == (None, served.snapshot)
    assert [(item.item_id, item.score) for item in champion.items] == [(i.item_id, i.score) for i in served.items]
    assert stocked.call(RecommendationService.recommend, shop=SHOP, limit=6).version == "1.0.0"


def test_a_trial_is_refused_in_words(stocked: Engine, actor: Actor) -> None:
    register = RegistryService.register_version
    stocked.call(register, actor=actor, model=MODEL, version="2.0.0", framework="numpy", metrics={"ndcg": 0.1})
    stocked.call(register, actor=actor, model="price", version="1.0.0", framework="numpy", metrics={})
    with pytest.raises(NoArtifact, match="holds metrics"):
        stocked.call(TrialService.try_version, model=MODEL, version="2.0.0")
    with pytest.raises(InvalidInput, match="no shop's recommender"):
        stocked.call(TrialService.try_version, model="price", version="1.0.0")
    with pytest.raises(VersionNotFound):
        stocked.call(TrialService.try_version, model=MODEL, version="9.9.9")


def test_the_page_says_what_it_tries_and_goes_back(stocked: Engine) -> None:
    shown = opened("sandbox", shop=SHOP, version="1.1.0")
    assert any("1.1.0, snapshot" in caption.value for caption in shown.caption)
    shown.button(key="leave_trial").click().run()
    assert any("1.0.0, snapshot" in caption.value for caption in shown.caption)
    assert not any(button.key == "leave_trial" for button in shown.button)
    lost = opened("sandbox", shop=SHOP, version="9.9.9")
    assert lost.error
    assert lost.button(key="leave_trial")
