"""Prints and weaves as tiles: how much of each ink covers each pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, zoom

Tiles = NDArray[np.uint8]
SIZE = 256
_FINE = 4


def _grid(size: int = SIZE) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:size, 0:size].astype(np.float64)
    return y, x


def _ink(*shares: NDArray[np.float64]) -> Tiles:
    return np.stack([np.clip(share * 255, 0, 255) for share in shares]).astype(np.uint8)


def _bands(along: NDArray[np.float64], period: float, width: float, start: float = 0.0) -> NDArray[np.float64]:
    """Soft-edged bands of `width` in every `period`."""
    place = (along - start) % period
    return np.clip(np.minimum(place, width - place) + 0.5, 0, 1)


def _stripe(variant: int) -> Tiles:
    y, x = _grid()
    along = y if variant < 4 else x
    period, width = ((16, 6), (32, 16), (8, 3), (16, 2), (8, 2.5), (16, 1.6), (16, 8), (32, 5))[variant]
    if variant == 7:
        return _ink(_bands(along, period, width), _bands(along, period, 2, 12))
    return _ink(_bands(along, period, width))


def _check(variant: int) -> Tiles:
    y, x = _grid()
    if variant < 2:
        period = (16, 32)[variant]
        return _ink((_bands(x, period, period / 2) + _bands(y, period, period / 2)) / 2)
    if variant == 2:
        return _ink(np.maximum(_bands(x, 32, 2), _bands(y, 32, 2)))
    broad = np.maximum(_bands(x, 64, 22) * 0.62, _bands(y, 64, 22) * 0.62) + 0.3 * _bands(x, 64, 22) * _bands(y, 64, 22)
    fine = np.maximum(_bands(x, 64, 2.4, 40), _bands(y, 64, 2.4, 40)) * 0.9
    return _ink(broad, fine)


def _houndstooth(variant: int) -> Tiles:
    cell = np.array(
        [
            [1, 1, 1, 1, 0, 0, 0, 1], [1, 1, 1, 1, 0, 0, 1, 0], [1, 1, 1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0],
            [0, 0, 1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 1],
        ],
        dtype=np.float64,
    )  # fmt: skip
    large = np.kron(cell, np.ones((2, 2))) if variant else cell
    tile = np.tile(large, (SIZE // len(large), SIZE // len(large)))
    return _ink(gaussian_filter(tile, 0.45, mode="wrap"))


def _dots(variant: int) -> Tiles:
    y, x = _grid()
    period, radius = ((16, 2.6), (32, 6.4), (16, 4.2), (32, 3.2))[variant]
    share = np.zeros_like(x)
    for dx, dy in ((0, 0), (period / 2, period / 2)):
        distance = np.hypot((x - dx + period / 2) % period - period / 2, (y - dy + period / 2) % period - period / 2)
        share = np.maximum(share, np.clip(radius - distance + 0.5, 0, 1))
    return _ink(share)


def _drawn(draw: Callable[[list[ImageDraw.ImageDraw], np.random.Generator], None], inks: int, seed: int) -> Tiles:
    """What `draw` puts on boards of four times the size, which wrap around at the edges."""
    full = SIZE * _FINE
    boards = [Image.new("L", (3 * full, 3 * full)) for _ in range(inks)]
    draw([ImageDraw.Draw(board) for board in boards], np.random.default_rng(seed))
    tiles = []
    for board in boards:
        whole = np.asarray(board.reduce(_FINE), dtype=np.uint8).reshape(3, SIZE, 3, SIZE)
        tiles.append(whole.max(axis=(0, 2)))
    return np.stack(tiles)


def _spread(rng: np.random.Generator, count: int, apart: float) -> list[tuple[float, float]]:
    """Random places at least `apart` pixels from each other, also around the edges."""
    places: list[tuple[float, float]] = []
    for x, y in rng.uniform(0, SIZE, (count * 30, 2)):
        gaps = [np.hypot((x - a + 128) % SIZE - 128, (y - b + 128) % SIZE - 128) for a, b in places]
        if not gaps or min(gaps) > apart:
            places.append((float(x), float(y)))
        if len(places) == count:
            break
    return places


def _blob(board: ImageDraw.ImageDraw, x: float, y: float, rx: float, ry: float, turn: float, fill: int = 255) -> None:
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    px, py = rx * np.cos(angles), ry * np.sin(angles)
    cx, cy = (x + SIZE) * _FINE, (y + SIZE) * _FINE
    points = np.stack(
        [cx + _FINE * (px * np.cos(turn) - py * np.sin(turn)), cy + _FINE * (px * np.sin(turn) + py * np.cos(turn))],
        axis=1,
    )
    board.polygon([(float(a), float(b)) for a, b in points], fill=fill)


def _floral(variant: int) -> Tiles:
    size, count, apart = ((7.0, 44, 24), (13.0, 20, 42), (4.5, 90, 17), (10.0, 30, 33))[variant]
    petals = (5, 6, 4, 5)[variant]

    def draw(boards: list[ImageDraw.ImageDraw], rng: np.random.Generator) -> None:
        for x, y in _spread(rng, count, apart):
            turn, scale = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.75, 1.15)
            for lean in (0.6, 2.5, 4.4)[: 2 + variant % 2]:
                angle = turn + lean
                _blob(
                    boards[1],
                    x + 1.55 * scale * np.cos(angle),
                    y + 1.55 * scale * np.sin(angle),
                    scale * 0.75,
                    scale * 0.26,
                    angle,
                )
            for i in range(petals):
                angle = turn + 2 * np.pi * i / petals
                px, py = x + 0.56 * scale * np.cos(angle), y + 0.56 * scale * np.sin(angle)
                _blob(boards[1], px, py, scale * 0.52, scale * 0.38, angle, fill=0)
                _blob(boards[0], px, py, scale * 0.52, scale * 0.36, angle)
            _blob(boards[1], x, y, scale * 0.24, scale * 0.24, 0)
            _blob(boards[0], x, y, scale * 0.24, scale * 0.24, 0, fill=0)

    return _drawn(draw, 2, 100 + variant)


def _leopard(variant: int) -> Tiles:
    size, count, apart = ((6.2, 110, 15), (9.0, 52, 24))[variant]

    def draw(boards: list[ImageDraw.ImageDraw], rng: np.random.Generator) -> None:
        for x, y in _spread(rng, count, apart):
            turn, scale = rng.uniform(0, np.pi), size * rng.uniform(0.7, 1.15)
            _blob(boards[1], x, y, scale * 0.72, scale * 0.58, turn)
            for i in range(5):
                angle = turn + 2 * np.pi * i / 5 + rng.normal(0, 0.2)
                if rng.random() < 0.82:
                    _blob(
                        boards[0],
                        x + 0.78 * scale * np.cos(angle),
                        y + 0.66 * scale * np.sin(angle),
                        scale * 0.42,
                        scale * 0.24,
                        angle + np.pi / 2,
                    )

    return _drawn(draw, 2, 200 + variant)


def _abstract(variant: int) -> Tiles:
    """Loose brushstrokes of two colours."""
    long, broad, count, apart = ((15.0, 3.0, 46, 25), (9.0, 4.6, 56, 22), (24.0, 4.2, 24, 34))[variant]

    def draw(boards: list[ImageDraw.ImageDraw], rng: np.random.Generator) -> None:
        lean = rng.uniform(0, np.pi)
        for i, (x, y) in enumerate(_spread(rng, count, apart)):
            turn = lean + rng.normal(0, 0.35)
            scale = rng.uniform(0.7, 1.1)
            for side, width in ((-0.5, 0.55), (0.4, 0.75)):
                dx, dy = -np.sin(turn) * broad * side, np.cos(turn) * broad * side
                _blob(boards[int(i % 3 == 2)], x + dx, y + dy, long * scale * rng.uniform(0.8, 1), broad * width, turn)

    return _drawn(draw, 2, 300 + variant)


def _gradient(variant: int) -> Tiles:
    y, _ = _grid(512)
    ramp = np.clip((y - 120) / 300, 0, 1)
    return _ink((ramp if variant == 0 else np.exp(-(((y - 250) / 70) ** 2))) * 0.92)


_MAKERS: dict[str, tuple[Callable[[int], Tiles], int]] = {
    "stripe": (_stripe, 8),
    "check": (_check, 4),
    "houndstooth": (_houndstooth, 2),
    "dot": (_dots, 4),
    "floral": (_floral, 4),
    "leopard": (_leopard, 2),
    "abstract": (_abstract, 3),
    "gradient": (_gradient, 2),
}


def variants(name: str) -> int:
    """How many versions of a pattern there are."""
    return _MAKERS[name][1]


@lru_cache(maxsize=64)
def pattern(name: str, variant: int) -> Tiles:
    """Shares of the inks, shape (n_inks, size, size), two points a pixel; the size is a power of two."""
    tiles = _MAKERS[name][0](variant)
    return np.stack([zoom(tile, 2, order=1, mode="grid-wrap", grid_mode=True) for tile in tiles])
