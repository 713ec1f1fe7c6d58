"""Colours a relief: the last step from a silhouette to a product picture."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.catalog.demo_shop.pictures._ramp import Ramp, Rgb, ground_ramp, ramp
from engine.catalog.demo_shop.pictures._relief import Relief

QUALITY = 86


@dataclass(frozen=True)
class Look:
    """How one garment is coloured.

    Attributes
    ----------
    cloth : Rgb
        Main colour.
    trims : mapping of str to Rgb
        Colours of the other roles.
    inks : tuple of Rgb
        Second and third colour of the pattern.
    pattern : ndarray, optional
        Share of each ink, uint8, shape (n_inks, size, size), tileable, two points a pixel; the size is a
        power of two.
    texture : ndarray, optional
        Surface grain added to the light, int16, shape (size, size).
    shift : (int, int)
        Where in the tile the pattern starts.
    gloss : float
        Contrast of light on the cloth.
    floor : Rgb
        Studio background.
    flip : bool
        Mirror the picture.
    """

    cloth: Rgb
    trims: Mapping[str, Rgb] = field(default_factory=dict)
    inks: tuple[Rgb, ...] = ()
    pattern: NDArray[np.uint8] | None = None
    texture: NDArray[np.int16] | None = None
    shift: tuple[int, int] = (0, 0)
    gloss: float = 1.0
    floor: Rgb = (244, 241, 236)
    flip: bool = False


def _shaded(light: NDArray[np.uint8], colours: Ramp) -> Image.Image:
    """`light` looked up in a ramp."""
    picture = Image.fromarray(light)
    picture.putpalette(colours.tobytes())
    return picture.convert("RGB")


def _tile(tile: NDArray[Any], relief: Relief, shift: tuple[int, int], *, fine: bool = False) -> NDArray[Any]:
    """The tile laid along the grain of the garment, beginning at `shift`."""
    moved = np.roll(tile, shift, axis=(0, 1)) if any(shift) else tile
    return moved.ravel().take(relief.places(tile.shape[-1], fine=fine))


def compose(relief: Relief, look: Look) -> Image.Image:
    """The product picture, RGB."""
    light = relief.light
    if look.texture is not None:
        light = np.clip(light + _tile(look.texture, relief, look.shift), 0, 255).astype(np.uint8)
    picture = _shaded(relief.ground, ground_ramp(look.floor))
    for role, layer in relief.layers.items():
        if role == "cloth":
            coloured = _cloth(light, relief, look)
        else:
            shades = ramp(look.trims.get(role, look.cloth), gloss=_GLOSS.get(role, 1.0))
            coloured = _shaded(np.ascontiguousarray(relief.light[layer.where]), shades)
        picture.paste(coloured, layer.at, layer.opacity)
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if look.flip else picture


_GLOSS = {"metal": 1.9, "button": 1.3}


def _cloth(light: NDArray[np.uint8], relief: Relief, look: Look) -> Image.Image:
    """The garment's own cloth, with its pattern printed along the grain."""
    where = relief.layers["cloth"].where
    light = np.ascontiguousarray(light[where])
    coloured = _shaded(light, ramp(look.cloth, gloss=look.gloss))
    if look.pattern is not None:
        for ink, share in zip(look.inks, look.pattern, strict=False):
            printed = _shaded(light, ramp(ink, gloss=look.gloss))
            shares = np.ascontiguousarray(_tile(share, relief, look.shift, fine=True)[where])
            coloured.paste(printed, mask=Image.fromarray(shares))
    return coloured


def encode(picture: Image.Image) -> bytes:
    """The picture as JPEG bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()
