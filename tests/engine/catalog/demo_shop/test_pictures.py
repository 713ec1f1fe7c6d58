"""Drawings, prints and cloth of the demo shop's pictures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.demo_shop._range import CATEGORIES
from engine.catalog.demo_shop.pictures import _dye, _patterns, _textures
from engine.catalog.demo_shop.pictures._compose import Look, compose
from engine.catalog.demo_shop.pictures._ramp import from_oklab, ramp, rgb, to_oklab
from engine.catalog.demo_shop.pictures._relief import relief
from engine.catalog.demo_shop.pictures._silhouettes import DRAWINGS
from engine.catalog.demo_shop.pictures._sketch import HEIGHT, WIDTH

PATTERNS = ("stripe", "check", "houndstooth", "dot", "floral", "leopard", "abstract", "gradient")


def test_every_silhouette_of_the_range_is_drawn() -> None:
    assert {name for category in CATEGORIES for name in category.silhouettes} == set(DRAWINGS)


@pytest.mark.parametrize("name", sorted(DRAWINGS))
def test_a_drawing_fills_the_picture_without_touching_its_edge(name: str) -> None:
    sketch = DRAWINGS[name]()
    cover = sketch.cover
    assert 0.06 < cover.mean() < 0.5
    edge = np.concatenate([cover[:8].ravel(), cover[-8:].ravel(), cover[:, :8].ravel(), cover[:, -8:].ravel()])
    assert edge.max() == 0
    assert np.isfinite(sketch.height).all()
    assert np.sum(list(sketch.roles.values()), axis=0).max() < 1.01


def test_a_garment_stands_out_from_the_floor_in_white_and_in_black() -> None:
    shaped = relief(DRAWINGS["regular shirt"]())
    for code in ("#f4f2ee", "#26252a"):
        picture = np.asarray(compose(shaped, Look(cloth=rgb(code))), dtype=float)
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture[100:380, 100:260].std() > 4


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_fit_the_lookup(name: str) -> None:
    for variant in range(_patterns.variants(name)):
        tile = _patterns.pattern(name, variant)
        size = tile.shape[-1]
        assert tile.dtype == np.uint8
        assert tile.shape[1:] == (size, size)
        assert size & (size - 1) == 0
        assert 0.01 < tile[0].mean() / 255 < 0.8


def test_cloth_is_balanced_light() -> None:
    materials = {material for category in CATEGORIES for material in category.materials}
    for material in materials:
        grain = _textures.grain(material)
        assert grain is None or abs(grain.mean()) < 3
    assert _textures.gloss("satin") > _textures.gloss("cotton") > _textures.gloss("suede")


@pytest.mark.parametrize("code", ["#000000", "#ffffff", "#b5222d", "#2f56a6"])
def test_colours_survive_oklab(code: str) -> None:
    colour = np.array(rgb(code), dtype=np.float64)
    assert np.abs(from_oklab(to_oklab(colour)).astype(float) - colour).max() <= 1
    shades = ramp(rgb(code))
    assert np.abs(shades[128].astype(float) - colour).max() <= 6
    assert (np.diff(to_oklab(shades.astype(np.float64))[:, 0]) >= -0.01).all()


def test_inks_can_be_seen_on_their_cloth() -> None:
    rng = np.random.default_rng(0)
    for pattern in ("stripe", "check", "dot", "houndstooth"):
        for code in ("#f4f2ee", "#26252a", "#b98a56", "#bba8cd"):
            ink, _ = _dye.inks(rng, pattern, rgb(code))
            assert abs(_dye.lightness(ink) - _dye.lightness(rgb(code))) > 0.12
