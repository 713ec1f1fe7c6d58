"""Surface of cloth: grain added to the light, and how it shines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Grain = NDArray[np.int16]
SIZE = 128

_GLOSS = {
    "satin": 1.5, "silk": 1.35, "leather": 1.45, "nylon": 1.3, "viscose": 1.1, "suede": 0.85, "mohair": 0.85,
    "cashmere": 0.9, "felt": 0.85,
}  # fmt: skip


def gloss(material: str) -> float:
    """Contrast of light, 1 is matt cotton."""
    return _GLOSS.get(material, 1.0)


def _noise(seed: int, blur: float | tuple[float, float]) -> NDArray[np.float64]:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(SIZE, SIZE)), blur, mode="wrap")
    return field / field.std()  # type: ignore[no-any-return]


def _knit(gauge: int, strength: float) -> NDArray[np.float64]:
    """Columns of v-shaped stitches, `gauge` pixels wide (a divisor of the tile)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    place = x % gauge / gauge
    lean = np.abs(place - 0.5) * 2
    rows = np.cos(2 * np.pi * (y / gauge + lean * 0.5))
    return strength * (0.7 * rows + 0.9 * np.cos(2 * np.pi * (place - 0.5)) - 0.2)  # type: ignore[no-any-return]


def _twill(strength: float) -> NDArray[np.float64]:
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    return strength * np.cos(2 * np.pi * (x + y) / 4) + 3.0 * _noise(5, (6, 0.6)) + 2.0 * _noise(6, 0.5)  # type: ignore[no-any-return]


def _weave(strength: float, period: int) -> NDArray[np.float64]:
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    return strength * np.cos(2 * np.pi * x / period) * np.cos(2 * np.pi * y / period)  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def grain(material: str) -> Grain | None:
    """Light added along the cloth, int16, shape (128, 128); None where it is smooth."""
    fields = {
        "chunky": lambda: _knit(8, 9.0),
        "cotton knit": lambda: _knit(4, 7.0),
        "knitted wool": lambda: _knit(8, 7.0) + 2.0 * _noise(2, 0.7),
        "knitted cashmere": lambda: _knit(4, 5.0) + 3.0 * _noise(2, 1.0),
        "mohair": lambda: 5.0 * _noise(3, (2.2, 0.7)) + 5.0 * _noise(4, (0.7, 2.2)),
        "denim": lambda: _twill(4.0),
        "gabardine": lambda: _twill(1.8) * 0.6,
        "wool": lambda: 4.0 * _noise(7, 0.8),
        "alpaca": lambda: 3.6 * _noise(8, (2.0, 0.8)),
        "cashmere": lambda: 4.0 * _noise(8, (1.4, 0.8)),
        "tweed": lambda: 5.0 * _noise(9, 0.9) + 2.0 * _noise(10, 2.0),
        "linen": lambda: 2.2 * _noise(11, (5, 0.5)) + 2.2 * _noise(12, (0.5, 5)),
        "cotton": lambda: 1.6 * _noise(13, 0.6),
        "jersey": lambda: 1.6 * _noise(13, (1.4, 0.5)),
        "crepe": lambda: 1.8 * _noise(14, 0.7),
        "canvas": lambda: _weave(5.0, 4) + 2.0 * _noise(15, 0.6),
        "suede": lambda: 2.8 * _noise(16, 0.9),
        "leather": lambda: 1.3 * _noise(17, 1.1),
        "felt": lambda: 2.2 * _noise(18, 0.8),
        "straw": lambda: _weave(13.0, 8) + 4.0 * _noise(19, 0.7),
    }
    make = fields.get(material)
    return None if make is None else np.round(make()).astype(np.int16)
