"""The drawing board: a garment built up as a relief, lit from the upper left.

A sketch holds, at picture resolution, how much of each pixel every role covers (the garment's own
colour, trim, sole, metal, ...), the height of the cloth, and texture coordinates that follow each
part's grain. Silhouettes only place parts, folds and seams; `_relief` derives light and shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, uniform_filter

from engine.catalog.demo_shop.pictures._outline import Floats, Path, ribbon, tapered

WIDTH, HEIGHT = 360, 480
SCALE = 0.6
"""Pixels a design unit."""

SUPERSAMPLING = 3
LEVEL = 2.2
"""Height between two layers of cloth, in pixels."""


def _empty() -> Floats:
    return np.zeros((HEIGHT, WIDTH), dtype=np.float32)


def soften(image: Floats, radius: float) -> Floats:
    """A fast blur of about Gaussian shape."""
    size = max(3, round(radius) * 2 + 1)
    return uniform_filter(uniform_filter(image, size, mode="nearest"), size, mode="nearest")  # type: ignore[no-any-return]


Window = tuple[slice, slice]


def window(outlines: Sequence[Path], *, pad: int = 1) -> Window:
    """The part of the picture that the polygons touch, `pad` pixels wider on each side."""
    points = np.concatenate([np.asarray(outline, dtype=np.float64) for outline in outlines]) * SCALE
    left, top = np.clip(np.floor(points.min(axis=0)) - pad, 0, (WIDTH - 1, HEIGHT - 1)).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0)) + pad + 1, (left + 1, top + 1), (WIDTH, HEIGHT)).astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def covered(outlines: Sequence[Path], where: Window) -> Floats:
    """How much of each pixel of a window the polygons cover, 0 to 1."""
    rows, columns = where
    size = ((columns.stop - columns.start) * SUPERSAMPLING, (rows.stop - rows.start) * SUPERSAMPLING)
    board = Image.new("L", size)
    pen = ImageDraw.Draw(board)
    for outline in outlines:
        local = (np.asarray(outline, dtype=np.float64) * SCALE - (columns.start, rows.start)) * SUPERSAMPLING
        pen.polygon(local.ravel().tolist(), fill=255)
    return np.asarray(board.reduce(SUPERSAMPLING), dtype=np.float32) / np.float32(255)


def coverage(outline: Path) -> Floats:
    """How much of each pixel the polygon covers, 0 to 1, shape (HEIGHT, WIDTH)."""
    result, where = _empty(), window([outline])
    result[where] = covered([outline], where)
    return result


@dataclass(eq=False)
class Sketch:
    """One garment in the making.

    Attributes
    ----------
    roles : dict of str to ndarray
        Coverage by role, 0 to 1; their sum is the garment's coverage.
    height : ndarray
        Height of the surface above the ground, in pixels.
    tone : ndarray
        Light or dark that is no relief: insides, washed denim, blush.
    u, v : ndarray
        Texture coordinates in pixels, along each part's grain.
    """

    roles: dict[str, Floats] = field(default_factory=dict)
    height: Floats = field(default_factory=_empty)
    tone: Floats = field(default_factory=_empty)
    u: Floats = field(default_factory=lambda: np.tile(np.arange(WIDTH, dtype=np.float32), (HEIGHT, 1)))
    v: Floats = field(default_factory=lambda: np.tile(np.arange(HEIGHT, dtype=np.float32)[:, None], (1, WIDTH)))

    def part(
        self,
        outline: Path,
        *,
        role: str = "cloth",
        level: float = 1.0,
        rise: float | None = None,
        puff: float = 5.0,
        edge: float = 9.0,
        grain: float = 0.0,
        tone: float = 0.0,
        within: Floats | None = None,
    ) -> Floats:
        """Lay one piece of cloth on top of what is there and return its coverage.

        Parameters
        ----------
        role : str
            Which colour it takes.
        level : float
            Layer, counted from the ground.
        rise : float, optional
            Thickness in pixels of a piece that lies close on what is there; `level` is then not used.
        puff, edge : float
            How much (pixels) and over what distance from the edge the piece swells.
        grain : float
            Degrees by which its pattern is turned clockwise.
        tone : float
            Lighter (> 0) or darker than the colour; 1 is a full step.
        within : ndarray, optional
            Coverage that the piece cannot leave.
        """
        where = window([outline], pad=round(edge) + 4)
        mask = covered([outline], where)
        if within is not None:
            mask = mask * within[where]
        inner = np.sqrt(np.clip(soften(mask, edge / 2) * 2 - 1, 0, 1)) * puff
        self.ink(mask, role, where=where)
        height, tone_there = self.height[where], self.tone[where]
        raised = inner + (level * LEVEL if rise is None else height + rise)
        self.height[where] = np.where(mask > 0.02, height * (1 - mask) + raised * mask, height)
        self.tone[where] = tone_there * (1 - mask) + tone * mask
        self._turn(mask > 0.02, where, grain)
        whole = _empty()
        whole[where] = mask
        return whole

    def _turn(self, solid: NDArray[np.bool_], where: Window, degrees: float) -> None:
        """Give the pixels of a part texture coordinates turned by `degrees`."""
        angle = np.deg2rad(degrees)
        y, x = np.mgrid[where].astype(np.float32)
        np.copyto(self.u[where], x * np.cos(angle) + y * np.sin(angle), where=solid, casting="same_kind")
        np.copyto(self.v[where], y * np.cos(angle) - x * np.sin(angle), where=solid, casting="same_kind")

    def fold(self, line: Path, *, width: float = 16.0, depth: float = 2.5, within: Floats | None = None) -> None:
        """A soft ridge (`depth` > 0) or furrow (< 0) along `line`."""
        outline, blur = tapered(line, width), max(1.0, width * SCALE * 0.3)
        where = window([outline], pad=round(2.5 * blur) + 2)
        ridge = gaussian_filter(covered([outline], where), blur, truncate=2.5)
        self.height[where] += depth * ridge * (1.0 if within is None else within[where])

    def seam(self, line: Path, *, width: float = 2.6, depth: float = 1.1, within: Floats | None = None) -> None:
        """A thin sewn line."""
        outline = ribbon(line, width)
        where = window([outline])
        stroke = covered([outline], where) * (1.0 if within is None else within[where])
        self.height[where] -= depth * stroke
        self.tone[where] -= 0.10 * stroke

    def stitch(self, line: Path, *, role: str = "thread", width: float = 1.7, dash: float = 7.0) -> None:
        """A row of stitches along `line`, where there is cloth."""
        points = np.asarray(line, dtype=np.float64)
        lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        starts = np.arange(0.0, max(lengths[-1] - dash * 0.6, 0.0), dash)
        ends = np.stack([starts, starts + dash * 0.62])
        x, y = np.interp(ends, lengths, points[:, 0]), np.interp(ends, lengths, points[:, 1])
        dashes = [ribbon([(x[0, i], y[0, i]), (x[1, i], y[1, i])], width) for i in range(len(starts))]
        where = window(dashes)
        stroke = covered(dashes, where) * self.cover[where]
        self.ink(stroke, role, where=where)
        self.height[where] += 0.5 * stroke

    def line(self, line: Path, *, role: str, width: float = 3.0, height: float = 1.2) -> None:
        """A thin raised line in the colour of `role`, such as a cord or a zip."""
        stroke = coverage(ribbon(line, width))
        self.ink(stroke, role)
        self.height += height * stroke

    def ink(self, stroke: Floats, role: str, *, where: Window = (slice(None), slice(None))) -> None:
        """Colour a stroke without changing the surface; `where` is the window that it fills."""
        for mask in self.roles.values():
            mask[where] *= 1 - stroke
        self.roles.setdefault(role, _empty())[where] += stroke

    @property
    def cover(self) -> Floats:
        """How much of each pixel the garment covers."""
        total = _empty()
        for mask in self.roles.values():
            total += mask
        return np.clip(total, 0, 1)
