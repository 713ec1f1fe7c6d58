"""Colours under light: from one colour to the 256 shades it takes across a garment."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]
Ramp = NDArray[np.uint8]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)


def rgb(code: str) -> Rgb:
    """The colour of a `#rrggbb` code."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def to_oklab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours (0 to 255, last axis rgb) in Oklab (Ottosson 2020): lightness, green-red, blue-yellow."""
    share = colour / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T  # type: ignore[no-any-return]


def from_oklab(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours of Oklab values, clipped to what a screen can show."""
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0, 1)
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _fixed(shades: Ramp) -> Ramp:
    """Shades that nobody may change, because they are kept."""
    shades.setflags(write=False)
    return shades


@lru_cache(maxsize=2048)
def ramp(colour: Rgb, *, gloss: float = 1.0) -> Ramp:
    """Shades of `colour` for light 0 to 255 (128 is the plain colour), shape (256, 3).

    Shadows keep more chroma and turn a little cool, lights wash out a little warm; the steps never
    vanish, so that folds stay visible in black and in white cloth.

    Parameters
    ----------
    gloss : float
        1 is matt; satin and leather take more contrast.
    """
    base = to_oklab(np.array(colour, dtype=np.float64))
    light = (np.arange(256) - 128.0) / 128.0 * gloss
    up, down = np.clip(light, 0, None), np.clip(-light, 0, None)
    lightness = (
        base[0] + up * (0.26 + 0.25 * base[0]) * np.clip(1.25 - base[0], 0.2, 1) - down * (0.08 + 0.62 * base[0])
    )
    if gloss > 1.15:
        lightness = lightness + 0.55 * np.clip(light - 0.28, 0, None) ** 1.5
    chroma = 1 - 0.35 * up + 0.10 * down
    lab = np.stack(
        [np.clip(lightness, 0.02, 0.995), base[1] * chroma, base[2] * chroma + 0.006 * up - 0.010 * down], axis=1
    )
    return _fixed(from_oklab(lab))


@lru_cache(maxsize=64)
def ground_ramp(colour: Rgb) -> Ramp:
    """Shades of the studio floor for ground light 0 to 255 (200 is `colour`)."""
    base = to_oklab(np.array(colour, dtype=np.float64))
    light = (np.arange(256) - 200.0) / 200.0
    lightness = np.clip(base[0] + 0.62 * light, 0, 0.995)
    return _fixed(
        from_oklab(np.stack([lightness, np.full(256, base[1]), base[2] - 0.012 * np.clip(-light, 0, None)], axis=1))
    )
