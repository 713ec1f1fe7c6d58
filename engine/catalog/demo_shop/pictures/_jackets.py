"""Jackets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.catalog.demo_shop.pictures._details import (
    buttons,
    collar,
    cuff_lines,
    lapels,
    pocket,
    welt,
    zip_line,
)
from engine.catalog.demo_shop.pictures._drape import quilting, ribs
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, box, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._upper import Upper, side

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
