"""Lights a finished sketch: slopes, hollows, cast shadows and the studio floor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from engine.catalog.demo_shop.pictures._outline import Floats
from engine.catalog.demo_shop.pictures._sketch import HEIGHT, WIDTH, Sketch, Window, soften


@dataclass(frozen=True, eq=False)
class Layer:
    """Opacity of one role (mode L), cut to what it covers: its left and top, and its window in the light."""

    opacity: Image.Image
    at: tuple[int, int]
    where: Window


@dataclass(frozen=True, eq=False)
class Relief:
    """A finished sketch: what `compose` colours. All but `ground` is cut to the garment.

    Attributes
    ----------
    layers : dict of str to Layer
        By role, to be pasted in this order.
    light : ndarray
        Light on the garment, uint8, 128 is the plain colour.
    ground : ndarray
        Light on the studio floor with the garment's shadow, uint8, 200 is unshadowed.
    u, v : ndarray
        Texture coordinates in half pixels, int64.
    """

    layers: dict[str, Layer]
    light: NDArray[np.uint8]
    ground: NDArray[np.uint8]
    u: NDArray[np.int64]
    v: NDArray[np.int64]
    _places: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    def places(self, size: int, *, fine: bool) -> NDArray[np.int64]:
        """Where in a flat tile of `size` (a power of two) squared each pixel lies.

        A `fine` tile has two points a pixel, so that prints bend with the cloth without steps.
        """
        key = -size if fine else size
        if key not in self._places:
            u, v = (self.u, self.v) if fine else (self.u >> 1, self.v >> 1)
            self._places[key] = (v & (size - 1)) * size + (u & (size - 1))
        return self._places[key]


_LIGHT = (-0.52, -0.85)
"""Where light comes from: x and y of the unit vector towards it, on the picture."""


def relief(sketch: Sketch) -> Relief:
    """Light the sketch: slopes, hollows, cast shadows and the studio's soft vertical falloff."""
    cover = sketch.cover
    height = sketch.height * np.clip(cover * 2, 0, 1)
    surface = gaussian_filter(height, 0.9, truncate=2.5)
    down, right = np.gradient(surface)
    facing = np.tanh(-(right * _LIGHT[0] + down * _LIGHT[1]) * 0.55)
    hollow = np.clip((height - soften(height, 6)) * 0.05, -0.35, 0.12)
    falloff = np.linspace(0.06, -0.07, HEIGHT, dtype=np.float32)[:, None]
    light = 0.34 * facing + hollow - 0.5 * _cast(height) + sketch.tone + falloff
    light8 = np.clip(128 + light * 128, 0, 255).astype(np.uint8)
    warp = gaussian_filter(height, 2.0, truncate=2.5)
    v_shift, u_shift = np.gradient(warp)
    u = np.round(2 * sketch.u + 4.0 * u_shift).astype(np.int64)
    v = np.round(2 * sketch.v + 4.0 * v_shift).astype(np.int64)
    cut = _solid(cover)
    layers = {name: _layer(mask[cut], cut) for name, mask in _stacked(sketch.roles).items() if mask.any()}
    return Relief(layers, light8[cut].copy(), _ground(cover), u[cut], v[cut])


def _solid(mask: NDArray[Any]) -> Window:
    """The smallest window that holds all of the mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _layer(opacity: NDArray[np.uint8], cut: Window) -> Layer:
    where = _solid(opacity)
    at = cut[1].start + where[1].start, cut[0].start + where[0].start
    return Layer(Image.fromarray(np.ascontiguousarray(opacity[where])), at, where)


def _stacked(roles: dict[str, Floats]) -> dict[str, NDArray[np.uint8]]:
    """Coverages as opacities, so that pasting the roles one after another mixes them as covered."""
    left = np.ones((HEIGHT, WIDTH), dtype=np.float32)
    opacities = {}
    for name, mask in reversed(roles.items()):
        opacities[name] = np.round(np.clip(mask / np.maximum(left, 1e-3), 0, 1) * 255).astype(np.uint8)
        left = np.clip(left - mask, 0, 1)
    return dict(reversed(opacities.items()))


def _cast(height: Floats) -> Floats:
    """Shadow that higher cloth throws on lower cloth, 0 to 1."""
    shade = np.zeros_like(height)
    for step in (2, 4, 7):
        shifted = np.roll(height, (round(-_LIGHT[1] * step), round(-_LIGHT[0] * step)), axis=(0, 1))
        shade = np.maximum(shade, np.clip(shifted - height - 0.35 * step, 0, 4) / 4)
    return gaussian_filter(shade, 1.2, truncate=2.5)  # type: ignore[no-any-return]


def _ground(cover: Floats) -> NDArray[np.uint8]:
    """The studio floor: a soft gradient, a wide shadow and a tight contact shadow."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    glow = (
        6.0
        - 13.0 * (y / HEIGHT) ** 1.5
        - 9.0 * (((x - WIDTH * 0.45) / WIDTH) ** 2 + ((y - HEIGHT * 0.4) / HEIGHT) ** 2)
    )
    wide = np.roll(soften(cover, 11), (10, 5), axis=(0, 1))
    tight = np.roll(gaussian_filter(cover, 2.6, truncate=2.5), (4, 2), axis=(0, 1))
    return np.clip(200 + glow - 30 * wide - 34 * tight, 0, 255).astype(np.uint8)  # type: ignore[no-any-return]
