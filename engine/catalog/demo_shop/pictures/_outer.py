"""Jackets, blazers and coats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.catalog.demo_shop.pictures._details import (
    belt,
    buttons,
    centre_line,
    collar,
    cuff_lines,
    lapels,
    pocket,
    welt,
    zip_line,
)
from engine.catalog.demo_shop.pictures._drape import quilting, ribs
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Point, box, ribbon, smooth
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


SHORT = Upper(
    top=156,
    neck=50,
    shoulder=140,
    slope=30,
    armpit=300,
    chest=142,
    waist=(440, 136),
    hem=(560, 134),
    sag=6,
    neckline="v",
    drop=54,
    back=6,
    sleeve=318,
    angle=13,
    cuff=32,
    swell=8,
    puff=7,
    fall=1.2,
    seed=71,
)


def biker() -> Sketch:
    """A leather jacket with an asymmetric zip."""
    upper = replace(SHORT, drop=140, fall=1.5, hem=(556, 130), seed=72)
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    for sign in (-1, 1):
        zip_line(sketch, side([(CENTRE + 62, 470), (CENTRE + 112, 410)], sign), width=4)
        sketch.seam(
            side(smooth([(CENTRE + 132, 236), (CENTRE + 84, 250), (CENTRE + 40, 268)]), sign),
            width=2.4,
            depth=1.1,
            within=body,
        )
        _, outer, inner = upper.sleeve_end()
        zip_line(
            sketch,
            side(
                [
                    ((outer[0] + inner[0]) / 2 - 20, inner[1] - 70),
                    ((outer[0] + inner[0]) / 2 - 4, (outer[1] + inner[1]) / 2 - 4),
                ],
                sign,
            ),
            width=3,
        )
    lapels(sketch, replace(upper, drop=176), width=84, notch=0.40, overlap=34)
    zip_line(sketch, smooth([(CENTRE - 34, upper.top + 176), (CENTRE - 44, 440), (CENTRE - 40, 556)]), width=5)
    sketch.part(
        ribbon(smooth([(CENTRE - 150, 538), (CENTRE, 548), (CENTRE + 150, 538)]), 32),
        rise=1.4,
        puff=1.5,
        edge=5,
        within=body,
    )
    sketch.part(box(CENTRE - 14, 528, CENTRE + 20, 566, radius=4), role="metal", rise=1.4, puff=2, edge=3)
    sketch.part(box(CENTRE - 7, 535, CENTRE + 13, 559, radius=3), rise=-0.8, puff=1, edge=3)
    return sketch


def denim_jacket() -> Sketch:
    """A trucker jacket with topstitching."""
    upper = replace(SHORT, drop=36, seed=73)
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    yoke = smooth([(CENTRE - 150, 262), (CENTRE - 70, 272), (CENTRE, 274), (CENTRE + 70, 272), (CENTRE + 150, 262)])
    sketch.seam(yoke, width=3, depth=1.4, within=body)
    sketch.stitch([(x, y + 6) for x, y in yoke])
    for sign in (-1, 1):
        pocket(
            sketch,
            CENTRE + (40 if sign > 0 else -106),
            276,
            CENTRE + (106 if sign > 0 else -40),
            340,
            flap=22,
            pointed=12,
        )
        buttons(sketch, [(CENTRE + sign * 73, 302)], radius=5, role="metal")
        for start, end in (((CENTRE + 52, 354), (CENTRE + 34, 530)), ((CENTRE + 96, 354), (CENTRE + 76, 530))):
            line = side([start, end], sign)
            sketch.seam(line, width=2.6, depth=1.1, within=body)
            sketch.stitch([(x + 5, y) for x, y in line])
    sketch.part(
        ribbon(smooth([(CENTRE - 150, 546), (CENTRE, 552), (CENTRE + 150, 546)]), 32),
        rise=1.3,
        puff=1.2,
        edge=5,
        within=body,
    )
    sketch.stitch(smooth([(CENTRE - 132, 536), (CENTRE, 542), (CENTRE + 132, 536)]))
    cuff_lines(sketch, upper, length=32, band=True)
    sketch.part(box(CENTRE - 16, upper.top + upper.drop, CENTRE + 16, 572), rise=1.0, puff=0.6, edge=3, within=body)
    for x in (-12, 12):
        sketch.stitch([(CENTRE + x, upper.top + 60), (CENTRE + x, 564)])
    buttons(sketch, [(CENTRE, float(y)) for y in np.linspace(224, 552, 6)], radius=6.5, role="metal")
    collar(sketch, upper, point=56, spread=60)
    return sketch


def _ribbed(sketch: Sketch, upper: Upper, body: Floats) -> None:
    """Ribbed hem and cuffs of a blouson."""
    hem = sketch.part(
        ribbon(smooth([(CENTRE - 150, 548), (CENTRE, 554), (CENTRE + 150, 548)]), 44),
        rise=-1.5,
        puff=1.5,
        edge=6,
        within=body,
        role="trim",
    )
    ribs(sketch, hem, period=4.4, depth=0.7)
    for sign in (-1, 1):
        cuff = sketch.part(
            side(upper.cuff_band(42), sign), rise=-1.5, puff=1.5, edge=6, grain=-sign * upper.angle, role="trim"
        )
        ribs(sketch, cuff, period=4.4, depth=0.7, angle=-sign * upper.angle)


def bomber() -> Sketch:
    """A zipped blouson with ribbed edges."""
    upper = replace(
        SHORT,
        neckline="crew",
        neck=52,
        drop=24,
        shoulder=148,
        chest=150,
        waist=(440, 152),
        hem=(570, 140),
        swell=18,
        fall=1.5,
        seed=75,
    )
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    _ribbed(sketch, upper, body)
    neck = smooth(
        [
            (CENTRE - 54, upper.top - 2),
            (CENTRE - 34, upper.top + 20),
            (CENTRE, upper.top + 27),
            (CENTRE + 34, upper.top + 20),
            (CENTRE + 54, upper.top - 2),
        ]
    )
    band = sketch.part(ribbon(neck, 32), level=3.8, puff=3, edge=7, role="trim")
    ribs(sketch, band, period=4.4, depth=0.6)
    zip_line(sketch, [(CENTRE, upper.top + 14), (CENTRE, 568)], width=6)
    for sign in (-1, 1):
        welt(sketch, *side([(CENTRE + 66, 400), (CENTRE + 100, 480)], sign), width=14)
    return sketch


def puffer() -> Sketch:
    """A down jacket with a stand-up collar."""
    upper = replace(
        SHORT,
        neckline="crew",
        neck=56,
        drop=22,
        shoulder=158,
        slope=34,
        chest=164,
        armpit=312,
        waist=(440, 168),
        hem=(592, 162),
        sleeve=306,
        cuff=42,
        swell=24,
        puff=11,
        fall=0.4,
        seed=77,
    )
    sketch = Sketch()
    masks = upper.draw(sketch)
    quilting(sketch, masks["body"], period=52, depth=7, offset=150)
    for name, angle in (("left", 13), ("right", -13)):
        visible = masks[name] * (1 - masks["body"])
        quilting(sketch, visible, period=46, depth=6, angle=angle, offset=140)
    stand = [
        (CENTRE - 62, upper.top + 22),
        (CENTRE - 58, upper.top - 44),
        (CENTRE, upper.top - 52),
        (CENTRE + 58, upper.top - 44),
        (CENTRE + 62, upper.top + 22),
        (CENTRE, upper.top + 38),
    ]
    mask = sketch.part(smooth(stand, closed=True), level=4, puff=7, edge=12)
    quilting(sketch, mask, period=40, depth=4, offset=upper.top - 6)
    zip_line(sketch, [(CENTRE, upper.top - 34), (CENTRE, 586)], width=6)
    return sketch
