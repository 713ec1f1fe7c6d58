"""Bags."""

from __future__ import annotations

from engine.catalog.demo_shop.pictures._drape import creases, gathers
from engine.catalog.demo_shop.pictures._outline import CENTRE, bezier, box, ellipse, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch


def _arc(
    sketch: Sketch,
    start: tuple[float, float],
    top: float,
    end: tuple[float, float],
    *,
    width: float,
    level: float,
    tone: float = 0.0,
    role: str = "cloth",
) -> None:
    line = bezier(start, (start[0] + 6, top), (end[0] - 6, top), end, steps=40)
    sketch.part(ribbon(line, width), role=role, level=level, puff=3, edge=5, tone=tone)


def tote() -> Sketch:
    """An open shopper with two handles."""
    sketch = Sketch()
    _arc(sketch, (232, 330), 110, (376, 330), width=15, level=0.8, tone=-0.14)
    sketch.part([(166, 318), (434, 318), (430, 346), (170, 346)], level=0.7, puff=1, tone=-0.3)
    outline = [
        (160, 322),
        *smooth([(230, 327), (300, 329), (370, 327), (440, 322)]),
        *smooth([(428, 480), (414, 622)])[1:],
        *smooth([(404, 640), (300, 645), (196, 640)]),
        *smooth([(186, 622), (172, 480), (160, 322)]),
    ]
    body = sketch.part(outline, level=1.6, puff=8, edge=16)
    creases(
        sketch,
        [((206, 346), (246, 470), 0.06), ((192, 600), (270, 540), -0.1)],
        width=30,
        depth=2.4,
        within=body,
        mirrored=True,
    )
    sketch.seam(smooth([(150, 344), (300, 350), (450, 344)]), width=2, depth=0.9, within=body)
    for x in (222, 378):
        sketch.part(box(x - 12, 334, x + 12, 384, radius=5), level=3.8, puff=2, edge=4)
        sketch.part(ellipse(x, 374, 5, 5), role="metal", rise=1.0, puff=1.5, edge=2)
    _arc(sketch, (222, 344), 96, (378, 344), width=15, level=4.2)
    sketch.stitch(smooth([(166, 334), (300, 340), (434, 334)]), width=1.5)
    return sketch


def crossbody() -> Sketch:
    """A small flap bag on a long strap."""
    sketch = Sketch()
    _arc(sketch, (168, 420), -30, (432, 420), width=10, level=0.8)
    sketch.part(
        [
            *smooth([(158, 404), (300, 398), (442, 404)]),
            *smooth([(452, 500), (440, 600), (410, 616)])[1:],
            *smooth([(300, 620), (190, 616)]),
            *smooth([(160, 600), (148, 500), (158, 404)]),
        ],
        level=1.6,
        puff=9,
        edge=16,
    )
    flap = [
        *smooth([(152, 398), (300, 390), (448, 398)]),
        *smooth([(450, 470), (420, 526), (300, 548), (180, 526), (150, 470)]),
    ]
    sketch.part(flap, rise=1.4, puff=3, edge=8)
    sketch.stitch(
        smooth([(160, 410), (160, 470), (188, 516), (300, 537), (412, 516), (440, 470), (440, 410)]), width=1.5
    )
    for x in (168, 432):
        sketch.part(ellipse(x, 410, 11, 11), role="metal", level=4.5, puff=2, edge=3)
    sketch.part(box(276, 516, 324, 566, radius=7), role="metal", rise=2.0, puff=2.5, edge=4)
    sketch.part(box(290, 530, 310, 552, radius=3), rise=-1.5, puff=1, edge=3)
    return sketch


def bucket() -> Sketch:
    """A drawstring bag with a round base."""
    sketch = Sketch()
    _arc(sketch, (206, 372), 20, (394, 372), width=18, level=0.8)
    sketch.part(ellipse(CENTRE, 344, 96, 15), level=0.8, puff=1, tone=-0.32)
    body = sketch.part(
        [
            *smooth([(202, 342), (250, 356), (300, 360), (350, 356), (398, 342)]),
            *smooth([(408, 430), (424, 560), (418, 616)])[1:],
            *smooth([(390, 640), (300, 650), (210, 640)]),
            *smooth([(182, 616), (176, 560), (192, 430), (202, 342)]),
        ],
        level=1.6,
        puff=10,
        edge=20,
    )
    gathers(sketch, body, top=398, length=90, count=11, depth=3.4, seed=5)
    gathers(sketch, body, top=352, length=40, count=11, depth=2.4, seed=8)
    sketch.seam(smooth([(170, 600), (300, 622), (430, 600)]), width=2.4, depth=1.0, within=body)
    cord = smooth([(196, 392), (250, 402), (300, 405), (350, 402), (404, 392)])
    sketch.part(ribbon(cord, 8), rise=1.5, puff=2, edge=3)
    for sign, length in ((-1, 92), (1, 112)):
        tail = bezier(
            (CENTRE, 406), (CENTRE + sign * 14, 430), (CENTRE + sign * 26, 460), (CENTRE + sign * 20, 406 + length)
        )
        sketch.part(ribbon(tail, 7), rise=1.5, puff=2, edge=3)
        sketch.part(ellipse(CENTRE + sign * 20, 412 + length, 7, 12), role="metal", rise=1.5, puff=2, edge=3)
    sketch.part(ellipse(CENTRE, 406, 13, 9), rise=2.0, puff=3, edge=4)
    for x in (206, 394):
        sketch.part(ellipse(x, 374, 11, 11), role="metal", level=4.8, puff=2, edge=3)
    return sketch


def clutch() -> Sketch:
    """An envelope clutch."""
    sketch = Sketch()
    sketch.part(box(118, 326, 482, 552, radius=14), level=1.6, puff=8, edge=14)
    flap = [
        (116, 330),
        *smooth([(124, 320), (300, 316), (476, 320)]),
        (484, 330),
        *smooth([(470, 366), (330, 476), (300, 488), (270, 476), (130, 366)]),
    ]
    sketch.part(flap, rise=1.6, puff=3, edge=8)
    sketch.stitch([(134, 344), (274, 462), (300, 474), (326, 462), (466, 344)], width=1.4)
    sketch.part(ellipse(CENTRE, 462, 14, 14), role="metal", rise=2.4, puff=3.5, edge=6)
    return sketch
