"""Details that many garments share: bands, collars, lapels, plackets, pockets, belts, hems."""

from __future__ import annotations

import numpy as np

from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Path, Point, bezier, box, ellipse, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch
from engine.catalog.demo_shop.pictures._upper import Upper, side


def neckline(upper: Upper) -> list[Point]:
    """The whole front neckline from the left shoulder to the right."""
    front = upper.front_neck()
    return [*side(front, -1), *list(reversed(front))[1:]]


def neck_band(sketch: Sketch, upper: Upper, *, width: float = 15.0, role: str = "cloth") -> None:
    """A band along the neckline, in front and behind."""
    low = upper.top + upper.back
    back = smooth([(CENTRE - upper.neck, upper.top + 2), (CENTRE, low), (CENTRE + upper.neck, upper.top + 2)])
    sketch.part(ribbon(back, width * 0.75), role=role, level=0.8, puff=1.5, edge=4, tone=-0.10)
    line = neckline(upper)
    sketch.part(ribbon(line, width), role=role, level=1.7, puff=2.0, edge=4)
    sketch.seam(_offset(line, width / 2 + 1), width=2.0, depth=0.7)


def _offset(line: Path, distance: float) -> list[Point]:
    outline = ribbon(line, 2 * distance)
    return outline[: len(outline) // 2]


def hem_line(sketch: Sketch, upper: Upper, mask: Floats, *, up: float = 13.0) -> None:
    """The stitched turn-up at the hem of a body."""
    hy, hw = upper.hem
    line = smooth([(CENTRE - hw - 4, hy - up), (CENTRE, hy + upper.sag - up), (CENTRE + hw + 4, hy - up)])
    sketch.seam(line, width=2.0, depth=0.8, within=mask)


def cuff_lines(sketch: Sketch, upper: Upper, *, length: float = 13.0, band: bool = False, puff: float = 3.0) -> None:
    """Stitching, or a band, at the ends of both sleeves."""
    for sign in (-1, 1):
        outline = side(upper.cuff_band(length), sign)
        if band:
            sketch.part(outline, rise=0.5, puff=puff * 0.5, edge=6, grain=-sign * upper.angle)
        sketch.seam([outline[3], outline[2]], width=2.2, depth=0.9)


def buttons(sketch: Sketch, places: Path, *, radius: float = 6.0, role: str = "button") -> None:
    """Sewn-on buttons."""
    for x, y in places:
        sketch.part(ellipse(x, y, radius, radius, steps=20), role=role, rise=2.0, puff=2.2, edge=3)
        sketch.seam([(x - radius * 0.3, y), (x + radius * 0.3, y)], width=2.0, depth=0.6)


def placket(
    sketch: Sketch,
    mask: Floats,
    *,
    top: float,
    bottom: float,
    count: int,
    half: float = 14.0,
    radius: float = 5.0,
    role: str = "button",
) -> None:
    """A buttoned front edge."""
    sketch.part(box(CENTRE - half, top, CENTRE + half, bottom), rise=1.0, puff=0.4, edge=3, within=mask)
    for x in (CENTRE - half, CENTRE + half):
        sketch.seam([(x, top), (x, bottom)], width=1.8, depth=0.7, within=mask)
    buttons(sketch, [(CENTRE, float(y)) for y in np.linspace(top + 34, bottom - 44, count)], radius=radius, role=role)


def collar(
    sketch: Sketch, upper: Upper, *, spread: float = 52.0, point: float = 52.0, stand: float = 24.0, role: str = "cloth"
) -> None:
    """A turned-down shirt collar; the neckline should be a short v."""
    neck, top, drop = upper.neck, upper.top, upper.drop
    back = smooth(
        [
            (CENTRE - neck - 5, top + 4),
            (CENTRE - neck * 0.7, top - stand),
            (CENTRE, top - stand - 4),
            (CENTRE + neck * 0.7, top - stand),
            (CENTRE + neck + 5, top + 4),
        ]
    )
    inner = smooth([(CENTRE + neck - 6, top + 8), (CENTRE, top + 9), (CENTRE - neck + 6, top + 8)])
    sketch.part([*back, *inner], role=role, level=0.9, puff=2.0, edge=6, tone=-0.06)
    for sign in (-1, 1):
        outer = bezier(
            (CENTRE + neck * 0.72, top - stand),
            (CENTRE + neck + 12, top - 8),
            (CENTRE + neck + 16, top + 18),
            (CENTRE + spread, top + drop + point),
            steps=14,
        )
        edge = [(CENTRE + 3, top + drop - 4)]
        fold = bezier(
            (CENTRE + 3, top + drop - 6),
            (CENTRE + neck * 0.45, top + drop * 0.72),
            (CENTRE + neck * 0.80, top + 14),
            (CENTRE + neck * 0.72, top - stand),
            steps=12,
        )
        sketch.part(side([*outer, *edge, *fold], sign), role=role, level=3.9, puff=2.6, edge=6, grain=sign * 38)
        sketch.seam(
            side(
                [
                    (CENTRE + neck + 6, top + 24),
                    (CENTRE + spread - 3, top + drop + point - 8),
                    (CENTRE + 9, top + drop + 2),
                ],
                sign,
            ),
            width=1.4,
            depth=0.35,
        )


def lapels(
    sketch: Sketch,
    upper: Upper,
    *,
    width: float = 66.0,
    notch: float = 0.34,
    peak: float = 0.0,
    role: str = "cloth",
    overlap: float = 8.0,
) -> None:
    """A tailored collar with lapels along a deep v; `peak` raises the lapel's point."""
    neck, top, drop = upper.neck, upper.top, upper.drop
    back = smooth(
        [
            (CENTRE - neck - 8, top + 4),
            (CENTRE - neck * 0.6, top - 24),
            (CENTRE, top - 29),
            (CENTRE + neck * 0.6, top - 24),
            (CENTRE + neck + 8, top + 4),
        ]
    )
    inner = smooth([(CENTRE + neck - 4, top + 6), (CENTRE, top + 11), (CENTRE - neck + 4, top + 6)])
    sketch.part([*back, *inner], role=role, level=1.0, puff=2.0, edge=6, tone=-0.05)
    for sign in (-1, 1):
        gorge = top + drop * notch
        tip = (CENTRE + neck + width * 0.72, gorge - peak)
        low = (CENTRE - overlap, top + drop + 6)
        roll = (CENTRE + neck * 0.86, top + 4)
        leaf = [
            roll,
            (CENTRE + neck + 14, gorge - 20),
            tip,
            *bezier(tip, (tip[0] - 4, gorge + drop * 0.22), (CENTRE + neck * 0.85, top + drop * 0.72), low, steps=14),
        ]
        sketch.part(side(leaf, sign), role=role, level=3.9, puff=2.2, edge=7, grain=sign * 16)
        outer = [
            (CENTRE + neck * 0.60, top - 24),
            (CENTRE + neck + 10, top + 2),
            (CENTRE + neck + width * 0.56, gorge - 26),
            (CENTRE + neck + width * 0.34, gorge - 2),
            (CENTRE + neck * 0.82, top + drop * 0.19),
        ]
        sketch.part(
            side([*smooth(outer[:3]), *outer[3:], roll], sign), role=role, level=4.3, puff=2.2, edge=6, grain=sign * 30
        )


def pocket(
    sketch: Sketch, left: float, top: float, right: float, bottom: float, *, flap: float = 0.0, pointed: float = 0.0
) -> None:
    """A patch pocket, with a flap when `flap` is its height."""
    middle = (left + right) / 2
    sketch.part(
        [(left, top), (right, top), (right, bottom), (middle, bottom + pointed), (left, bottom)],
        rise=1.3,
        puff=0.8,
        edge=4,
    )
    sketch.seam(
        [
            (left + 4, top),
            (left + 4, bottom - 3),
            (middle, bottom + pointed - 4),
            (right - 4, bottom - 3),
            (right - 4, top),
        ],
        width=1.5,
        depth=0.5,
    )
    if flap:
        sketch.part(
            [
                (left - 2, top - 4),
                (right + 2, top - 4),
                (right + 2, top + flap),
                (middle, top + flap + pointed),
                (left - 2, top + flap),
            ],
            rise=1.4,
            puff=1.2,
            edge=4,
        )


def welt(sketch: Sketch, start: Point, end: Point, *, width: float = 12.0) -> None:
    """A slanted or straight welt pocket."""
    sketch.part(ribbon([start, end], width), rise=1.3, puff=1.0, edge=3)
    sketch.seam([(start[0], start[1] + width / 2), (end[0], end[1] + width / 2)], width=2.0, depth=0.8)


def belt(
    sketch: Sketch,
    mask: Floats,
    *,
    y: float,
    height: float = 26.0,
    half: float = 200.0,
    knot: bool = False,
    role: str = "cloth",
) -> None:
    """A belt around the waist; tied, or with a buckle."""
    line = smooth([(CENTRE - half, y - 3), (CENTRE, y + 5), (CENTRE + half, y - 3)])
    sketch.part(ribbon(line, height), role=role, rise=2.0, puff=1.6, edge=5, within=mask)
    if not knot:
        sketch.part(
            box(CENTRE - 20, y - height * 0.62 + 4, CENTRE + 20, y + height * 0.62 + 4, radius=5),
            role="metal",
            rise=1.6,
            puff=2,
            edge=3,
        )
        sketch.part(
            box(CENTRE - 12, y - height * 0.38 + 4, CENTRE + 12, y + height * 0.38 + 4, radius=3),
            role=role,
            rise=-1.0,
            puff=1,
            edge=3,
        )
        return
    for dx, drop, bend in ((-26, 148, -0.05), (16, 170, 0.05)):
        tail = bezier(
            (CENTRE, y + 6),
            (CENTRE + dx * 0.3, y + drop * 0.4),
            (CENTRE + dx * (1 + bend), y + drop * 0.7),
            (CENTRE + dx, y + drop),
        )
        sketch.part(ribbon(tail, height * 0.82), role=role, rise=2.2, puff=2.2, edge=5, grain=90)
    sketch.part(
        smooth(
            [(CENTRE - 17, y - 10), (CENTRE + 14, y - 14), (CENTRE + 19, y + 14), (CENTRE - 12, y + 20)], closed=True
        ),
        role=role,
        rise=2.5,
        puff=3.5,
        edge=8,
    )


def zip_line(sketch: Sketch, line: Path, *, width: float = 5.0) -> None:
    """A metal zip with its pull."""
    sketch.line(line, role="metal", width=width)
    x, y = line[0]
    sketch.part(box(x - 4, y + 6, x + 4, y + 26, radius=3), role="metal", rise=1.5, puff=2, edge=3)


def centre_line(sketch: Sketch, mask: Floats, *, top: float, bottom: float, x: float = CENTRE) -> None:
    """The edge of a closed front."""
    sketch.seam([(x, top), (x, bottom)], width=3.0, depth=1.6, within=mask)
