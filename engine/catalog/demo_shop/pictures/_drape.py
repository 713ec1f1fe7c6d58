"""How cloth falls: folds, pleats, ribs and quilting as relief."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from engine.catalog.demo_shop.pictures._outline import CENTRE, Floats, Path, Point, bezier
from engine.catalog.demo_shop.pictures._sketch import HEIGHT, SCALE, WIDTH, Sketch


def across(mask: Floats) -> Floats:
    """Where each pixel lies between the mask's left (-1) and right (1) edge of its row."""
    solid = mask > 0.5
    left = np.where(solid.any(axis=1), solid.argmax(axis=1), 0).astype(np.float32)
    right = np.where(solid.any(axis=1), WIDTH - 1 - solid[:, ::-1].argmax(axis=1), WIDTH - 1).astype(np.float32)
    left, right = gaussian_filter(left, 2.0, mode="nearest"), gaussian_filter(right, 2.0, mode="nearest")
    half = np.maximum((right - left) / 2, 1.0)
    x = np.arange(WIDTH, dtype=np.float32)[None, :]
    return ((x - ((left + right) / 2)[:, None]) / half[:, None]).astype(np.float32)  # type: ignore[no-any-return]


def _fade(top: float, bottom: float) -> Floats:
    """0 at design height `top`, 1 at `bottom`, as a column."""
    y = np.arange(HEIGHT, dtype=np.float32) / SCALE
    return np.clip((y - top) / (bottom - top), 0, 1)[:, None].astype(np.float32)  # type: ignore[no-any-return]


def falling_folds(
    sketch: Sketch, mask: Floats, *, top: float, bottom: float, count: int, depth: float = 5.0, seed: int = 0
) -> None:
    """Soft vertical folds that open towards the hem, as in a skirt."""
    rng = np.random.default_rng(seed)
    place = across(mask)
    centres = np.linspace(-0.86, 0.86, count) + rng.normal(0, 0.35 / count, count)
    starts = rng.uniform(0.0, 0.35, count)
    for centre, start in zip(centres, starts, strict=True):
        grow = np.clip((_fade(top, bottom) - start) / (1 - start), 0, 1) ** 0.9
        spread = 0.30 / count + (0.42 / count) * grow
        ridge = np.exp(-0.5 * ((place - centre) / spread) ** 2)
        sketch.height += (depth * rng.uniform(0.6, 1.1) * grow * ridge * mask).astype(np.float32)


def pleats(sketch: Sketch, mask: Floats, *, top: float, bottom: float, count: int, depth: float = 3.2) -> None:
    """Pressed knife pleats, from `top` to the hem."""
    phase = (across(mask) + 1) / 2 * count
    saw = phase - np.floor(phase)
    profile = np.where(saw < 0.8, saw / 0.8, (1 - saw) / 0.2)
    sketch.height += (depth * profile * mask * (0.45 + 0.55 * _fade(top, bottom)) * (_fade(top, top + 6))).astype(
        np.float32
    )
    sketch.tone -= (0.12 * np.exp(-0.5 * ((saw - 0.97) / 0.05) ** 2) * mask * _fade(top, top + 6)).astype(np.float32)


def gathers(
    sketch: Sketch, mask: Floats, *, top: float, length: float, count: int, depth: float = 2.2, seed: int = 0
) -> None:
    """Short crowded folds below a gathered seam."""
    rng = np.random.default_rng(seed)
    place = across(mask)
    begin, end = _fade(top - 2, top + 3), 1 - _fade(top, top + length)
    for centre in np.linspace(-0.93, 0.93, count) + rng.normal(0, 0.25 / count, count):
        ridge = np.exp(-0.5 * ((place - centre) / (0.42 / count)) ** 2)
        reach = np.clip(end + rng.uniform(-0.3, 0.15), 0, 1)
        sketch.height += (depth * ridge * begin * reach * mask).astype(np.float32)


def ripple(
    sketch: Sketch, mask: Floats, *, depth: float = 1.0, tall: float = 34.0, wide: float = 11.0, seed: int = 0
) -> None:
    """Irregular, mostly vertical unevenness of cloth that has been worn and laid out."""
    small = np.random.default_rng(seed).normal(size=(HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    waves = gaussian_filter(small, (tall / 4, wide / 4), mode="wrap")
    waves = np.asarray(Image.fromarray(waves / waves.std()).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    sketch.height += (depth * waves * mask).astype(np.float32)


def ribs(sketch: Sketch, mask: Floats, *, period: float = 5.0, depth: float = 0.9, angle: float = 0.0) -> None:
    """Knitted ribbing, its wales turned by `angle` degrees from vertical."""
    turn = np.deg2rad(angle)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    along = x * np.cos(turn) + y * np.sin(turn)
    sketch.height += (depth * np.cos(2 * np.pi * along / period) * mask).astype(np.float32)


def quilting(
    sketch: Sketch, mask: Floats, *, period: float, depth: float = 5.0, angle: float = 0.0, offset: float = 0.0
) -> None:
    """Down-filled channels `period` design units high."""
    turn = np.deg2rad(angle)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) / SCALE
    along = (y * np.cos(turn) - x * np.sin(turn) - offset) / period
    wrinkle = 0.022 * np.sin(x / 9.0) + 0.016 * np.sin(x / 3.7 + y / 9.0)
    arch = np.abs(np.sin(np.pi * (along + wrinkle))) ** 0.55
    sketch.height += (depth * arch * mask).astype(np.float32)


def fleece(sketch: Sketch, mask: Floats, *, depth: float = 2.2, grain: float = 1.6, seed: int = 0) -> None:
    """Curly pile."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    curls = gaussian_filter(noise, grain) * grain * 3.2
    sketch.height += depth * curls * mask


def wash(sketch: Sketch, x: float, y: float, rx: float, ry: float, tone: float, *, within: Floats) -> None:
    """A worn, lighter (or darker) area, as on the thighs of jeans."""
    py, px = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) / SCALE
    glow = np.exp(-0.5 * (((px - x) / rx) ** 2 + ((py - y) / ry) ** 2))
    sketch.tone += (tone * glow * within).astype(np.float32)


def crease(start: Point, end: Point, *, bend: float = 0.0) -> Path:
    """A curved line from `start` to `end`, bent sideways by `bend` of its length."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    middle = ((start[0] + end[0]) / 2 - dy * bend, (start[1] + end[1]) / 2 + dx * bend)
    return bezier(start, middle, middle, end, steps=14)


def creases(
    sketch: Sketch,
    lines: Sequence[tuple[Point, Point, float]],
    *,
    width: float = 14.0,
    depth: float = 2.2,
    within: Floats,
    mirrored: bool = False,
) -> None:
    """Several soft folds, each `(start, end, bend)`; with `mirrored` also on the other side."""
    for start, end, bend in lines:
        sketch.fold(crease(start, end, bend=bend), width=width, depth=depth, within=within)
        if mirrored:
            left, right = (2 * CENTRE - start[0], start[1]), (2 * CENTRE - end[0], end[1])
            sketch.fold(crease(left, right, bend=-bend * 0.8), width=width, depth=depth * 0.85, within=within)
