"""Chooses colours: inks that suit a cloth, and trims that suit a garment."""

from __future__ import annotations

import numpy as np

from engine.catalog.demo_shop.pictures._ramp import Rgb, from_oklab, rgb, to_oklab

_FLOORS = ("#f4f1ec", "#eef0ef", "#f3eeea", "#eef0ec", "#f3f1ea", "#eff0f2", "#f3efee", "#efece8", "#f1f1f0", "#ede8e0")
"""One studio a label."""

_DARK_INKS = ("#23262f", "#2b3a55", "#5a2430", "#27463b", "#4a3427", "#33333a")
_LIGHT_INKS = ("#f4efe4", "#f6f4f1", "#efdfc4", "#f1d9d2", "#dfe6ea")
_BRIGHT_INKS = ("#c4553e", "#d69a3c", "#c66f80", "#7f9b78", "#4f78a8", "#b98fb2", "#e3b7a5")
_LEAF_INKS = ("#55704f", "#7c8c5a", "#38564a", "#9aa877")


def floor(brand: int) -> Rgb:
    """Background of a label's pictures."""
    return rgb(_FLOORS[brand % len(_FLOORS)])


def lightness(colour: Rgb) -> float:
    """Perceived lightness, 0 to 1."""
    return float(to_oklab(np.array(colour, dtype=np.float64))[0])


def _chroma(colour: Rgb) -> float:
    """Colourfulness, 0 for greys."""
    lab = to_oklab(np.array(colour, dtype=np.float64))
    return float(np.hypot(lab[1], lab[2]))


def shade(colour: Rgb, by: float) -> Rgb:
    """`colour`, lighter (> 0) or darker."""
    lab = to_oklab(np.array(colour, dtype=np.float64))
    lab[0] = np.clip(lab[0] + by, 0.12, 0.97)
    red, green, blue = from_oklab(lab)
    return int(red), int(green), int(blue)


def _pick(rng: np.random.Generator, codes: tuple[str, ...]) -> Rgb:
    return rgb(codes[int(rng.integers(len(codes)))])


def inks(rng: np.random.Generator, pattern: str, cloth: Rgb, *, quiet: bool = False) -> tuple[Rgb, Rgb]:
    """The two inks of a pattern on `cloth`, such that it can be seen; `quiet` ones are tonal."""
    light = lightness(cloth) > 0.62
    contrast = _pick(rng, _DARK_INKS) if light else _pick(rng, _LIGHT_INKS)
    if quiet:
        return shade(cloth, -0.26 if light else 0.26), shade(cloth, -0.16 if light else 0.42)
    if pattern == "leopard":
        if light and _chroma(cloth) > 0.05:
            return shade(cloth, -0.42), shade(cloth, -0.17)
        return (rgb("#2b211c"), rgb("#8a5f3c")) if light else (rgb("#131114"), shade(cloth, 0.16))
    if pattern == "floral":
        petal = _pick(rng, _BRIGHT_INKS) if light else _pick(rng, _LIGHT_INKS + _BRIGHT_INKS[-1:])
        return petal, _pick(rng, _LEAF_INKS)
    if pattern in ("abstract", "gradient"):
        return (
            (_pick(rng, _BRIGHT_INKS), contrast)
            if rng.random() < 0.6
            else (shade(cloth, -0.2 if light else 0.2), contrast)
        )
    if pattern == "check" and rng.random() < 0.5:
        return shade(cloth, -0.24 if light else 0.2), contrast
    return contrast, _pick(rng, _BRIGHT_INKS)


def trims(rng: np.random.Generator, silhouette: str, cloth: Rgb) -> dict[str, Rgb]:
    """Colours of the parts that are not of the cloth."""
    light = lightness(cloth) > 0.62
    gold = rng.random() < 0.6
    dark = shade(cloth, -0.16) if not light else rgb("#4a3a30")
    white = rgb("#f3f0ea")
    found = {
        "label": rgb("#f1ede6") if not light else rgb("#55504a"),
        "button": _buttons(rng, cloth, light),
        "metal": rgb("#c8a765") if gold else rgb("#b9bcc0"),
        "sole": white if silhouette == "sneaker" else (rgb("#2e2724") if rng.random() < 0.5 else rgb("#c9a27a")),
        "heel": dark if rng.random() < 0.5 else rgb("#3a2c25"),
        "lining": rgb("#dcc9b2"),
        "lace": white if not light or rng.random() < 0.5 else shade(cloth, -0.12),
        "thread": rgb("#c08a4e") if lightness(cloth) < 0.75 else rgb("#b9a98c"),
        "trim": shade(cloth, -0.13) if light else shade(cloth, -0.08),
    }
    if silhouette == "shirt dress":
        found["trim"] = rgb("#6b4730") if rng.random() < 0.6 else rgb("#26242a")
    elif silhouette == "fedora":
        found["trim"] = rgb("#2b2526") if light or rng.random() < 0.6 else shade(cloth, 0.25)
    elif silhouette == "sneaker":
        found["trim"] = _pick(rng, _BRIGHT_INKS + _DARK_INKS[:3]) if rng.random() < 0.6 else shade(cloth, -0.1)
    elif silhouette == "beanie":
        found["trim"] = rgb("#8a5f3c")
    elif silhouette == "square scarf":
        found["trim"] = _pick(rng, _DARK_INKS) if light else _pick(rng, _LIGHT_INKS)
    return found


def _buttons(rng: np.random.Generator, cloth: Rgb, light: bool) -> Rgb:
    chance = rng.random()
    if chance < 0.45:
        return shade(cloth, -0.18 if light else 0.14)
    return rgb("#efe8dc") if chance < 0.72 and not light else rgb("#6b4a34") if chance < 0.88 else rgb("#c4a25f")
