"""The `reviews` table: rating, words and how the piece fitted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import DAYS, moments
from engine.catalog.demo_shop._copy import this
from engine.catalog.demo_shop._fit import FIT
from engine.catalog.demo_shop._garments import Garments, Generator
from engine.catalog.demo_shop._items import size_labels
from engine.catalog.demo_shop._orders import Lines
from engine.catalog.demo_shop._range import CATEGORIES, OCCASIONS
from engine.catalog.demo_shop._sessions import Sessions
from engine.catalog.schema import TABLES, Table

SHARE = 0.26
"""Share of pieces that are reviewed."""

_TITLES = (
    ("Disappointed", "Not for me", "Went straight back", "Expected more"),
    ("Could be better", "Not quite right", "So-so", "Mixed feelings"),
    ("It is fine", "Decent", "Nice, with reservations", "All right for the price"),
    ("Very nice", "Happy with it", "Good choice", "Lovely piece"),
    ("Love it", "Perfect", "My new favourite", "Beautiful", "Worth every cent"),
)
_VERDICTS = (
    ("It looks cheap in person and the {material} feels thin.", "Poor finish: a seam came undone on the second wear.",
     "The {shade} is nothing like the picture and the {material} scratches.", "I wanted to like {this_noun}, but sent it back the same day."),
    ("The {material} creases badly and the cut does nothing for me.", "Less well made than I hoped.",
     "Nice {shade}, but the shape is off.", "After one wash it had lost its shape."),
    ("Decent, though nothing special.", "The {shade} is pretty, the {material} could be softer.",
     "Good for {occasion}, but I would not pay the full price.", "It does what it should; the details are a little plain."),
    ("Lovely {noun}; the {shade} is just as shown.", "The {material} feels good on the skin and hangs well.",
     "Wore it for {occasion} and felt very comfortable.", "Well cut and nicely finished."),
    ("I adore {this_noun}: the {material} is beautiful and the {shade} glows.", "Got so many compliments; it is made for {occasion}.",
     "The best {noun} I have bought in years.", "Wonderful quality, falls beautifully, and the {shade} goes with everything."),
)  # fmt: skip
_FITS = (
    (
        "It runs small, take a size up.",
        "Too tight for me, although I took my usual {size}.",
        "Narrow cut; the {size} pinches.",
    ),
    ("Fits true to size.", "My usual {size} is perfect.", ""),
    (
        "It runs large, I could have taken a size down.",
        "The {size} is too wide on me.",
        "Very roomy; order smaller than usual.",
    ),
)
_OCCASION = {
    "everyday": "every day", "work": "the office", "party": "a party", "wedding": "a wedding",
    "weekend": "the weekend", "holiday": "our holiday", "sport": "an active day",
}  # fmt: skip


def table(
    rng: Generator, garments: Garments, sessions: Sessions, lines: Lines, ids: list[str], people: list[str]
) -> pa.Table:
    """Reviews of about a quarter of what was bought, one to three weeks later."""
    day = sessions.day[lines.session] + rng.integers(4, 24, len(lines.item))
    row = np.flatnonzero((rng.random(len(lines.item)) < SHARE) & (day < DAYS))
    verdict = lines.fits.verdict[row]
    rating = _ratings(rng, garments, lines, row)
    labels = size_labels(garments, lines.item[row], lines.fits.size[row])
    titles, texts = _words(rng, garments, sessions, lines, row, rating, labels)
    time = moments(day[row], rng.integers(7 * 3600, 23 * 3600, len(row)))
    columns = {
        "item_id": np.array(ids, dtype=object)[lines.item[row]],
        "shopper": np.array(people, dtype=object)[sessions.shopper[lines.session[row]]],
        "time": time,
        "rating": rating.astype(np.float64),
        "title": titles,
        "text": texts,
        "size": labels,
        "fit": np.array(FIT, dtype=object)[verdict],
        "recommended": pa.nulls(len(row), pa.bool_()),
    }
    order = np.argsort(time, kind="stable")
    return pa.table(columns).cast(TABLES[Table.REVIEWS].arrow_schema()).take(order)


def _ratings(rng: Generator, garments: Garments, lines: Lines, row: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 to 5 stars: make, fit, and whether it was sent back."""
    unfit = lines.fits.verdict[row] != 1
    liking = 4.25 + 0.45 * garments.quality[lines.item[row]] - 0.75 * unfit - 0.9 * lines.returned[row]
    return np.clip(np.round(liking + rng.normal(0, 0.75, len(row))), 1, 5).astype(np.int64)  # type: ignore[no-any-return]


def _words(
    rng: Generator,
    garments: Garments,
    sessions: Sessions,
    lines: Lines,
    row: NDArray[np.int64],
    rating: NDArray[np.int64],
    labels: list[str],
) -> tuple[list[str], list[str]]:
    """Headline and text of every review; fit is told by most who care."""
    dice = rng.random((len(row), 4))
    titles, texts = [], []
    for place, (line, stars, size) in enumerate(zip(row, rating, labels, strict=True)):
        item, verdict = lines.item[line], lines.fits.verdict[line]
        category = CATEGORIES[garments.category[item]]
        heads, bodies, fits = _TITLES[stars - 1], _VERDICTS[stars - 1], _FITS[verdict]
        said = [bodies[int(dice[place, 1] * len(bodies))]]
        if category.size != "one" and dice[place, 3] < 0.72:
            said.append(fits[int(dice[place, 2] * len(fits))])
        titles.append(heads[int(dice[place, 0] * len(heads))])
        texts.append(
            " ".join(sentence for sentence in said if sentence).format(
                noun=category.silhouettes[garments.silhouette[item]],
                this_noun=this(category.silhouettes[garments.silhouette[item]]),
                material=garments.material[item],
                shade=garments.shade[item],
                occasion=_OCCASION[OCCASIONS[sessions.occasion[lines.session[line]]]],
                size=size,
            )
        )
    return titles, texts
