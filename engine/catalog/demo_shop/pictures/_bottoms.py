"""Skirts, trousers, jeans and shorts."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.demo_shop.pictures._details import buttons, centre_line
from engine.catalog.demo_shop.pictures._drape import creases, falling_folds, pleats, ripple, wash
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Point, bezier, both, box, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._upper import side


def skirt_outline(
    *, top: float, waist: float, bottom: float, hem: float, hip: float = 0.0, sag: float = 14.0
) -> list[Point]:
    """A skirt from the waist (half width) down; `hip` is how far its sides bulge."""
    length = bottom - top
    flank = bezier(
        (CENTRE + waist, top),
        (CENTRE + waist + hip, top + length * 0.22),
        (CENTRE + hem - (hem - waist) * 0.32 + hip * 0.4, bottom - length * 0.40),
        (CENTRE + hem, bottom),
        steps=24,
    )
    edge = smooth([(CENTRE + hem, bottom), (CENTRE + hem * 0.55, bottom + sag * 0.8), (CENTRE, bottom + sag)])
    return both([(CENTRE, top + 4), (CENTRE + waist * 0.5, top + 3), *flank, *edge[1:]])


def waistband(sketch: Sketch, *, top: float, half: float, height: float = 28.0, button: bool = False) -> None:
    """A band at the waist, with the back of it seen inside."""
    sketch.part(
        both(
            [
                (CENTRE, top + 3),
                (CENTRE + half * 0.6, top - 1),
                (CENTRE + half - 2, top - 4),
                (CENTRE + half - 4, top + 12),
                (CENTRE, top + 12),
            ]
        ),
        level=0.8,
        puff=1,
        tone=-0.30,
    )
    band = both(
        [
            *smooth([(CENTRE, top + 10), (CENTRE + half * 0.55, top + 6), (CENTRE + half - 1, top - 3)]),
            (CENTRE + half + 4, top + height - 4),
            (CENTRE + half * 0.55, top + height + 4),
            (CENTRE, top + height + 8),
        ]
    )
    sketch.part(band, level=3.2, puff=2.4, edge=6)
    sketch.seam(
        smooth(
            [(CENTRE - half - 4, top + height - 3), (CENTRE, top + height + 8), (CENTRE + half + 4, top + height - 3)]
        ),
        width=2.4,
        depth=1.2,
    )
    if button:
        buttons(sketch, [(CENTRE + 3, top + height * 0.5 + 9)], radius=6, role="metal")


def mini() -> Sketch:
    sketch = Sketch()
    body = sketch.part(skirt_outline(top=196, waist=96, bottom=520, hem=172, hip=30), level=1.2, puff=5)
    ripple(sketch, body, depth=1.0, seed=31)
    falling_folds(sketch, body, top=250, bottom=520, count=5, depth=4.0, seed=8)
    waistband(sketch, top=192, half=97)
    sketch.seam(smooth([(CENTRE - 180, 504), (CENTRE, 519), (CENTRE + 180, 504)]), width=2, depth=0.8, within=body)
    return sketch


def pleated() -> Sketch:
    sketch = Sketch()
    body = sketch.part(skirt_outline(top=156, waist=88, bottom=630, hem=190, hip=14), level=1.2, puff=4)
    pleats(sketch, body, top=186, bottom=630, count=15, depth=4.2)
    waistband(sketch, top=152, half=89)
    return sketch


def pencil() -> Sketch:
    sketch = Sketch()
    body = sketch.part(skirt_outline(top=160, waist=92, bottom=600, hem=112, hip=46, sag=5), level=1.2, puff=6)
    ripple(sketch, body, depth=1.0, seed=33)
    creases(
        sketch,
        [((376, 250), (318, 268), 0.10), ((386, 292), (322, 300), 0.08), ((372, 560), (350, 420), 0.05)],
        width=22,
        depth=2.0,
        within=body,
        mirrored=True,
    )
    for x in (-44, 44):
        sketch.seam([(CENTRE + x, 184), (CENTRE + x * 1.15, 262)], width=2, depth=0.9, within=body)
    sketch.seam([(CENTRE - 130, 588), (CENTRE + 130, 588)], width=2, depth=0.8, within=body)
    sketch.seam([(CENTRE, 500), (CENTRE, 610)], width=4, depth=3.0, within=body)
    waistband(sketch, top=156, half=93)
    return sketch


def maxi_skirt() -> Sketch:
    sketch = Sketch()
    body = sketch.part(skirt_outline(top=112, waist=84, bottom=684, hem=204, hip=22, sag=18), level=1.2, puff=5)
    falling_folds(sketch, body, top=150, bottom=684, count=8, depth=6.0, seed=12)
    for y in (330, 516):
        line = smooth([(CENTRE - 220, y - 14), (CENTRE, y), (CENTRE + 220, y - 14)])
        sketch.seam(line, width=3, depth=1.6, within=body)
    waistband(sketch, top=108, half=85, height=24)
    return sketch


@dataclass(frozen=True, kw_only=True)
class Legs:
    """Measures of trousers, in design units from the centre."""

    top: float = 116.0
    waist: float = 92.0
    hip: float = 128.0
    crotch: float = 330.0
    knee: float = 112.0
    bottom: float = 700.0
    outer: float = 118.0
    inner: float = 34.0
    jeans: bool = False
    crease: bool = False
    cuff: bool = False

    def leg(self) -> list[Point]:
        """The right leg."""
        middle = (self.crotch + self.bottom) / 2
        flank = smooth(
            [
                (CENTRE + self.waist, self.top),
                (CENTRE + self.hip, self.top + (self.crotch - self.top) * 0.72),
                (CENTRE + (self.hip * 0.35 + self.knee * 0.65), middle - 20),
                (CENTRE + self.outer, self.bottom),
            ]
        )
        inseam = smooth(
            [
                (CENTRE + self.inner, self.bottom + 5),
                (CENTRE + self.inner * 0.55 + 4, middle),
                (CENTRE + 2, self.crotch),
            ]
        )
        return [
            (CENTRE - 2, self.top + 6),
            (CENTRE + self.waist * 0.5, self.top + 3),
            *flank,
            (CENTRE + (self.outer + self.inner) / 2, self.bottom + 6),
            *inseam,
            (CENTRE - 2, self.crotch - 6),
        ]


def _leg_folds(sketch: Sketch, legs: Legs, masks: list[Floats]) -> None:
    short = legs.bottom < 560
    middle = (legs.crotch + legs.bottom) / 2
    for sign, mask in zip((-1, 1), masks, strict=True):
        lines = [
            ((CENTRE + 4, legs.crotch - 12), (CENTRE + legs.hip * 0.62, legs.crotch - 52), 0.12),
            ((CENTRE + 6, legs.crotch + 10), (CENTRE + legs.hip * 0.7, legs.crotch + 34), -0.08),
        ]
        if not short:
            lines += [
                ((CENTRE + legs.inner * 0.6 + 8, middle - 8), (CENTRE + legs.knee * 0.8, middle - 36), 0.12),
                ((CENTRE + legs.inner * 0.7 + 8, middle + 30), (CENTRE + legs.knee * 0.85, middle + 12), 0.1),
            ]
        for start, end, bend in lines:
            first, last = side([start, end], sign)
            creases(sketch, [(first, last, bend * sign)], width=15, depth=1.3 if legs.crease else 2.0, within=mask)
        if legs.crease:
            x = (legs.outer + legs.inner) / 2
            sketch.fold(
                side(
                    [
                        (CENTRE + legs.waist * 0.55, legs.top + 60),
                        (CENTRE + x * 0.96, middle),
                        (CENTRE + x, legs.bottom),
                    ],
                    sign,
                ),
                width=7,
                depth=2.6,
                within=mask,
            )
        elif not short:
            sketch.fold(
                side(
                    [
                        (CENTRE + legs.hip * 0.5, legs.crotch),
                        (CENTRE + (legs.inner + legs.outer) * 0.5, legs.bottom - 60),
                    ],
                    sign,
                ),
                width=34,
                depth=2.6,
                within=mask,
            )


def trousers(legs: Legs) -> Sketch:
    """Trousers, jeans or shorts of those measures."""
    sketch = Sketch()
    masks = []
    for sign in (-1, 1):
        masks.append(sketch.part(side(legs.leg(), sign), level=1.1 + 0.05 * sign, puff=6, edge=12, grain=-sign * 2))
        ripple(sketch, masks[-1], depth=1.1, seed=40 + sign)
    _leg_folds(sketch, legs, masks)
    both_legs = sum(masks[1:], masks[0])
    centre_line(sketch, both_legs, top=legs.top + 10, bottom=legs.crotch)
    for sign in (-1, 1):
        _hem(sketch, legs, masks[(sign + 1) // 2], sign)
        _pocket(sketch, legs, masks[(sign + 1) // 2], sign)
    if legs.jeans:
        _jeans(sketch, legs, masks)
    waistband(sketch, top=legs.top - 4, half=legs.waist + 1, button=True)
    if legs.jeans:
        for x in (-66, -30, 30, 66):
            sketch.part(box(CENTRE + x - 5, legs.top - 3, CENTRE + x + 5, legs.top + 34), rise=1.2, puff=1, edge=3)
    return sketch


def _hem(sketch: Sketch, legs: Legs, mask: Floats, sign: int) -> None:
    up = 30.0 if legs.cuff else 12.0
    line = side([(CENTRE + legs.inner - 6, legs.bottom - up + 4), (CENTRE + legs.outer + 6, legs.bottom - up)], sign)
    if legs.cuff:
        sketch.part(
            ribbon([(line[0][0], legs.bottom - 13), (line[1][0], legs.bottom - 15)], 32),
            rise=1.4,
            puff=1.5,
            edge=5,
            within=mask,
        )
    sketch.seam(line, width=2.2, depth=0.9, within=mask)


def _pocket(sketch: Sketch, legs: Legs, mask: Floats, sign: int) -> None:
    if legs.jeans:
        line = bezier(
            (CENTRE + 46, legs.top + 30),
            (CENTRE + 54, legs.top + 66),
            (CENTRE + 88, legs.top + 74),
            (CENTRE + legs.hip - 6, legs.top + 76),
        )
    else:
        line = [(CENTRE + legs.waist - 26, legs.top + 30), (CENTRE + legs.hip - 14, legs.top + 120)]
    sketch.seam(side(line, sign), width=3, depth=1.8, within=mask)
    if legs.jeans:
        sketch.stitch(side([(x - 1, y + 6) for x, y in line], sign))


def _jeans(sketch: Sketch, legs: Legs, masks: list[Floats]) -> None:
    """Topstitching, fly and wash."""
    fly = [
        (CENTRE + 26, legs.top + 30),
        (CENTRE + 25, legs.crotch - 80),
        (CENTRE + 14, legs.crotch - 54),
        (CENTRE + 2, legs.crotch - 44),
    ]
    sketch.stitch(smooth(fly))
    long = legs.bottom > 560
    for sign, mask in zip((-1, 1), masks, strict=True):
        x = CENTRE + sign * legs.hip * 0.55
        if long:
            wash(sketch, x, legs.crotch + 40, 40, 110, 0.30, within=mask)
            wash(
                sketch,
                CENTRE + sign * legs.knee * 0.66,
                (legs.crotch + legs.bottom) / 2 + 20,
                30,
                70,
                0.16,
                within=mask,
            )
        else:
            wash(sketch, x, legs.crotch - 30, 44, 70, 0.26, within=mask)
        sketch.stitch(side([(CENTRE + legs.inner, legs.bottom - 10), (CENTRE + legs.outer, legs.bottom - 14)], sign))


def wide_leg() -> Sketch:
    return trousers(
        Legs(top=110, waist=86, hip=124, crotch=330, knee=146, outer=176, inner=18, bottom=704, crease=True)
    )


def straight() -> Sketch:
    return trousers(Legs(crease=True, outer=122, inner=26, knee=122))


def tapered() -> Sketch:
    return trousers(Legs(hip=134, knee=112, outer=96, inner=34, bottom=670, crease=True, cuff=True))


def skinny_jeans() -> Sketch:
    return trousers(Legs(waist=90, hip=116, knee=92, outer=84, inner=36, bottom=700, jeans=True))


def straight_jeans() -> Sketch:
    return trousers(Legs(waist=92, hip=124, knee=116, outer=114, inner=26, jeans=True))


def wide_jeans() -> Sketch:
    return trousers(Legs(waist=88, hip=126, knee=146, outer=162, inner=16, bottom=704, jeans=True))


def tailored_shorts() -> Sketch:
    return trousers(
        Legs(top=204, waist=102, hip=148, crotch=420, knee=160, outer=170, inner=14, bottom=528, crease=True, cuff=True)
    )


def denim_shorts() -> Sketch:
    return trousers(
        Legs(top=204, waist=104, hip=146, crotch=410, knee=154, outer=162, inner=12, bottom=484, jeans=True)
    )
