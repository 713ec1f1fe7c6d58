from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.actor import Actor
from engine.catalog.forgetting import ForgettingService
from engine.catalog.pseudonyms import load_key, pseudonym
from engine.catalog.service import CatalogService
from engine.catalog.spools import spool_folder
from engine.clock import ManualClock
from engine.core import Engine
from engine.errors import InvalidInput, ItemNotFound
from engine.recommendation_engine import Act, Recommendations, RecommendationService
from engine.recommendation_engine import live as live_module
from engine.recommendation_engine.live import LiveSessions, session_name
from engine.recommendation_engine.spool import Spool
from engine.settings import Settings

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SHOP = "demo"


@pytest.fixture
def serving(engine: Engine, publish: Callable[..., None]) -> Engine:
    publish(SHOP)
    engine.clock = ManualClock(NOW)
    return engine


def again(engine: Engine) -> Engine:
    """Another process over the same folder."""
    settings = Settings.at(engine.settings.home)
    return Engine(settings=settings, clock=engine.clock, actor=Actor.system("server"), store=None)


def ask(engine: Engine, **fields: object) -> Recommendations:
    return engine.service(RecommendationService).recommend(shop=SHOP, **fields)  # type: ignore[arg-type]


def observe(engine: Engine, item: str, event: Act = Act.VIEW, **who: str) -> None:
    engine.service(RecommendationService).observe(shop=SHOP, item_id=item, event=event, **(who or {"session_id": "s"}))


def later(engine: Engine, by: timedelta) -> None:
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(by)


def coats(answer: Recommendations) -> int:
    return sum(item.card.category == "coats" for item in answer.items)


def test_an_event_changes_the_next_answer(serving: Engine) -> None:
    before = ask(serving, session_id="s", limit=8)
    assert before.cold_start
    for item in ("i45", "i47", "i50"):
        observe(serving, item, Act.CART)
    after = ask(serving, session_id="s", limit=8)
    assert not after.cold_start
    assert coats(after) > coats(before)
    assert not {"i45", "i47", "i50"} & {item.item_id for item in after.items}
    told = {each.told for item in after.items for part in item.contributions for each in part.evidence}
    assert "put in the cart just now" in told
    assert [item.item_id for item in ask(serving, session_id="other", limit=8).items] == [
        item.item_id for item in before.items
    ]


def test_a_shopper_who_signs_in_keeps_the_session(serving: Engine) -> None:
    observe(serving, "i45")
    observe(serving, "i47", user_id="customer 9")
    answer = ask(serving, user_id="customer 9", session_id="s", limit=60)
    evidence = {each.item_id for item in answer.items for part in item.contributions for each in part.evidence}
    assert evidence == {"i45", "i47"}


def test_what_was_dismissed_goes_and_pulls_its_likes_down(serving: Engine) -> None:
    before = {item.item_id: item for item in ask(serving, session_id="s", limit=60).items}
    observe(serving, "i45", Act.DISMISS)
    observe(serving, "i47", Act.RETURN)
    answer = ask(serving, session_id="s", limit=60, context={"exclude": "nothing"})
    after = {item.item_id: item for item in answer.items}
    assert not {"i45", "i47"} & set(after)
    for item in after.values():
        avoided = [part for part in item.contributions if part.signal == "avoided"]
        lost = sum(part.value for part in avoided)
        assert lost <= 0
        assert item.score == pytest.approx(before[item.item_id].score + lost)
        for part in avoided:
            assert sum(each.value for each in part.evidence) == pytest.approx(part.value)
            assert {each.item_id for each in part.evidence} <= {"i45", "i47"}
    coat, dress = after["i51"], after["i03"]
    assert min(part.value for part in coat.contributions) < min([part.value for part in dress.contributions] + [0.0])


def test_a_later_liking_makes_up_for_a_dismissal(serving: Engine) -> None:
    observe(serving, "i45", Act.DISMISS)
    later(serving, timedelta(minutes=5))
    observe(serving, "i45", Act.CART)
    answer = ask(serving, session_id="s", limit=60)
    assert not any(part.signal == "avoided" for item in answer.items for part in item.contributions)


