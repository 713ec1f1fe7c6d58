"""The pattern piece that tops, shirts, knitwear, jackets, coats and dresses share: a body with sleeves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.catalog.demo_shop.pictures._drape import crease, ripple
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Path, Point, between, both, box, mirror, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch, coverage

Neckline = Literal["crew", "v", "scoop", "square", "boat"]

_NECKLINES: dict[Neckline, tuple[tuple[float, float], ...]] = {
    "crew": ((1.0, 0.0), (0.88, 0.45), (0.52, 0.88), (0.0, 1.0)),
    "scoop": ((1.0, 0.0), (0.88, 0.55), (0.52, 0.93), (0.0, 1.0)),
    "boat": ((1.0, 0.0), (0.60, 0.8), (0.0, 1.0)),
    "v": ((1.0, 0.0), (0.56, 0.5), (0.0, 1.0)),
    "square": ((1.0, 0.0), (0.86, 1.0), (0.0, 1.0)),
}
"""Points of the right half: share of the neck's half width, share of the drop."""


def side(points: Path, sign: int) -> list[Point]:
    """`points` as they are (1) or mirrored without reversing (-1)."""
    return [(CENTRE + sign * (x - CENTRE), y) for x, y in points]


@dataclass(frozen=True, kw_only=True)
class Upper:
    """Measures of a body, in design units; widths are halves.

    Attributes
    ----------
    top, neck : float
        Height of the shoulder's neck end, and its distance from the centre.
    shoulder, slope : float
        Shoulder tip: distance from the centre, and drop below `top`.
    armpit, chest : float
        Height and half width at the underarm.
    waist, hip, hem : (float, float)
        Height and half width there; most bodies need no hip.
    sag : float
        How much lower the hem's centre lies.
    drop, back : float
        Depth of the neckline in front and behind.
    sleeve, angle, cuff, swell : float
        Sleeve: length (0 is none), degrees from vertical, half width at its end, bulge.
    puff, fall : float
        Thickness of the cloth, and strength of its folds.
    """

    top: float = 108.0
    neck: float = 58.0
    shoulder: float = 138.0
    slope: float = 30.0
    armpit: float = 262.0
    chest: float = 138.0
    waist: tuple[float, float] = (430.0, 132.0)
    hip: tuple[float, float] | None = None
    hem: tuple[float, float] = (624.0, 138.0)
    sag: float = 9.0
    neckline: Neckline = "crew"
    drop: float = 46.0
    back: float = 11.0
    sleeve: float = 0.0
    angle: float = 15.0
    cuff: float = 34.0
    swell: float = 0.0
    puff: float = 5.0
    fall: float = 1.0
    seed: int = 1

    @property
    def tip(self) -> Point:
        return CENTRE + self.shoulder, self.top + self.slope

    @property
    def underarm(self) -> Point:
        return CENTRE + self.chest, self.armpit

    def front_neck(self) -> list[Point]:
        """The neckline from the right shoulder to the front's centre."""
        points = [(CENTRE + self.neck * x, self.top + self.drop * y) for x, y in _NECKLINES[self.neckline]]
        return points if self.neckline == "square" else smooth(points, steps=8)

    def outline(self) -> list[Point]:
        """The body, without sleeves."""
        tip, under, (wy, ww), (hy, hw) = self.tip, self.underarm, self.waist, self.hem
        inset = min(tip[0], under[0]) - 10
        rise = under[1] - tip[1]
        armhole = smooth([tip, (inset + 2, tip[1] + rise * 0.45), (inset + 4, tip[1] + rise * 0.78), under])
        hip = [] if self.hip is None else [(CENTRE + self.hip[1], self.hip[0])]
        flank = smooth([under, (CENTRE + ww, wy), *hip, (CENTRE + hw, hy)])
        bottom = smooth([(CENTRE + hw, hy), (CENTRE + hw * 0.5, hy + self.sag * 0.8), (CENTRE, hy + self.sag)])
        return both([*reversed(self.front_neck()), *armhole, *flank[1:], *bottom[1:]])

    def sleeve_end(self) -> tuple[Point, Point, Point]:
        """Of the right sleeve's end: centre, outer and inner corner."""
        start, turn = between(self.tip, self.underarm, 0.5), np.deg2rad(self.angle)
        sine, cosine = float(np.sin(turn)), float(np.cos(turn))
        end = (start[0] + sine * self.sleeve, start[1] + cosine * self.sleeve)
        outer = (end[0] + cosine * self.cuff, end[1] - sine * self.cuff)
        return end, outer, (2 * end[0] - outer[0], 2 * end[1] - outer[1])

    def sleeve_outline(self) -> list[Point]:
        """The right sleeve, reaching a little under the body."""
        (tx, ty), (ux, uy), bulge = self.tip, self.underarm, self.swell
        _, outer, inner = self.sleeve_end()
        elbow = between((tx, ty), outer, 0.55)
        middle = between((ux, uy), inner, 0.5)
        outside = [
            (tx - 12, ty - 3),
            (tx + 8 + bulge * 0.7, ty + 16 - bulge * 0.3),
            (elbow[0] + 8 + bulge, elbow[1]),
            outer,
        ]
        if self.sleeve < 60:
            del outside[2]
        inside = [inner, (middle[0] + 2 - bulge * 0.25, middle[1]), (ux - 3, uy + 4)]
        return [*smooth(outside), *smooth(inside), (ux - 26, uy - 20), (tx - 28, ty + 24)]

    def cuff_band(self, length: float) -> list[Point]:
        """A band over the last `length` units of the right sleeve."""
        _, outer, inner = self.sleeve_end()
        share = length / max(self.sleeve, 1.0)
        return [outer, inner, between(inner, self.underarm, share), between(outer, self.tip, share)]

    def draw(self, sketch: Sketch) -> dict[str, Floats]:
        """Lay inside, sleeves and body; return the coverage of `body`, and of sleeves `left` and `right`."""
        self._inside(sketch)
        masks = {}
        if self.sleeve > 0:
            outline = self.sleeve_outline()
            for name, sign in (("left", -1), ("right", 1)):
                masks[name] = sketch.part(side(outline, sign), puff=self.puff, grain=-sign * self.angle)
                ripple(sketch, masks[name], depth=0.8 * self.fall, tall=20, wide=7, seed=self.seed + sign)
                self._sleeve_folds(sketch, masks[name], sign)
        masks["body"] = sketch.part(self.outline(), level=1.25, puff=self.puff)
        ripple(sketch, masks["body"], depth=0.9 * self.fall, seed=self.seed)
        self._body_folds(sketch, masks["body"])
        return masks

    def _inside(self, sketch: Sketch) -> None:
        """The back and its label, seen through the neck opening."""
        front, low = self.front_neck(), self.top + self.back
        back = smooth(
            [(CENTRE + self.neck, self.top), (CENTRE + self.neck * 0.55, self.top + self.back * 0.85), (CENTRE, low)]
        )
        hole = [*back, *mirror(back)[1:], *side(front, -1)[1:], *reversed(front[:-1])]
        mask = sketch.part(hole, level=0.4, puff=1.0, tone=-0.34)
        if self.drop > 34:
            sketch.ink(coverage(box(CENTRE - 12, low + 5, CENTRE + 12, low + 15)) * mask, "label")

    def _body_folds(self, sketch: Sketch, mask: Floats) -> None:
        """Creases from the underarms, and folds rising from the hem."""
        (ux, uy), (wy, ww), (hy, hw) = self.underarm, self.waist, self.hem
        for sign, force in ((1, 1.0), (-1, 0.8)):
            for start, end, bend, width, depth in (
                ((ux - 6, uy + 2), (ux - 76, uy + 58), 0.10, 20, 2.8),
                ((ux - 5, uy + 20), (ux - 54, uy + 112), 0.08, 17, -2.0),
                ((CENTRE + hw * 0.66, hy - 8), (CENTRE + ww * 0.46, wy - 56), -0.05, 30, 2.6),
                ((CENTRE + hw * 0.22, hy - 4), (CENTRE + ww * 0.30, wy + 10), 0.04, 24, -1.5),
            ):
                first, last = side([start, end], sign)
                sketch.fold(
                    crease(first, last, bend=bend * sign), width=width, depth=depth * force * self.fall, within=mask
                )

    def _sleeve_folds(self, sketch: Sketch, mask: Floats, sign: int) -> None:
        """A long fold down the sleeve, and three at the elbow."""
        end, outer, inner = self.sleeve_end()
        top = between(self.tip, self.underarm, 0.35)
        lines = [(top, between(top, end, 0.92), 0.03, 24, 2.2)]
        if self.sleeve > 200:
            for low, high, reach, depth in ((0.42, 0.50, 0.75, 3.0), (0.50, 0.60, 0.6, -2.0), (0.57, 0.70, 0.7, 2.6)):
                start, goal = between(self.underarm, inner, low), between(self.tip, outer, high)
                lines.append((start, between(start, goal, reach), -0.15, 15, depth))
        for start, goal, bend, width, depth in lines:
            first, last = side([start, goal], sign)
            sketch.fold(crease(first, last, bend=bend * sign), width=width, depth=depth * self.fall, within=mask)
