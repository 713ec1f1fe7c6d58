"""Shoes and boots, a pair in profile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.catalog.demo_shop.pictures._details import buttons
from engine.catalog.demo_shop.pictures._outline import Path, Point, bezier, ribbon, smooth
from engine.catalog.demo_shop.pictures._sketch import Sketch

FLOOR = 560.0


class _Shoe:
    """One shoe of the pair, drawn at an offset; the farther one is a little darker."""

    def __init__(self, sketch: Sketch, dx: float, dy: float, tone: float) -> None:
        self.sketch, self.shift, self.tone = sketch, (dx, dy), tone

    def at(self, points: Path) -> list[Point]:
        return [(x + self.shift[0], y + self.shift[1]) for x, y in points]

    def part(
        self,
        points: Path,
        *,
        role: str = "cloth",
        level: float = 1.4,
        puff: float = 7.0,
        edge: float = 16.0,
        tone: float = 0.0,
        rise: float | None = None,
    ) -> None:
        self.sketch.part(
            self.at(points), role=role, level=level, rise=rise, puff=puff, edge=edge, tone=self.tone + tone
        )

    def seam(self, points: Path, *, width: float = 2.4) -> None:
        self.sketch.seam(self.at(points), width=width, depth=1.0)


def _pair(draw: Callable[[_Shoe], None], *, dy: float = -62.0) -> Sketch:
    sketch = Sketch()
    draw(_Shoe(sketch, 48, dy, -0.10))
    draw(_Shoe(sketch, -8, 22, 0.0))
    return sketch


def _bottom(rise: float) -> list[Point]:
    """The underside of the upper from heel to toe; the heel stands `rise` above the floor."""
    return smooth(
        [
            (434, FLOOR - rise),
            (390, FLOOR - rise + 2),
            (320, FLOOR - rise * 0.66),
            (240, FLOOR - 12),
            (170, FLOOR - 9),
            (112, FLOOR - 14),
        ]
    )


def _sole(shoe: _Shoe, rise: float, *, thick: float = 9.0) -> None:
    shoe.part(ribbon([(x, y + thick * 0.4) for x, y in _bottom(rise)], thick), role="sole", level=1.2, puff=2, edge=4)


def _block_heel(shoe: _Shoe, rise: float, *, width: float = 62.0) -> None:
    shoe.part(
        [(440, FLOOR - rise - 2), (440 - width - 8, FLOOR - rise + 5), (440 - width, FLOOR), (438, FLOOR)],
        role="heel",
        level=1.1,
        puff=4,
        edge=8,
    )


def _ankle(shoe: _Shoe) -> None:
    _block_heel(shoe, 58)
    _sole(shoe, 58)
    shoe.part([*smooth([(304, 262), (366, 254), (428, 262)]), (428, 280), (304, 280)], level=0.8, puff=2, tone=-0.32)
    front = smooth(
        [
            (112, FLOOR - 14),
            (104, FLOOR - 34),
            (134, FLOOR - 62),
            (206, FLOOR - 96),
            (268, FLOOR - 140),
            (294, FLOOR - 210),
            (302, 266),
        ]
    )
    back = smooth([(430, 266), (426, 340), (428, 420), (440, 470), (434, FLOOR - 58)])
    shoe.part([*front, *smooth([(302, 266), (366, 276), (430, 266)]), *back, *_bottom(58)])
    shoe.part([(350, 284), (388, 284), (392, 400), (370, 430), (346, 400)], rise=-1.0, puff=1, edge=6, tone=-0.14)
    for line in ([(296, 350), (330, 420), (372, 452), (440, 462)], [(268, 424), (250, 470), (262, 520), (300, 540)]):
        shoe.seam(smooth(line))


def ankle_boot() -> Sketch:
    return _pair(_ankle)


def _tall(shoe: _Shoe) -> None:
    _block_heel(shoe, 62, width=54)
    _sole(shoe, 62)
    shoe.part([*smooth([(288, 128), (360, 114), (438, 124)]), (438, 150), (288, 150)], level=0.8, puff=2, tone=-0.32)
    front = smooth(
        [
            (112, FLOOR - 14),
            (106, FLOOR - 32),
            (138, FLOOR - 60),
            (212, FLOOR - 92),
            (272, FLOOR - 130),
            (304, FLOOR - 190),
            (300, 290),
            (286, 132),
        ]
    )
    back = smooth([(440, 128), (440, 250), (424, 370), (426, 440), (440, 476), (434, FLOOR - 62)])
    shoe.part([*front, *smooth([(286, 132), (362, 144), (440, 128)]), *back, *_bottom(62)])
    shoe.seam(smooth([(372, 140), (376, 300), (368, 420), (380, 490)]))
    shoe.seam(smooth([(290, 420), (340, 448), (430, 446)]))
    for y, reach in ((392.0, 84.0), (424.0, 66.0)):
        shoe.sketch.fold(
            shoe.at(smooth([(306, y), (306 + reach * 0.6, y + 16), (306 + reach, y + 10)])), width=16, depth=2.4
        )


def tall_boot() -> Sketch:
    return _pair(_tall, dy=-30)


def _pump(shoe: _Shoe) -> None:
    rise = 104.0
    shoe.part(
        [
            (440, FLOOR - rise - 6),
            (394, FLOOR - rise + 6),
            (414, FLOOR - 44),
            (420, FLOOR),
            (434, FLOOR),
            (436, FLOOR - 44),
        ],
        role="heel",
        level=1.1,
        puff=4,
        edge=6,
    )
    _sole(shoe, rise, thick=7)
    shoe.part(
        smooth(
            [
                (220, FLOOR - 64),
                (300, FLOOR - 104),
                (380, FLOOR - rise - 62),
                (424, FLOOR - rise - 76),
                (400, FLOOR - rise - 34),
                (300, FLOOR - 74),
            ],
            closed=True,
        ),
        role="lining",
        level=0.8,
        puff=2,
        tone=-0.12,
    )
    top = smooth(
        [(430, FLOOR - rise - 72), (396, FLOOR - rise - 42), (330, FLOOR - 98), (262, FLOOR - 64), (214, FLOOR - 64)]
    )
    toe = smooth([(214, FLOOR - 64), (160, FLOOR - 48), (104, FLOOR - 22), (92, FLOOR - 12), (112, FLOOR - 8)])
    back = smooth([(434, FLOOR - rise), (446, FLOOR - rise - 26), (438, FLOOR - rise - 62), (430, FLOOR - rise - 72)])
    shoe.part([*top, *toe, *reversed(_bottom(rise)), *back], puff=6)


def pump() -> Sketch:
    return _pair(_pump)


def _sneaker(shoe: _Shoe) -> None:
    sole = [
        *smooth([(446, FLOOR - 44), (452, FLOOR - 14), (438, FLOOR + 2)]),
        *smooth([(300, FLOOR + 2), (170, FLOOR + 2), (112, FLOOR - 4), (98, FLOOR - 24), (108, FLOOR - 36)]),
        *smooth([(180, FLOOR - 30), (300, FLOOR - 32), (446, FLOOR - 44)]),
    ]
    shoe.part(
        smooth([(304, 396), (330, 372), (420, 402), (430, 430), (340, 440)], closed=True),
        role="lining",
        level=0.8,
        puff=2,
        tone=-0.18,
    )
    upper = [
        *smooth(
            [
                (108, FLOOR - 30),
                (106, FLOOR - 58),
                (140, FLOOR - 84),
                (206, FLOOR - 106),
                (262, FLOOR - 146),
                (296, FLOOR - 178),
            ]
        ),
        *smooth([(296, FLOOR - 178), (330, FLOOR - 142), (390, FLOOR - 132), (434, FLOOR - 160)]),
        *smooth([(434, FLOOR - 160), (450, FLOOR - 110), (446, FLOOR - 36)]),
    ]
    shoe.part(upper)
    shoe.part(
        smooth([(284, FLOOR - 186), (316, FLOOR - 192), (306, FLOOR - 150), (270, FLOOR - 134)], closed=True),
        rise=0.5,
        puff=3,
        edge=8,
        tone=0.05,
    )
    shoe.part(
        [
            *smooth([(438, FLOOR - 156), (450, FLOOR - 110), (446, FLOOR - 40)]),
            (400, FLOOR - 40),
            *smooth([(400, FLOOR - 90), (412, FLOOR - 136), (438, FLOOR - 156)]),
        ],
        role="trim",
        rise=0.8,
        puff=1,
        edge=6,
    )
    for line in (
        [(150, FLOOR - 82), (182, FLOOR - 56), (180, FLOOR - 32)],
        [(230, FLOOR - 112), (270, FLOOR - 70), (300, FLOOR - 34)],
        [(300, FLOOR - 168), (350, FLOOR - 90), (400, FLOOR - 60)],
    ):
        shoe.seam(smooth(line))
    for step in range(5):
        x, y = 216 + step * 17, FLOOR - 112 - step * 14
        shoe.sketch.part(
            shoe.at(ribbon([(x - 6, y - 4), (x + 26, y + 16)], 7)), role="lace", rise=1.4, puff=1.5, edge=3
        )
    shoe.part(sole, role="sole", level=2.6, puff=4, edge=8)
    shoe.seam(smooth([(104, FLOOR - 18), (180, FLOOR - 14), (300, FLOOR - 15), (450, FLOOR - 24)]), width=2)


def sneaker() -> Sketch:
    return _pair(_sneaker)


def _loafer(shoe: _Shoe) -> None:
    rise = 24.0
    _block_heel(shoe, rise, width=74)
    _sole(shoe, rise, thick=11)
    shoe.part(
        smooth(
            [(262, FLOOR - 112), (330, FLOOR - 112), (424, FLOOR - 122), (410, FLOOR - 84), (300, FLOOR - 74)],
            closed=True,
        ),
        role="lining",
        level=0.8,
        puff=2,
        tone=-0.15,
    )
    top = smooth([(434, FLOOR - 122), (400, FLOOR - 88), (330, FLOOR - 80), (272, FLOOR - 100), (248, FLOOR - 118)])
    toe = smooth([(248, FLOOR - 118), (196, FLOOR - 98), (134, FLOOR - 76), (102, FLOOR - 44), (112, FLOOR - 14)])
    back = smooth([(434, FLOOR - rise), (448, FLOOR - 70), (434, FLOOR - 122)])
    shoe.part([*top, *toe, *reversed(_bottom(rise)), *back])
    shoe.seam(smooth([(120, FLOOR - 52), (160, FLOOR - 60), (216, FLOOR - 74), (262, FLOOR - 92)]), width=3.4)
    shoe.part(
        [
            *smooth([(236, FLOOR - 116), (266, FLOOR - 108), (286, FLOOR - 92)]),
            *smooth([(268, FLOOR - 20), (226, FLOOR - 16)]),
            *smooth([(212, FLOOR - 60), (236, FLOOR - 116)]),
        ],
        rise=1.0,
        puff=1.2,
        edge=5,
    )
    buttons(shoe.sketch, shoe.at([(248, FLOOR - 84)]), radius=7, role="metal")


def loafer() -> Sketch:
    return _pair(_loafer)


def _sandal(shoe: _Shoe) -> None:
    rise = 76.0
    _block_heel(shoe, rise, width=54)
    bed = [(x, y - 4) for x, y in _bottom(rise)]
    for line, width in (
        (bezier((160, FLOOR - 14), (150, FLOOR - 74), (216, FLOOR - 80), (236, FLOOR - 20)), 24.0),
        (bezier((196, FLOOR - 14), (200, FLOOR - 96), (262, FLOOR - 92), (276, FLOOR - 34)), 22.0),
        (
            bezier(
                (426, FLOOR - rise - 4), (450, FLOOR - rise - 60), (440, FLOOR - rise - 96), (428, FLOOR - rise - 118)
            ),
            22.0,
        ),
        (
            bezier(
                (338, FLOOR - rise - 106), (366, FLOOR - rise - 84), (410, FLOOR - rise - 96), (434, FLOOR - rise - 116)
            ),
            17.0,
        ),
        (
            bezier(
                (338, FLOOR - rise - 106),
                (362, FLOOR - rise - 136),
                (410, FLOOR - rise - 136),
                (434, FLOOR - rise - 116),
            ),
            12.0,
        ),
    ):
        shoe.part(ribbon(line, width), level=1.6, puff=3, edge=5)
    shoe.part(ribbon(bed, 12), role="lining", level=2.2, puff=2, edge=4)
    _sole(shoe, rise, thick=8)
    x, y = shoe.at([(352, FLOOR - rise - 96)])[0]
    shoe.sketch.part(
        [(x + 9 * np.cos(a), y + 9 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 16, endpoint=False)],
        role="metal",
        rise=1.2,
        puff=2,
        edge=3,
    )


def sandal() -> Sketch:
    return _pair(_sandal)
