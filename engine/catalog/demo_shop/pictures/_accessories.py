"""Scarves and hats."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import minimum_filter

from engine.catalog.demo_shop.pictures._drape import creases, ribs, ripple
from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, bezier, both, box, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch


def _fringe(sketch: Sketch, left: float, right: float, y: float, *, length: float = 34.0, lean: float = 0.0) -> None:
    rng = np.random.default_rng(round(left))
    for x in np.arange(left + 3, right - 1, 7.0):
        end = (float(x) + lean + rng.normal(0, 2.5), y + length + rng.normal(0, 3))
        sketch.part(
            ribbon(bezier((float(x), y - 4), (float(x) + 1, y + 8), (end[0], y + 20), end), 4.2),
            level=1.2,
            puff=1.4,
            edge=3,
        )


def long_scarf() -> Sketch:
    """A fringed scarf, looped once."""
    sketch = Sketch()
    loop_back = smooth([(206, 276), (214, 196), (246, 136), (300, 116), (354, 136), (388, 196), (396, 276)])
    sketch.part(ribbon(loop_back, 66), level=0.8, puff=6, edge=14, tone=-0.10)
    for left, right, bottom, level, lean in ((298.0, 394.0, 640.0, 1.2, 10.0), (196.0, 298.0, 690.0, 2.0, -6.0)):
        _fringe(sketch, left + lean, right + lean, bottom, lean=lean * 0.3)
        end = [
            *smooth([(left + 8, 290), (left + 4 + lean * 0.5, 440), (left + lean, bottom)]),
            *smooth([(right + lean, bottom), (right - 2 + lean * 0.5, 440), (right - 12, 290)]),
        ]
        mask = sketch.part(end, level=level, puff=6, edge=12, grain=-lean * 0.2)
        ripple(sketch, mask, depth=1.4, tall=46, wide=8, seed=round(left))
        middle = (left + right) / 2
        creases(
            sketch,
            [
                ((middle - 12, 250), (middle - 20 + lean, bottom - 60), 0.02),
                ((middle + 18, 260), (middle + 20 + lean, bottom - 160), -0.03),
            ],
            width=22,
            depth=3.0,
            within=mask,
        )
    wrap = [
        *smooth([(182, 214), (240, 262), (300, 274), (360, 262), (418, 214)]),
        *smooth([(424, 272), (372, 346), (300, 366), (228, 346), (176, 272)]),
    ]
    over = sketch.part(wrap, level=4.2, puff=9, edge=18, grain=90)
    for dy, depth in ((26.0, 3.4), (50.0, -2.6), (72.0, 3.0)):
        sketch.fold(
            smooth([(186, 216 + dy * 0.7), (240, 262 + dy), (300, 274 + dy), (360, 262 + dy), (414, 216 + dy * 0.7)]),
            width=18,
            depth=depth,
            within=over,
        )
    return sketch


def square_scarf() -> Sketch:
    """A silk square with a hand-rolled edge."""
    sketch = Sketch()
    outline = smooth(
        [
            (118, 226),
            (210, 219),
            (300, 224),
            (392, 218),
            (482, 226),
            (487, 320),
            (480, 412),
            (486, 500),
            (480, 590),
            (390, 595),
            (300, 589),
            (208, 596),
            (119, 589),
            (113, 500),
            (120, 410),
            (114, 318),
        ],
        closed=True,
        steps=6,
    )
    mask = sketch.part(outline, level=1.2, puff=3, edge=6)
    ripple(sketch, mask, depth=1.3, tall=26, wide=22, seed=3)
    creases(
        sketch,
        [
            ((128, 240), (330, 420), 0.05),
            ((470, 250), (360, 400), -0.06),
            ((300, 580), (250, 400), 0.05),
            ((476, 560), (380, 470), 0.04),
        ],
        width=36,
        depth=4.2,
        within=mask,
    )
    sketch.ink((np.clip(_shrunk(mask, 5) - _shrunk(mask, 17), 0, 1)).astype(np.float32) * mask, "trim")
    sketch.part(ribbon([*outline, outline[0]], 7), role="trim", rise=0.6, puff=1.5, edge=3)
    return sketch


def _shrunk(mask: Floats, pixels: int) -> Floats:
    """`mask` without a border of that width."""
    return minimum_filter(mask, 2 * pixels + 1)  # type: ignore[no-any-return]


def beanie() -> Sketch:
    """A ribbed hat with a turned-up edge."""
    sketch = Sketch()
    dome = both(
        [*bezier((CENTRE, 226), (CENTRE + 76, 222), (CENTRE + 136, 300), (CENTRE + 146, 474), steps=24), (CENTRE, 490)]
    )
    mask = sketch.part(dome, level=1.4, puff=12, edge=34)
    for share in np.linspace(-0.9, 0.9, 15):
        line = bezier(
            (CENTRE + share * 12, 230),
            (CENTRE + share * 96, 260),
            (CENTRE + share * 142, 350),
            (CENTRE + share * 148, 480),
        )
        sketch.fold(line, width=13, depth=3.0, within=mask)
    cuff = both(
        [
            *smooth([(CENTRE, 448), (CENTRE + 80, 446), (CENTRE + 152, 434)]),
            *smooth([(CENTRE + 160, 490), (CENTRE + 152, 546)]),
            *smooth([(CENTRE + 80, 562), (CENTRE, 566)]),
        ]
    )
    over = sketch.part(cuff, level=4.6, puff=7, edge=16)
    ribs(sketch, over, period=11, depth=1.6)
    sketch.part(box(CENTRE + 70, 486, CENTRE + 108, 524, radius=3), role="trim", rise=0.8, puff=1, edge=3)
    return sketch


def fedora() -> Sketch:
    """A felt hat with a pinched crown, seen a little from above."""
    sketch = Sketch()
    sketch.part(
        smooth(
            [(84, 470), (130, 424), (300, 404), (470, 424), (516, 470), (460, 520), (300, 540), (140, 520)], closed=True
        ),
        level=1.2,
        puff=8,
        edge=20,
    )
    sketch.seam(smooth([(96, 474), (146, 512), (300, 530), (454, 512), (504, 474)]), width=3, depth=1.0)
    crown = [
        *smooth(
            [
                (176, 462),
                (184, 380),
                (206, 304),
                (244, 268),
                (282, 280),
                (300, 292),
                (322, 278),
                (362, 266),
                (398, 304),
                (416, 380),
                (424, 462),
            ]
        ),
        *smooth([(424, 462), (370, 486), (300, 492), (230, 486), (176, 462)]),
    ]
    mask = sketch.part(crown, level=3.2, puff=16, edge=40)
    creases(sketch, [((300, 292), (296, 376), 0.0)], width=46, depth=-6.0, within=mask)
    creases(sketch, [((216, 320), (250, 394), -0.1)], width=36, depth=-4.0, within=mask, mirrored=True)
    band = [
        *smooth([(178, 424), (230, 448), (300, 456), (370, 448), (422, 424)]),
        *smooth([(425, 464), (370, 488), (300, 494), (230, 488), (175, 464)]),
    ]
    sketch.part(band, role="trim", rise=0.8, puff=1.5, edge=5)
    bow = smooth(
        [(CENTRE + 96, 440), (CENTRE + 124, 420), (CENTRE + 132, 452), (CENTRE + 120, 482), (CENTRE + 96, 474)],
        closed=True,
    )
    sketch.part(bow, role="trim", rise=1.6, puff=3, edge=6)
    return sketch
