"""Tops, T-shirts, shirts and blouses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.catalog.demo_shop.pictures._details import (
    collar,
    cuff_lines,
    hem_line,
    neck_band,
    neckline,
    placket,
    pocket,
)
from engine.catalog.demo_shop.pictures._drape import falling_folds, gathers, ripple
from engine.catalog.demo_shop.pictures._outline import CENTRE, Point, bezier, both, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._upper import Upper, side

TEE = Upper(
    top=150,
    neck=56,
    shoulder=134,
    slope=27,
    armpit=286,
    chest=136,
    waist=(440, 131),
    hem=(600, 138),
    sleeve=112,
    angle=34,
    cuff=46,
    drop=44,
)


def tee(upper: Upper = TEE, *, band: float = 14.0) -> Sketch:
    """A jersey T-shirt."""
    sketch = Sketch()
    masks = upper.draw(sketch)
    neck_band(sketch, upper, width=band)
    hem_line(sketch, upper, masks["body"])
    cuff_lines(sketch, upper)
    return sketch


def boxy_tee() -> Sketch:
    return tee(
        replace(
            TEE,
            shoulder=158,
            slope=32,
            chest=160,
            armpit=300,
            waist=(440, 160),
            hem=(572, 162),
            sleeve=104,
            angle=28,
            cuff=56,
            drop=36,
            fall=1.2,
            seed=5,
        ),
        band=18,
    )


def v_neck_tee() -> Sketch:
    return tee(replace(TEE, neckline="v", drop=96, neck=60, seed=9), band=12)


def long_sleeved() -> Sketch:
    """A close jersey top with long sleeves."""
    upper = replace(
        TEE,
        neckline="boat",
        neck=88,
        drop=24,
        back=12,
        shoulder=126,
        chest=122,
        waist=(440, 112),
        hem=(590, 122),
        sleeve=340,
        angle=15,
        cuff=22,
        seed=3,
    )
    return tee(upper, band=10)


def tank() -> Sketch:
    upper = Upper(
        top=156,
        neck=66,
        shoulder=98,
        slope=6,
        armpit=300,
        chest=126,
        waist=(440, 118),
        hem=(596, 126),
        neckline="scoop",
        drop=104,
        back=44,
        seed=4,
    )
    sketch = Sketch()
    masks = upper.draw(sketch)
    neck_band(sketch, upper, width=11)
    hem_line(sketch, upper, masks["body"])
    return sketch


def _strap(sketch: Sketch, start: Point, end: Point, width: float = 7.0) -> None:
    for sign in (-1, 1):
        line = bezier(start, (start[0] - 4, start[1] + 40), (end[0] + 4, end[1] - 40), end)
        sketch.part(ribbon(side(line, sign), width), level=1.2, puff=1.5, edge=3)


def camisole_bodice(
    sketch: Sketch, *, top: float, waist: tuple[float, float], hem: tuple[float, float], folds: int = 7
) -> None:
    """A bias-cut body on straps; its front falls in a soft v."""
    back = both(
        [
            *smooth([(CENTRE, top + 34), (CENTRE + 60, top + 30), (CENTRE + 112, top + 52)]),
            (CENTRE + 112, top + 90),
            (CENTRE, top + 90),
        ]
    )
    sketch.part(back, level=0.5, puff=1.0, tone=-0.26)
    _strap(sketch, (CENTRE + 66, top - 72), (CENTRE + 74, top + 6))
    neck = bezier((CENTRE, top + 58), (CENTRE + 32, top + 50), (CENTRE + 52, top + 22), (CENTRE + 74, top), steps=12)
    arm = bezier(
        (CENTRE + 74, top), (CENTRE + 84, top + 24), (CENTRE + 98, top + 56), (CENTRE + 118, top + 66), steps=12
    )
    flank = smooth([(CENTRE + 118, top + 66), (CENTRE + waist[1], waist[0]), (CENTRE + hem[1], hem[0])])
    bottom = [(CENTRE + hem[1] * 0.5, hem[0] + 8), (CENTRE, hem[0] + 10)]
    body = sketch.part(both([*neck, *arm[1:], *flank[1:], *bottom]), level=1.2, puff=4)
    ripple(sketch, body, depth=1.2, seed=2)
    falling_folds(sketch, body, top=top + 40, bottom=hem[0], count=folds, depth=3.2, seed=4)
    edge = [*side(neck, -1)[::-1], *neck[1:]]
    sketch.seam([(x, y + 6) for x, y in edge], width=2.0, depth=0.8, within=body)
    for sign in (-1, 1):
        sketch.fold(
            side([(CENTRE + 98, top + 78), (CENTRE + 60, top + 92), (CENTRE + 34, top + 84)], sign),
            width=16,
            depth=2.2,
            within=body,
        )


def camisole() -> Sketch:
    sketch = Sketch()
    camisole_bodice(sketch, top=236, waist=(440, 112), hem=(590, 128))
    return sketch


def bandeau() -> Sketch:
    """A strapless top, gathered at the middle."""
    sketch = Sketch()
    inside = both([(CENTRE, 266), (CENTRE + 124, 262), (CENTRE + 124, 292), (CENTRE, 292)])
    sketch.part(inside, level=0.5, puff=1, tone=-0.3)
    upper = [
        *bezier((CENTRE, 294), (CENTRE + 30, 268), (CENTRE + 84, 256), (CENTRE + 132, 268)),
        *smooth([(CENTRE + 132, 268), (CENTRE + 122, 400), (CENTRE + 128, 520)])[1:],
        (CENTRE + 60, 528),
        (CENTRE, 530),
    ]
    body = sketch.part(both(upper), level=1.2, puff=6)
    for sign in (-1, 1):
        for i, y in enumerate(np.linspace(300, 470, 6)):
            reach = 118 - 6 * i
            sketch.fold(
                side(
                    bezier(
                        (CENTRE + 4, 350 + i * 16),
                        (CENTRE + 40, float(y) + 26),
                        (CENTRE + 80, float(y) + 2),
                        (CENTRE + reach, float(y) - 8),
                    ),
                    sign,
                ),
                width=16,
                depth=3.2,
                within=body,
            )
    sketch.fold([(CENTRE, 300), (CENTRE + 2, 400), (CENTRE, 520)], width=16, depth=-3, within=body)
    sketch.seam(smooth([(CENTRE - 140, 508), (CENTRE, 518), (CENTRE + 140, 508)]), width=2, depth=0.8, within=body)
    return sketch


SHIRT = Upper(
    top=140,
    neck=50,
    shoulder=136,
    slope=30,
    armpit=280,
    chest=138,
    waist=(430, 132),
    hem=(636, 140),
    sag=22,
    neckline="v",
    drop=34,
    back=4,
    sleeve=330,
    angle=14,
    cuff=30,
    fall=1.15,
)


def shirt(upper: Upper = SHIRT, *, pockets: int = 1, cuffs: bool = True) -> Sketch:
    """A buttoned shirt with a collar."""
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    cuff_lines(sketch, upper, length=36 if cuffs else 20, band=cuffs)
    placket(sketch, body, top=upper.top + upper.drop, bottom=upper.hem[0] + upper.sag, count=6)
    for sign in (-1, 1):
        sketch.seam(
            side(
                smooth([(CENTRE + 52, upper.top + 10), (CENTRE + upper.shoulder - 10, upper.top + upper.slope + 28)]),
                sign,
            ),
            width=1.8,
            depth=0.6,
            within=body,
        )
    for sign in (1, -1)[:pockets]:
        left = CENTRE + (36 if sign > 0 else -106)
        pocket(sketch, left, upper.top + 152, left + 70, upper.top + 226, pointed=12)
    collar(sketch, upper)
    hem_line(sketch, upper, body, up=9)
    return sketch


def oversized_shirt() -> Sketch:
    return shirt(
        replace(
            SHIRT,
            shoulder=166,
            slope=40,
            chest=166,
            armpit=310,
            waist=(450, 164),
            hem=(668, 162),
            sleeve=300,
            angle=12,
            cuff=36,
            fall=1.5,
            seed=8,
        ),
        pockets=2,
    )


def short_shirt() -> Sketch:
    return shirt(
        replace(
            SHIRT,
            shoulder=146,
            sleeve=118,
            angle=30,
            cuff=52,
            chest=146,
            waist=(440, 144),
            hem=(600, 148),
            sag=8,
            seed=6,
        ),
        cuffs=False,
    )


BLOUSE = Upper(
    top=150,
    neck=52,
    shoulder=126,
    slope=28,
    armpit=278,
    chest=132,
    waist=(440, 130),
    hem=(610, 146),
    sag=12,
    sleeve=316,
    angle=15,
    cuff=24,
    swell=30,
    fall=1.5,
    neckline="v",
    drop=70,
)


def puff_blouse() -> Sketch:
    """A blouse with full sleeves gathered into a cuff."""
    upper = replace(BLOUSE, neckline="crew", drop=34, neck=54, swell=46, shoulder=116, seed=11)
    sketch = Sketch()
    masks = upper.draw(sketch)
    for name, grain in (("left", 0), ("right", 1)):
        gathers(sketch, masks[name], top=upper.top + 22, length=120, count=8, depth=3.0, seed=grain)
    cuff_lines(sketch, upper, length=30, band=True, puff=4)
    placket(
        sketch,
        masks["body"],
        top=upper.top + upper.drop,
        bottom=upper.hem[0] + upper.sag,
        count=7,
        half=9,
        radius=4,
        role="cloth",
    )
    gathers(sketch, masks["body"], top=upper.top + 92, length=110, count=15, depth=1.8, seed=4)
    neck_band(sketch, upper, width=18)
    hem_line(sketch, upper, masks["body"], up=9)
    return sketch


def tie_blouse() -> Sketch:
    """A fluid blouse with a bow at the neck."""
    upper = replace(BLOUSE, swell=20, drop=58, seed=12)
    sketch = Sketch()
    masks = upper.draw(sketch)
    falling_folds(sketch, masks["body"], top=300, bottom=610, count=6, depth=3.0, seed=6)
    cuff_lines(sketch, upper, length=34, band=True)
    placket(sketch, masks["body"], top=upper.top + upper.drop, bottom=upper.hem[0] + 12, count=0, half=10)
    neck_band(sketch, upper, width=24)
    y = upper.top + upper.drop + 6
    for dx, length in ((-30, 220), (24, 250)):
        tail = bezier(
            (CENTRE, y), (CENTRE + dx * 0.4, y + 60), (CENTRE + dx * 1.4, y + length * 0.6), (CENTRE + dx, y + length)
        )
        sketch.part(ribbon(tail, [16 + 20 * i / 19 for i in range(20)]), rise=2.0, puff=3, edge=8, grain=90)
    for sign in (-1, 1):
        loop = smooth(
            [(CENTRE, y), (CENTRE + 38, y - 26), (CENTRE + 86, y - 8), (CENTRE + 84, y + 34), (CENTRE + 40, y + 22)],
            closed=True,
        )
        sketch.part(side(loop, sign), rise=2.5, puff=6, edge=10, grain=sign * 70)
        sketch.fold(side([(CENTRE + 6, y + 2), (CENTRE + 34, y + 4), (CENTRE + 62, y + 10)], sign), width=12, depth=-3)
    sketch.part(
        smooth(
            [(CENTRE - 15, y - 16), (CENTRE + 15, y - 16), (CENTRE + 17, y + 18), (CENTRE - 17, y + 18)], closed=True
        ),
        rise=2.0,
        puff=5,
        edge=8,
    )
    return sketch


def ruffle_blouse() -> Sketch:
    """A blouse with ruffles at the neck, over the front and at the cuffs."""
    upper = replace(BLOUSE, neckline="crew", swell=14, drop=40, seed=13)
    sketch = Sketch()
    masks = upper.draw(sketch)
    cuff_lines(sketch, upper, length=40, band=True, puff=6)
    line = neckline(upper)
    for width, level in ((46.0, 3.2), (28.0, 3.8)):
        mask = sketch.part(ribbon(line, width), level=level, puff=3.0, edge=6)
        ripple(sketch, mask, depth=1.6, tall=14, wide=6, seed=int(width))
    for x, level in ((-24, 2.0), (24, 2.2)):
        front = [
            (CENTRE + x + 7 * np.sin(y / 26), float(y))
            for y in np.linspace(upper.top + upper.drop, upper.hem[0] - 90, 34)
        ]
        mask = sketch.part(ribbon(front, list(18 + 22 * np.sin(np.linspace(0.9, 3.0, 34)))), rise=level, puff=3, edge=7)
        ripple(sketch, mask, depth=1.8, tall=5, wide=9, seed=3)
    hem_line(sketch, upper, masks["body"], up=9)
    return sketch
