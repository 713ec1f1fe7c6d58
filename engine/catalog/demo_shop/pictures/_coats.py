"""Blazers and coats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.catalog.demo_shop.pictures._details import (
    belt,
    buttons,
    centre_line,
    cuff_lines,
    lapels,
    pocket,
    welt,
)
from engine.catalog.demo_shop.pictures._outline import CENTRE, Point, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._upper import Upper, side

BLAZER = Upper(
    top=146,
    neck=46,
    shoulder=140,
    slope=26,
    armpit=292,
    chest=136,
    waist=(420, 122),
    hem=(628, 142),
    sag=8,
    neckline="v",
    drop=236,
    back=6,
    sleeve=344,
    angle=11,
    cuff=31,
    swell=6,
    puff=6,
    fall=0.8,
    seed=51,
)


def _tailored(upper: Upper, *, rows: int, width: float, double: bool, peak: float, lapel: float) -> Sketch:
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    top = upper.top + upper.drop
    edge = CENTRE - (34 if double else 0)
    sketch.seam(
        smooth([(CENTRE, top), (edge, top + 40), (edge, upper.hem[0] - 60), (edge + 26, upper.hem[0] + 14)]),
        width=3,
        depth=1.8,
        within=body,
    )
    for sign in (-1, 1):
        sketch.seam(
            side(
                smooth([(CENTRE + 70, top - 30), (CENTRE + 78, upper.waist[0]), (CENTRE + 84, upper.waist[0] + 74)]),
                sign,
            ),
            width=2,
            depth=0.9,
            within=body,
        )
        y = upper.waist[0] + 82
        welt(sketch, *side([(CENTRE + 52, y + 2), (CENTRE + 120, y - 4)], sign), width=20)
        _cuff_buttons(sketch, upper, sign)
    lapels(sketch, upper, width=lapel, peak=peak)
    if not double:
        welt(sketch, (CENTRE + 62, upper.top + 170), (CENTRE + 104, upper.top + 160), width=12)
    ys = np.linspace(top + 24, top + 24 + 74 * (rows - 1), rows)
    places: list[Point] = [(CENTRE + x, float(y)) for y in ys for x in ((-width, width) if double else (0.0,))]
    buttons(sketch, places, radius=8)
    return sketch


def _cuff_buttons(sketch: Sketch, upper: Upper, sign: int) -> None:
    end, _, inner = upper.sleeve_end()
    across = ((inner[0] - end[0]) / upper.cuff, (inner[1] - end[1]) / upper.cuff)
    up = (np.sin(np.deg2rad(upper.angle)), np.cos(np.deg2rad(upper.angle)))
    places = [(end[0] + across[0] * 16 - up[0] * d, end[1] + across[1] * 16 - up[1] * d) for d in (16, 31, 46)]
    buttons(sketch, side(places, sign), radius=4.5)


def single() -> Sketch:
    return _tailored(BLAZER, rows=2, width=0, double=False, peak=0, lapel=66)


def double() -> Sketch:
    return _tailored(
        replace(BLAZER, drop=206, waist=(430, 128), hem=(634, 146), seed=52),
        rows=3,
        width=38,
        double=True,
        peak=26,
        lapel=78,
    )


COAT = Upper(
    top=104,
    neck=48,
    shoulder=146,
    slope=28,
    armpit=262,
    chest=146,
    waist=(420, 140),
    hem=(700, 166),
    sag=8,
    neckline="v",
    drop=196,
    back=6,
    sleeve=356,
    angle=10,
    cuff=36,
    swell=6,
    puff=7,
    fall=0.9,
    seed=61,
)


def wool_coat() -> Sketch:
    """A long single-breasted coat."""
    sketch = Sketch()
    body = COAT.draw(sketch)["body"]
    centre_line(sketch, body, top=COAT.top + COAT.drop, bottom=COAT.hem[0] + 10, x=CENTRE - 16)
    for sign in (-1, 1):
        pocket(sketch, CENTRE + (58 if sign > 0 else -128), 474, CENTRE + (128 if sign > 0 else -58), 560, flap=20)
    cuff_lines(sketch, COAT, length=30)
    lapels(sketch, COAT, width=72)
    buttons(sketch, [(CENTRE, float(y)) for y in (326, 410, 494)], radius=9)
    return sketch


def trench() -> Sketch:
    """A belted, double-breasted trench coat."""
    upper = replace(COAT, drop=150, waist=(408, 126), hem=(690, 178), seed=63)
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    centre_line(sketch, body, top=upper.top + upper.drop, bottom=700, x=CENTRE - 40)
    for sign in (-1, 1):
        flap = [
            (CENTRE + 52, upper.top + 20),
            (CENTRE + 138, upper.top + 36),
            (CENTRE + 132, upper.top + 140),
            (CENTRE + 76, upper.top + 152),
            (CENTRE + 46, upper.top + 126),
        ]
        if sign < 0:
            sketch.part(side(flap, sign), rise=1.4, puff=1.2, edge=5, within=body)
        welt(sketch, *side([(CENTRE + 74, 470), (CENTRE + 112, 550)], sign), width=16)
        sketch.part(side(upper.cuff_band(64), sign), rise=0.8, puff=1, edge=4, grain=-sign * upper.angle)
        tab = [(CENTRE + upper.neck + 26, upper.top + 8), (CENTRE + upper.shoulder + 2, upper.top + upper.slope + 2)]
        sketch.part(ribbon(side([(x, y + 6) for x, y in tab], sign), 20), rise=1.6, puff=1.4, edge=4)
        buttons(sketch, side([(CENTRE + upper.neck + 40, upper.top + 18)], sign), radius=5)
    lapels(sketch, upper, width=82, notch=0.46)
    buttons(sketch, [(CENTRE + x, y) for y in (284.0, 350.0, 474.0, 548.0) for x in (-46.0, 46.0)], radius=8)
    belt(sketch, body, y=408, height=30)
    return sketch


def wrap_coat() -> Sketch:
    """A soft coat held by a tied belt."""
    upper = replace(
        COAT,
        drop=270,
        neck=52,
        shoulder=156,
        slope=38,
        waist=(408, 132),
        hem=(704, 162),
        sleeve=340,
        cuff=40,
        swell=12,
        fall=1.3,
        seed=65,
    )
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    centre_line(sketch, body, top=upper.top + upper.drop, bottom=712, x=CENTRE - 24)
    for sign in (-1, 1):
        welt(sketch, *side([(CENTRE + 70, 486), (CENTRE + 118, 560)], sign), width=18)
    lapels(sketch, upper, width=74, notch=0.30)
    belt(sketch, body, y=410, height=34, knot=True)
    return sketch
