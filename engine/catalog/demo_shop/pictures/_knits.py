"""Knitwear: heavier cloth, ribbed edges, and stitches that show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.catalog.demo_shop.pictures._details import buttons, neckline
from engine.catalog.demo_shop.pictures._drape import ribs
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Path, both, box, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch, coverage, soften
from engine.catalog.demo_shop.pictures._upper import Upper, side

JUMPER = Upper(
    top=148,
    neck=54,
    shoulder=142,
    slope=34,
    armpit=290,
    chest=144,
    waist=(440, 142),
    hem=(582, 134),
    sag=6,
    drop=42,
    sleeve=318,
    angle=14,
    cuff=28,
    swell=10,
    puff=8,
    fall=1.35,
    seed=21,
)


def _rib_hem(sketch: Sketch, upper: Upper, *, height: float = 44.0) -> None:
    """Ribbing at the hem, drawn in a little."""
    hy, hw = upper.hem
    line = [
        *smooth(
            [
                (CENTRE, hy + upper.sag - height * 0.4),
                (CENTRE + hw * 0.5, hy - height * 0.42),
                (CENTRE + hw + 1, hy - height * 0.5),
            ]
        ),
        (CENTRE + hw - 4, hy + height * 0.5),
    ]
    bottom = [(CENTRE + hw * 0.5, hy + height * 0.5 + 5), (CENTRE, hy + height * 0.5 + upper.sag)]
    mask = sketch.part(both([*line, *bottom]), level=2.5, puff=6, edge=8)
    ribs(sketch, mask, period=4.4, depth=0.75)


def _rib_cuffs(sketch: Sketch, upper: Upper) -> None:
    for sign in (-1, 1):
        outline = side(upper.cuff_band(46), sign)
        mask = sketch.part(outline, rise=0.6, puff=1.5, edge=8, grain=-sign * upper.angle)
        ribs(sketch, mask, period=4.4, depth=0.75, angle=-sign * upper.angle)
        sketch.seam([outline[3], outline[2]], width=3, depth=0.9)


def _rib_band(sketch: Sketch, upper: Upper, *, width: float = 24.0) -> None:
    low = upper.top + upper.back
    back = smooth([(CENTRE - upper.neck, upper.top), (CENTRE, low), (CENTRE + upper.neck, upper.top)])
    behind = sketch.part(ribbon(back, width * 0.8), level=0.8, puff=2, edge=5, tone=-0.12)
    front = sketch.part(ribbon(neckline(upper), width), level=2.4, puff=3.2, edge=6)
    for mask in (behind, front):
        ribs(sketch, mask, period=4.4, depth=0.6)


def _body(upper: Upper) -> tuple[Sketch, dict[str, Floats]]:
    sketch = Sketch()
    masks = upper.draw(sketch)
    _rib_hem(sketch, upper)
    _rib_cuffs(sketch, upper)
    return sketch, masks


def crew() -> Sketch:
    """A round-necked jumper."""
    sketch, _ = _body(JUMPER)
    _rib_band(sketch, JUMPER)
    return sketch


def roll_neck() -> Sketch:
    """A jumper with a turned collar."""
    upper = replace(JUMPER, neck=50, drop=20, shoulder=134, chest=136, waist=(440, 130), hem=(596, 126), seed=23)
    sketch, _ = _body(upper)
    top = upper.top
    tube = both(
        [
            *smooth([(CENTRE, top - 62), (CENTRE + 42, top - 64), (CENTRE + 50, top - 54)]),
            *smooth([(CENTRE + 54, top - 20), (CENTRE + 58, top + 10)]),
            *smooth([(CENTRE + 30, top + 24), (CENTRE, top + 28)]),
        ]
    )
    mask = sketch.part(tube, level=2.6, puff=7, edge=12)
    fold = both(
        [
            *smooth([(CENTRE, top - 62), (CENTRE + 42, top - 64), (CENTRE + 50, top - 54)]),
            *smooth([(CENTRE + 56, top - 16), (CENTRE + 52, top - 6)]),
            *smooth([(CENTRE + 28, top + 2), (CENTRE, top + 4)]),
        ]
    )
    over = sketch.part(fold, level=3.4, puff=6, edge=10)
    for part in (mask, over):
        ribs(sketch, part, period=4.4, depth=0.5)
    return sketch


def cardigan() -> Sketch:
    """A buttoned v-neck cardigan."""
    upper = replace(JUMPER, neckline="v", drop=170, neck=52, hem=(606, 140), waist=(440, 144), seed=25)
    sketch, _ = _body(upper)
    bottom = upper.hem[0] + 26
    band = [*neckline(upper)[: len(neckline(upper)) // 2 + 1]]
    for sign in (-1, 1):
        line = band if sign < 0 else side(band, -1)
        edge = sketch.part(ribbon([*line, (CENTRE + 2, bottom)], 26), level=3.4, puff=3, edge=6)
        ribs(sketch, edge, period=4.4, depth=0.6, angle=90)
    sketch.seam([(CENTRE + 12, upper.top + upper.drop), (CENTRE + 12, bottom)], width=2.5, depth=1.4)
    buttons(sketch, [(CENTRE, float(y)) for y in np.linspace(upper.top + upper.drop + 18, bottom - 24, 6)], radius=7)
    for sign in (-1, 1):
        mask = sketch.part(side(box(CENTRE + 42, 500, CENTRE + 112, 518), sign), rise=1.2, puff=1.2, edge=4)
        ribs(sketch, mask, period=4.4, depth=0.5)
    return sketch


def cable() -> Sketch:
    """A heavy jumper with cables down the front."""
    upper = replace(JUMPER, puff=9, fall=0.9, seed=27)
    sketch, masks = _body(upper)
    for x, width in ((0.0, 26.0), (-62.0, 19.0), (62.0, 19.0), (-104.0, 13.0), (104.0, 13.0)):
        for phase in (0.0, np.pi):
            line = [
                (CENTRE + x + width * 0.55 * np.sin(y / 15 + phase), float(y))
                for y in np.arange(upper.top + 30, upper.hem[0] - 18, 5.0)
            ]
            strand = _strand(line, width * 0.62, masks["body"])
            over = 0.5 + 0.5 * np.cos(np.arange(strand.shape[0]) / 0.6 / 15 + phase)
            sketch.height += (3.0 * strand * (0.45 + 0.55 * over[:, None])).astype(np.float32)
    for x in (-84.0, -36.0, 36.0, 84.0):
        sketch.fold(
            [(CENTRE + x, upper.top + 34.0), (CENTRE + x, 330.0), (CENTRE + x, upper.hem[0] - 22)],
            width=9,
            depth=-2.0,
            within=masks["body"],
        )
    _rib_band(sketch, upper, width=26)
    return sketch


def _strand(line: Path, width: float, within: Floats) -> Floats:
    """A soft strand along `line`."""
    return soften(coverage(ribbon(line, width)), 1) * within
