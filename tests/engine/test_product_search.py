"""Products found by their words at once, and by what they mean once their vectors are made."""

from __future__ import annotations

from engine.core import Engine
from engine.product_search import Embedder, SearchService
from tests.conftest import wait_for


def test_words_find_at_once_and_meaning_when_the_vectors_are_there(demo: Engine) -> None:
    first = demo.call(SearchService.search, shop="demo", query="dress", limit=5)
    assert not first.by_meaning
    assert all("dress" in f"{card.title} {card.category}".lower() for card in first.items)
    wait_for(lambda: demo.part(Embedder).vectors(1), until=lambda vectors: vectors is not None, within_s=240)
    found = demo.call(SearchService.search, shop="demo", query="footwear for rainy days", limit=6)
    assert found.by_meaning
    assert {card.category for card in found.items} & {"shoes"}
    exact = demo.call(SearchService.search, shop="demo", query=first.items[0].item_id, limit=3)
    assert exact.items[0].item_id == first.items[0].item_id
    assert list((demo.settings.cache / "text").glob("*.safetensors"))


def test_closing_in_the_middle_keeps_nothing_half(demo: Engine) -> None:
    embedder = demo.part(Embedder)
    embedder.want(1)
    embedder.close()
    assert not list((demo.settings.cache / "text").glob("*.tmp"))
