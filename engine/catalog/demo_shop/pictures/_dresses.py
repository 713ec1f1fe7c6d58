"""Dresses: a bodice and a skirt."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.demo_shop.pictures._bottoms import skirt_outline
from engine.catalog.demo_shop.pictures._details import belt, collar, cuff_lines, neck_band, neckline, placket, pocket
from engine.catalog.demo_shop.pictures._drape import creases, falling_folds, gathers
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, bezier, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._tops import camisole_bodice
from engine.catalog.demo_shop.pictures._upper import Upper, side

BODICE = Upper(
    top=104,
    neck=56,
    shoulder=112,
    slope=24,
    armpit=226,
    chest=114,
    waist=(320, 96),
    hem=(356, 90),
    sag=4,
    puff=5,
    fall=1.0,
    seed=81,
)


def slip() -> Sketch:
    """A bias-cut slip dress."""
    sketch = Sketch()
    camisole_bodice(sketch, top=150, waist=(330, 102), hem=(676, 146), folds=6)
    return sketch


def shift() -> Sketch:
    """A straight dress with short sleeves."""
    upper = replace(
        BODICE,
        neckline="boat",
        neck=72,
        drop=26,
        back=14,
        armpit=236,
        chest=122,
        waist=(380, 126),
        hem=(600, 146),
        sleeve=100,
        angle=26,
        cuff=42,
        sag=9,
        seed=82,
    )
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    for sign in (-1, 1):
        sketch.seam(side([(CENTRE + 118, 262), (CENTRE + 66, 244)], sign), width=2, depth=0.9, within=body)
    cuff_lines(sketch, upper)
    neck_band(sketch, upper, width=10)
    sketch.seam([(CENTRE - 160, 586), (CENTRE + 160, 586)], width=2, depth=0.8, within=body)
    return sketch


def _with_skirt(
    upper: Upper, *, bottom: float, hem: float, hip: float, folds: int, depth: float, seed: int
) -> tuple[Sketch, dict[str, Floats]]:
    """Bodice and skirt, joined at the waist."""
    sketch = Sketch()
    waist_y, waist = upper.hem
    masks = upper.draw(sketch)
    skirt = sketch.part(skirt_outline(top=waist_y - 5, waist=waist, bottom=bottom, hem=hem, hip=hip), level=1.4, puff=5)
    falling_folds(sketch, skirt, top=waist_y, bottom=bottom, count=folds, depth=depth, seed=seed)
    sketch.seam(
        [(CENTRE - waist - 4, waist_y - 2), (CENTRE, waist_y + 2), (CENTRE + waist + 4, waist_y - 2)],
        width=3,
        depth=1.2,
    )
    masks["skirt"] = skirt
    return sketch, masks


def skater() -> Sketch:
    """A sleeveless dress with a fitted bodice and a full skirt."""
    upper = replace(BODICE, neckline="scoop", drop=60, neck=64, shoulder=96, slope=10, hem=(346, 88), seed=83)
    sketch, masks = _with_skirt(upper, bottom=590, hem=196, hip=26, folds=8, depth=6.5, seed=3)
    for sign in (-1, 1):
        sketch.seam(
            side(smooth([(CENTRE + 96, 236), (CENTRE + 52, 290), (CENTRE + 44, 344)]), sign),
            width=2,
            depth=0.9,
            within=masks["body"],
        )
    neck_band(sketch, upper, width=9)
    return sketch


def maxi() -> Sketch:
    """A long tiered dress with small flounces at the shoulders."""
    upper = replace(
        BODICE,
        top=72,
        armpit=172,
        chest=96,
        waist=(238, 80),
        neckline="v",
        drop=96,
        neck=52,
        shoulder=92,
        hem=(268, 76),
        sleeve=58,
        angle=38,
        cuff=42,
        swell=8,
        fall=1.2,
        seed=84,
    )
    sketch, masks = _with_skirt(upper, bottom=726, hem=186, hip=26, folds=8, depth=5.5, seed=7)
    skirt = masks["skirt"]
    for y in (402, 556):
        sketch.seam(
            smooth([(CENTRE - 230, y - 16), (CENTRE, y), (CENTRE + 230, y - 16)]), width=3.5, depth=1.8, within=skirt
        )
        gathers(sketch, skirt, top=y, length=60, count=17, depth=2.2, seed=y)
    gathers(sketch, skirt, top=272, length=60, count=13, depth=2.2, seed=5)
    neck_band(sketch, upper, width=10)
    return sketch


def wrap() -> Sketch:
    """A wrap dress, tied at the side."""
    upper = replace(
        BODICE,
        neckline="v",
        drop=178,
        neck=56,
        shoulder=116,
        hem=(352, 94),
        waist=(310, 100),
        sleeve=210,
        angle=18,
        cuff=38,
        swell=10,
        fall=1.2,
        seed=85,
    )
    sketch, masks = _with_skirt(upper, bottom=640, hem=166, hip=34, folds=5, depth=4.5, seed=9)
    body, skirt = masks["body"], masks["skirt"]
    line = neckline(upper)
    sketch.part(ribbon(line, 11), level=3.2, puff=1.5, edge=4)
    cross = bezier((CENTRE, upper.top + upper.drop), (CENTRE - 30, 316), (CENTRE - 58, 336), (CENTRE - 86, 350))
    sketch.seam(cross, width=3.2, depth=1.8, within=body)
    for dx in (26, 52, 78):
        sketch.fold(
            bezier(
                (CENTRE + dx + 20, 250 + dx * 0.5), (CENTRE + dx * 0.4, 300), (CENTRE - 30, 326), (CENTRE - 78, 346)
            ),
            width=14,
            depth=2.4,
            within=body,
        )
    edge = bezier((CENTRE - 76, 358), (CENTRE - 30, 470), (CENTRE + 20, 570), (CENTRE + 70, 660))
    sketch.seam(edge, width=4, depth=2.4, within=skirt)
    creases(
        sketch,
        [((CENTRE - 78, 362), (CENTRE + 60, 440), 0.08), ((CENTRE - 78, 366), (CENTRE + 10, 520), 0.08)],
        width=22,
        depth=3.0,
        within=skirt,
    )
    cuff_lines(sketch, upper)
    sketch.part(ribbon(smooth([(CENTRE - 98, 352), (CENTRE, 358), (CENTRE + 98, 352)]), 20), rise=1.4, puff=1.5, edge=5)
    for dx, length in ((-12, 120), (10, 144)):
        tail = bezier(
            (CENTRE - 72, 356), (CENTRE - 74 + dx * 0.5, 400), (CENTRE - 72 + dx, 440), (CENTRE - 74 + dx, 356 + length)
        )
        sketch.part(ribbon(tail, 15), rise=2.0, puff=2, edge=5, grain=90)
    sketch.part(
        smooth([(CENTRE - 86, 344), (CENTRE - 60, 344), (CENTRE - 58, 368), (CENTRE - 86, 370)], closed=True),
        rise=2.2,
        puff=3,
        edge=6,
    )
    return sketch


def shirt_dress() -> Sketch:
    """A belted dress with a shirt's collar and buttons."""
    upper = replace(
        BODICE,
        neckline="v",
        drop=34,
        back=4,
        neck=50,
        shoulder=130,
        slope=30,
        armpit=250,
        chest=128,
        waist=(330, 112),
        hem=(370, 104),
        sleeve=170,
        angle=20,
        cuff=44,
        seed=86,
    )
    sketch, masks = _with_skirt(upper, bottom=650, hem=164, hip=30, folds=6, depth=4.0, seed=11)
    whole = masks["body"] + masks["skirt"]
    cuff_lines(sketch, upper, length=28, band=True)
    placket(sketch, whole.clip(0, 1), top=upper.top + upper.drop, bottom=668, count=8)
    for x in (-96, 36):
        pocket(sketch, CENTRE + x, 214, CENTRE + x + 60, 276, flap=16)
    collar(sketch, upper)
    belt(sketch, sketch.cover, y=366, height=26, half=112, role="trim")
    return sketch


