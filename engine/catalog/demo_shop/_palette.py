"""Colours of the range: their names, families, screen values and whom they suit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A dye: `family` is what the shop files it under, `season` -1 is a winter colour, 1 a summer one."""

    name: str
    family: str
    code: str
    season: float
    style: tuple[float, ...]
    share: float


COLOURS: tuple[Colour, ...] = (
    Colour("black", "black", "#26252a", -0.2, (0.7, 1.0, 0.1, 0.0, 0.9, 0.9), 1.5),
    Colour("charcoal", "grey", "#4a4b50", -0.5, (0.7, 0.9, 0.0, 0.0, 0.7, 0.1), 0.6),
    Colour("dove grey", "grey", "#a9a8a6", -0.1, (0.5, 0.9, 0.2, 0.1, 0.5, 0.0), 0.6),
    Colour("white", "white", "#f4f2ee", 0.6, (0.6, 0.9, 0.6, 0.3, 0.5, 0.1), 1.1),
    Colour("ivory", "white", "#ebe3d3", 0.1, (0.6, 0.6, 0.9, 0.5, 0.0, 0.3), 0.9),
    Colour("sand", "beige", "#d3c0a1", 0.3, (0.6, 0.8, 0.2, 0.8, 0.2, 0.0), 0.8),
    Colour("camel", "beige", "#b98a56", -0.6, (1.0, 0.6, 0.1, 0.5, 0.1, 0.1), 0.8),
    Colour("chocolate", "brown", "#5a3d2e", -0.6, (0.6, 0.4, 0.1, 0.8, 0.2, 0.2), 0.5),
    Colour("tobacco", "brown", "#8a5a37", -0.5, (0.4, 0.2, 0.1, 1.0, 0.3, 0.0), 0.4),
    Colour("navy", "blue", "#26324f", -0.2, (1.2, 0.7, 0.2, 0.0, 0.4, 0.1), 1.1),
    Colour("cobalt", "blue", "#2f56a6", 0.2, (0.2, 0.3, 0.0, 0.1, 0.8, 0.6), 0.4),
    Colour("sky blue", "blue", "#a9c4dc", 0.7, (0.6, 0.4, 0.8, 0.2, 0.2, 0.0), 0.7),
    Colour("petrol", "blue", "#2b5a66", -0.5, (0.5, 0.3, 0.1, 0.4, 0.3, 0.3), 0.4),
    Colour("emerald", "green", "#1f6b52", -0.2, (0.3, 0.1, 0.3, 0.2, 0.1, 0.9), 0.5),
    Colour("sage", "green", "#9caa8c", 0.4, (0.2, 0.6, 0.6, 0.7, 0.1, 0.0), 0.7),
    Colour("olive", "green", "#676a45", -0.3, (0.3, 0.4, 0.0, 0.8, 0.8, 0.0), 0.5),
    Colour("butter", "yellow", "#f0dd9f", 0.9, (0.1, 0.3, 0.9, 0.5, 0.1, 0.1), 0.5),
    Colour("mustard", "yellow", "#c9952f", -0.3, (0.2, 0.1, 0.1, 1.0, 0.3, 0.1), 0.4),
    Colour("terracotta", "orange", "#b9603f", 0.2, (0.1, 0.1, 0.2, 1.2, 0.1, 0.1), 0.5),
    Colour("apricot", "orange", "#eeb488", 0.8, (0.1, 0.1, 0.9, 0.6, 0.1, 0.1), 0.3),
    Colour("scarlet", "red", "#b5222d", 0.0, (0.4, 0.1, 0.3, 0.1, 0.4, 1.0), 0.6),
    Colour("burgundy", "red", "#692433", -0.7, (0.8, 0.2, 0.3, 0.3, 0.1, 0.7), 0.6),
    Colour("blush", "pink", "#ecc8c2", 0.5, (0.2, 0.3, 1.3, 0.2, 0.0, 0.3), 0.7),
    Colour("fuchsia", "pink", "#bd2f73", 0.4, (0.0, 0.0, 0.4, 0.2, 0.4, 1.2), 0.4),
    Colour("rose", "pink", "#cf8791", 0.2, (0.2, 0.1, 1.2, 0.4, 0.0, 0.3), 0.4),
    Colour("lilac", "purple", "#bba8cd", 0.5, (0.1, 0.2, 1.0, 0.2, 0.2, 0.3), 0.4),
    Colour("plum", "purple", "#573350", -0.5, (0.4, 0.1, 0.3, 0.3, 0.1, 0.7), 0.3),
)
FAMILIES = tuple(dict.fromkeys(colour.family for colour in COLOURS))
BY_NAME = {colour.name: colour for colour in COLOURS}

DENIMS: dict[str, str] = {
    "indigo": "#2f4363",
    "mid blue": "#54749b",
    "light blue": "#93aeca",
    "washed black": "#3a3a3e",
    "ecru": "#e6dfd0",
}
"""Washes of denim; the shop files them as colours too."""
