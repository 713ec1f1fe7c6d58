"""Acts and times in words: "viewed on Tuesday"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.recommendation_engine.schema import Act

_DONE = {
    Act.VIEW: "viewed",
    Act.CART: "put in the cart",
    Act.FAVOURITE: "marked as a favourite",
    Act.RENTAL: "rented",
    Act.RATING: "rated",
    Act.PURCHASE: "bought",
    Act.RETURN: "sent back",
    Act.DISMISS: "dismissed",
}
_WEEK = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told(act: Act, hours_ago: float, moment: datetime | None) -> str:
    """What was done and when, such as "viewed on Tuesday"; "lately" where the present is not known."""
    if moment is None:
        return f"{_DONE[act]} lately"
    if hours_ago < 1:
        return f"{_DONE[act]} just now"
    return f"{_DONE[act]} {_day(moment - timedelta(hours=hours_ago), moment)}"


def chosen_on(day: float) -> str:
    """When something of the stored past was last chosen; `day` counts from 1970."""
    return f"chosen on {_date(_EPOCH + timedelta(days=day))}"


def _day(then: datetime, now: datetime) -> str:
    days = (now.date() - then.date()).days
    if days <= 1:
        return ("today", "yesterday")[days]
    return f"on {then:%A}" if days < _WEEK else f"on {_date(then)}"


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