def bodycon() -> Sketch:
    """A close midi dress with long sleeves."""
    upper = replace(
        BODICE,
        neckline="square",
        neck=70,
        drop=70,
        back=20,
        shoulder=112,
        armpit=228,
        chest=110,
        waist=(346, 92),
        hip=(456, 122),
        hem=(664, 100),
        sag=4,
        sleeve=300,
        angle=14,
        cuff=22,
        fall=0.6,
        seed=87,
    )
    sketch = Sketch()
    body = upper.draw(sketch)["body"]
    creases(
        sketch,
        [((CENTRE + 92, 330), (CENTRE + 30, 346), 0.1), ((CENTRE + 94, 356), (CENTRE + 26, 374), -0.1)],
        width=16,
        depth=2.0,
        within=body,
        mirrored=True,
    )
    creases(
        sketch,
        [((CENTRE + 112, 440), (CENTRE + 34, 462), 0.1), ((CENTRE + 104, 560), (CENTRE + 46, 470), 0.06)],
        width=20,
        depth=2.0,
        within=body,
        mirrored=True,
    )
    cuff_lines(sketch, upper)
    neck_band(sketch, upper, width=9)
    sketch.seam([(CENTRE - 130, 652), (CENTRE + 130, 652)], width=2, depth=0.8, within=body)
    return sketch
