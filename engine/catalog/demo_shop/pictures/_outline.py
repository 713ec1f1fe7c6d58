"""Points and curves of garment outlines, in design units (600 wide, 800 high)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Path = Sequence[Point]
Floats = NDArray[np.float32]

CENTRE = 300.0


def smooth(points: Path, *, closed: bool = False, steps: int = 10) -> list[Point]:
    """A Catmull-Rom curve through `points`.

    Parameters
    ----------
    points : sequence of (x, y)
        Points the curve passes, in order.
    closed : bool
        Whether the last point joins the first.
    steps : int
        Straight pieces between two points.
    """
    if len(points) < 3:
        return list(points)
    knots = np.asarray(points, dtype=np.float64)
    before, after = (knots[-1:], knots[:2]) if closed else (2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1])
    padded = np.concatenate([before, knots, after])
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3)
    flat = curve.reshape(-1, 2)
    if not closed:
        flat = np.concatenate([flat, knots[-1:]])
    return [(float(x), float(y)) for x, y in flat]


def mirror(points: Path, *, about: float = CENTRE) -> list[Point]:
    """`points` on the other side of a vertical axis, in reverse order, so that both halves join."""
    return [(2 * about - x, y) for x, y in reversed(points)]


def both(right_half: Path) -> list[Point]:
    """The closed outline of which `right_half` runs from the top of the axis to its bottom."""
    return [*right_half, *mirror(right_half)]


def bezier(start: Point, first: Point, second: Point, end: Point, *, steps: int = 20) -> list[Point]:
    """A cubic Bézier curve."""
    t = np.linspace(0.0, 1.0, steps)[:, None]
    a, b, c, d = (np.asarray(p, dtype=np.float64) for p in (start, first, second, end))
    curve = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return [(float(x), float(y)) for x, y in curve]


def between(start: Point, end: Point, share: float) -> Point:
    """The point at `share` of the way from `start` to `end`."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def ellipse(x: float, y: float, rx: float, ry: float, *, steps: int = 40) -> list[Point]:
    """An ellipse as a polygon."""
    angles = np.linspace(0.0, 2 * np.pi, steps, endpoint=False)
    return [(float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in angles]


def box(left: float, top: float, right: float, bottom: float, *, radius: float = 0.0) -> list[Point]:
    """A rectangle with rounded corners."""
    if radius <= 0:
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    quarter = np.linspace(0.0, np.pi / 2, 7)
    corners: tuple[tuple[float, float, float], ...] = (
        (right - radius, top + radius, -np.pi / 2),
        (right - radius, bottom - radius, 0.0),
    )
    corners += ((left + radius, bottom - radius, np.pi / 2), (left + radius, top + radius, np.pi))
    return [
        (float(x + radius * np.cos(a)), float(y + radius * np.sin(a)))
        for x, y, start in corners
        for a in start + quarter
    ]


def ribbon(points: Path, width: float | Sequence[float]) -> list[Point]:
    """The outline of a band along `points`; `width` is one figure or one at every point."""
    line = np.asarray(points, dtype=np.float64)
    widths = np.broadcast_to(np.asarray(width, dtype=np.float64), (len(line),))
    tangent = np.gradient(line, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) / length[:, None]
    offset = normal * widths[:, None] / 2
    outline = np.concatenate([line + offset, (line - offset)[::-1]])
    return [(float(x), float(y)) for x, y in outline]


def tapered(points: Path, width: float) -> list[Point]:
    """A stroke that swells to `width` in its middle and ends in points: the shape of a fold."""
    share = np.linspace(0.0, 1.0, len(points))
    return ribbon(points, list(width * np.sin(np.pi * share) ** 0.7 + 0.3))