def test_events_fade_and_end(serving: Engine) -> None:
    observe(serving, "i45", Act.DISMISS)

    def lost() -> float:
        items = ask(serving, session_id="s", limit=60).items
        return sum(part.value for item in items for part in item.contributions if part.signal == "avoided")

    first = lost()
    later(serving, timedelta(days=14))
    assert lost() == pytest.approx(first / 2, rel=1e-3)
    later(serving, timedelta(days=17))
    assert lost() == 0.0


def test_events_survive_a_restart_and_a_torn_last_line(serving: Engine) -> None:
    observe(serving, "i45", Act.CART)
    expected = [item.item_id for item in ask(serving, session_id="s", limit=8).items]
    day = next(spool_folder(serving.settings.home, "sessions", SHOP).glob("*.jsonl"))
    with day.open("ab") as file:
        file.write(b'{"shopper":"s_12","item_')
    other = again(serving)
    assert [item.item_id for item in ask(other, session_id="s", limit=8).items] == expected
    observe(other, "i47", Act.CART)
    third = again(serving)
    assert len(third.part(LiveSessions).events(SHOP, [session_name(SHOP, "s")], NOW)) == 2
    other.close()
    third.close()


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_SHOPPERS", 5)
    held = LiveSessions(
        Engine(settings=Settings.at(tmp_path), clock=ManualClock(NOW), actor=Actor.system("x"), store=None)
    )
    for number in range(8):
        held.observe(SHOP, f"s_{number}", "i01", Act.VIEW, NOW)
    for _ in range(live_module.MOST_EVENTS + 7):
        held.observe(SHOP, "s_9", "i02", Act.VIEW, NOW)
    assert held.names(SHOP, NOW) == ["s_4", "s_5", "s_6", "s_7", "s_9"]
    assert len(held.events(SHOP, ["s_9"], NOW)) == live_module.MOST_EVENTS


def test_many_threads_lose_nothing(serving: Engine) -> None:
    held = serving.part(LiveSessions)

    def act(number: int) -> None:
        for step in range(20):
            held.observe(SHOP, f"s_{number % 3}", f"i{step:02d}", Act.VIEW, NOW)
            held.events(SHOP, ["s_0"], NOW)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = Spool(spool_folder(serving.settings.home, "sessions", SHOP), days=30)
    assert len(list(stored.lines(NOW))) == 180
    assert sum(len(held.events(SHOP, [f"s_{number}"], NOW)) for number in range(3)) == 180


def test_old_days_are_deleted(serving: Engine) -> None:
    observe(serving, "i45")
    folder = spool_folder(serving.settings.home, "sessions", SHOP)
    first = sorted(folder.glob("*.jsonl"))
    later(serving, timedelta(days=40))
    observe(serving, "i45")
    assert len(list(folder.glob("*.jsonl"))) == 1
    assert not first[0].exists()


def test_forgetting_a_shopper_drops_live_events_in_every_process(serving: Engine, actor: Actor) -> None:
    serving.call(CatalogService.open_shop, actor=actor, shop=SHOP, title="Shop")
    name = pseudonym(load_key(serving.settings.home / "keys" / "pseudonym.key"), SHOP, "customer 9")
    replica = again(serving)
    for user in ("customer 9", "customer 10"):
        observe(serving, "i45", user_id=user)
    assert not ask(replica, user_id="customer 9").cold_start
    serving.call(ForgettingService.forget, actor=actor, shop=SHOP, shopper="customer 9")
    for process in (serving, replica):
        assert ask(process, user_id="customer 9").cold_start
        assert not ask(process, user_id="customer 10").cold_start
    assert not any(name.encode() in path.read_bytes() for path in serving.settings.home.rglob("*") if path.is_file())
    replica.close()


def test_an_event_of_nobody_or_of_nothing_is_refused(serving: Engine) -> None:
    with pytest.raises(InvalidInput, match="user_id or a session_id"):
        serving.call(RecommendationService.observe, shop=SHOP, item_id="i01", event=Act.VIEW)
    with pytest.raises(ItemNotFound):
        serving.call(RecommendationService.observe, shop=SHOP, session_id="s", item_id="gone", event=Act.VIEW)


def test_no_id_of_a_session_is_stored(serving: Engine) -> None:
    observe(serving, "i45", session_id="a-secret-cookie")
    folder = spool_folder(serving.settings.home, "sessions", SHOP)
    for path in folder.iterdir():
        assert b"a-secret-cookie" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
