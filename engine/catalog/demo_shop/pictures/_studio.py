"""The studio: takes every garment's picture."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.catalog.demo_shop._garments import Garments
from engine.catalog.demo_shop._palette import BY_NAME, DENIMS
from engine.catalog.demo_shop._range import NAMES
from engine.catalog.demo_shop.pictures import _dye, _patterns, _silhouettes, _textures
from engine.catalog.demo_shop.pictures._compose import Look, compose, encode
from engine.catalog.demo_shop.pictures._ramp import Rgb, rgb

THREADS = 2

_ACROSS = frozenset({"t-shirts", "tops", "knitwear", "dresses", "skirts", "scarves", "hats", "bags"})
"""Categories whose stripes may run across; the others have them lengthwise."""

_TAILORED = frozenset({"coats", "blazers", "trousers", "shorts"})


def paint_all(garments: Garments, ids: list[str], *, seed: int, progress: Callable[[float], None]) -> dict[str, bytes]:
    """The JPEG of every garment, by item id; each silhouette is drawn once.

    Parameters
    ----------
    progress : callable
        Told the share done, 0 to 1, from the calling thread.
    """
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(garments.silhouette):
        groups.setdefault(name, []).append(index)
    largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    images: dict[str, bytes] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="demo-studio") as pool:
        for found in pool.map(lambda group: _paint(garments, group[0], group[1], seed), largest):
            images.update({ids[index]: image for index, image in found.items()})
            progress(len(images) / len(ids))
    return {item_id: images[item_id] for item_id in ids}


def _paint(garments: Garments, silhouette: str, members: list[int], seed: int) -> dict[int, bytes]:
    relief = _silhouettes.draw(silhouette)
    return {index: encode(compose(relief, look(garments, index, seed))) for index in members}


def look(garments: Garments, index: int, seed: int) -> Look:
    """Colours, print and surface of one garment, from a random stream of its own."""
    rng = np.random.default_rng([seed, index])
    silhouette, category = garments.silhouette[index], NAMES[garments.category[index]]
    cloth = _cloth(rng, garments.shade[index])
    name, material = garments.pattern[index], garments.material[index]
    printed = None if name == "plain" else _patterns.pattern(name, _variant(rng, name, category))
    left, down = (int(n) for n in rng.integers(0, 64, 2))
    return Look(
        cloth=cloth,
        trims=_dye.trims(rng, silhouette, cloth),
        inks=_dye.inks(rng, name, cloth, quiet=category in _TAILORED),
        pattern=printed,
        texture=_textures.grain(_surface(material, category, silhouette)),
        shift=(0, 0) if name == "gradient" else (left, down),
        gloss=_textures.gloss(material),
        floor=_dye.floor(int(garments.brand[index])),
        flip=category in ("shoes", "scarves", "hats") and bool(rng.random() < 0.5),
    )


def _cloth(rng: np.random.Generator, shade: str) -> Rgb:
    """The dye of a shade; no two lots are quite the same."""
    code = DENIMS.get(shade) or BY_NAME[shade].code
    return _dye.shade(rgb(code), float(rng.normal(0, 0.012)))


def _variant(rng: np.random.Generator, name: str, category: str) -> int:
    """A version of the pattern that the category wears well."""
    choice = range(_patterns.variants(name))
    if name == "stripe" and category in _TAILORED:
        choice = range(5, 6)
    elif name == "stripe" and category == "knitwear":
        choice = range(2)
    elif name == "stripe":
        choice = range(4) if category in _ACROSS and rng.random() < 0.8 else range(4, 8)
    elif name == "check" and category in _TAILORED | {"scarves"}:
        choice = range(2, 4)
    elif name == "houndstooth" and category in _TAILORED | {"skirts"}:
        choice = range(1)
    return int(rng.choice(choice))


def _surface(material: str, category: str, silhouette: str) -> str:
    if silhouette in ("cable jumper", "beanie"):
        return "chunky" if silhouette == "cable jumper" else "knitted cashmere"
    if category == "knitwear" and material in ("wool", "cashmere"):
        return f"knitted {material}"
    return material
