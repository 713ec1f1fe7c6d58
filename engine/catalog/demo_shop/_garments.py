"""Draws the range: what each garment is, when it lives, what it costs and how it truly pleases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.demo_shop._calendar import DAYS, day
from engine.catalog.demo_shop._palette import COLOURS, DENIMS, FAMILIES
from engine.catalog.demo_shop._range import BRANDS, CATEGORIES, OCCASION_STYLE, OCCASIONS, STYLES

Generator = np.random.Generator

COHORTS: tuple[tuple[str, float, int, int, float], ...] = (
    ("Core", 0.10, day(2024, 9, 2), day(2025, 4, 20), 0.0),
    ("SS25", 0.20, day(2025, 1, 13), day(2025, 6, 20), 1.0),
    ("AW25", 0.27, day(2025, 7, 1), day(2025, 12, 8), -1.0),
    ("SS26", 0.26, day(2026, 1, 12), day(2026, 6, 20), 1.0),
    ("AW26", 0.17, day(2026, 7, 1), day(2026, 10, 28), -1.0),
)
"""Season, share of garments, first and last arrival, and whether it is made for summer."""

FOREVER = 10**6
"""Day on which a garment leaves that does not leave."""

_DENIM_FAMILY = {"indigo": "blue", "mid blue": "blue", "light blue": "blue", "washed black": "black", "ecru": "white"}
_PREMIUM = {"silk": 1.35, "cashmere": 1.7, "leather": 1.4, "suede": 1.3, "alpaca": 1.25, "mohair": 1.2, "tweed": 1.15}
_CLOTH_PRINTS = ("stripe", "check", "dot", "floral", "leopard", "houndstooth", "abstract", "gradient")
_PRINT_STYLE = np.array(
    [
        (1.0, 0.9, 0.2, 0.1, 0.7, 0.0),
        (1.1, 0.2, 0.1, 0.5, 0.7, 0.0),
        (0.5, 0.1, 1.1, 0.0, 0.1, 0.7),
        (0.1, 0.0, 1.5, 1.3, 0.0, 0.2),
        (0.0, 0.0, 0.1, 0.5, 0.4, 1.4),
        (1.2, 0.1, 0.0, 0.0, 0.1, 0.2),
        (0.0, 0.6, 0.2, 0.6, 0.8, 0.2),
        (0.0, 0.5, 0.3, 0.6, 0.4, 0.4),
    ]
)
_WOVEN = frozenset({"wool", "tweed", "gabardine", "crepe"})
_SOLID = frozenset({"leather", "suede", "denim", "nylon", "canvas", "felt", "straw", "cashmere", "mohair", "alpaca"})


@dataclass(frozen=True, eq=False)
class Garments:
    """One row a garment; indices point into `CATEGORIES`, `BRANDS`, `FAMILIES`, `OCCASIONS`.

    Attributes
    ----------
    style : ndarray, shape (n, 6)
        True style mix; rows sum to 1.
    arrives, leaves : ndarray of int
        First day, and first day on which it is gone (`FOREVER` while it stays).
    price, cost : ndarray
        At launch, EUR.
    quality, appeal : ndarray
        True make (standard normal) and log popularity.
    cut : ndarray
        Clothing sizes by which it fits larger (> 0 fits small).
    """

    category: NDArray[np.int64]
    silhouette: tuple[str, ...]
    brand: NDArray[np.int64]
    shade: tuple[str, ...]
    family: NDArray[np.int64]
    material: tuple[str, ...]
    pattern: tuple[str, ...]
    occasion: NDArray[np.int64]
    style: NDArray[np.float64]
    season: tuple[str, ...]
    arrives: NDArray[np.int64]
    leaves: NDArray[np.int64]
    price: NDArray[np.float64]
    cost: NDArray[np.float64]
    quality: NDArray[np.float64]
    appeal: NDArray[np.float64]
    cut: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.category)


def pick(rng: Generator, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """One column index for each row of `weights`, in proportion to them."""
    with np.errstate(divide="ignore"):
        noisy = np.log(weights) + rng.gumbel(size=weights.shape)
    return noisy.argmax(axis=1)  # type: ignore[no-any-return]


def draw(rng: Generator, count: int) -> Garments:
    """`count` garments, in order of arrival."""
    cohort = rng.choice(len(COHORTS), size=count, p=[c[1] for c in COHORTS])
    arrives = rng.integers([COHORTS[c][2] for c in cohort], [COHORTS[c][3] + 1 for c in cohort])
    order = np.argsort(arrives, kind="stable")
    cohort, arrives = cohort[order], arrives[order]
    summer = np.array([COHORTS[c][4] for c in cohort])
    category = pick(rng, _category_weights(summer))
    brand = pick(rng, np.tile([b.share for b in BRANDS], (count, 1)))
    style = _styles(rng, brand)
    silhouette = tuple(str(rng.choice(list(CATEGORIES[c].silhouettes))) for c in category)
    material = tuple(_material(rng, CATEGORIES[c].materials, s) for c, s in zip(category, silhouette, strict=True))
    shade, family = _colours(rng, style, summer, material)
    pattern = _patterns(rng, category, style, material)
    price = _prices(rng, category, brand, material)
    lifetime = rng.integers(110, 260, count)
    stays = (cohort == 0) & (rng.random(count) < 0.85)
    return Garments(
        category=category,
        silhouette=silhouette,
        brand=brand,
        shade=shade,
        family=family,
        material=material,
        pattern=pattern,
        occasion=_occasions(rng, category, style),
        style=style,
        season=tuple(COHORTS[c][0] for c in cohort),
        arrives=arrives,
        leaves=_leaving(rng, arrives, lifetime, stays),
        price=price,
        cost=np.round(price * rng.uniform(0.27, 0.42, count), 2),
        quality=rng.normal(size=count),
        appeal=rng.normal(0, 0.65, count),
        cut=np.array([BRANDS[b].cut for b in brand]) + rng.normal(0, 0.35, count),
    )


def _category_weights(summer: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.array([c.share for c in CATEGORIES])
    lean = np.array([c.summer for c in CATEGORIES])
    return share * np.exp(0.7 * summer[:, None] * lean)  # type: ignore[no-any-return]


def _styles(rng: Generator, brand: NDArray[np.int64]) -> NDArray[np.float64]:
    """A peaked mix around the brand's handwriting."""
    centre = np.array([BRANDS[b].style for b in brand])
    mass = rng.gamma(0.35 * centre + 0.09)
    return (mass + 1e-6) / (mass + 1e-6).sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _material(rng: Generator, materials: Sequence[str], silhouette: str) -> str:
    fixed = {
        "denim jacket": "denim", "denim shorts": "denim", "biker": "leather", "puffer": "nylon", "bomber": "nylon",
        "trench": "gabardine", "beanie": "wool", "fedora": "felt", "square scarf": "silk", "cable jumper": "wool",
        "sneaker": "canvas", "pump": "leather", "loafer": "leather", "sandal": "leather", "clutch": "leather",
    }  # fmt: skip
    allowed = ("leather", "suede") if silhouette in ("ankle boot", "tall boot") else materials
    return fixed.get(silhouette) or str(rng.choice(list(allowed)))


def _colours(
    rng: Generator, style: NDArray[np.float64], summer: NDArray[np.float64], material: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    suits = style @ np.array([c.style for c in COLOURS]).T
    lean = np.exp(1.0 * summer[:, None] * np.array([c.season for c in COLOURS]))
    chosen = pick(rng, (0.15 + 1.6 * suits) * lean * np.array([c.share for c in COLOURS]))
    washes = rng.choice(list(DENIMS), size=len(style), p=(0.3, 0.25, 0.2, 0.15, 0.1))
    shades = tuple(
        str(wash) if cloth == "denim" else COLOURS[c].name
        for wash, c, cloth in zip(washes, chosen, material, strict=True)
    )
    families = [_DENIM_FAMILY.get(shade) or COLOURS[c].family for shade, c in zip(shades, chosen, strict=True)]
    return shades, np.array([FAMILIES.index(family) for family in families])


def _patterns(
    rng: Generator, category: NDArray[np.int64], style: NDArray[np.float64], material: Sequence[str]
) -> tuple[str, ...]:
    printed = rng.random(len(category)) < np.array([CATEGORIES[c].patterned for c in category])
    solid = np.array([cloth in _SOLID for cloth in material])
    weights = 0.05 + style @ _PRINT_STYLE.T
    weights[np.array([cloth in _WOVEN for cloth in material])] *= (1, 1.6, 0.3, 0.1, 0.05, 1.6, 0.1, 0.05)
    weights[[CATEGORIES[c].name == "knitwear" for c in category]] *= (3, 0.2, 0.2, 0, 0, 0, 0.2, 0.3)
    weights[[CATEGORIES[c].name in ("blazers", "coats") for c in category]] *= (0.8, 1.5, 0, 0, 0, 1.5, 0, 0)
    weights[[CATEGORIES[c].name == "hats" for c in category]] *= (1, 0.1, 0, 0, 0, 0, 0, 0.3)
    chosen = pick(rng, weights)
    return tuple(_CLOTH_PRINTS[c] if p and not s else "plain" for c, p, s in zip(chosen, printed, solid, strict=True))


def _occasions(rng: Generator, category: NDArray[np.int64], style: NDArray[np.float64]) -> NDArray[np.int64]:
    """The occasion that a garment is made for: what its category allows and its style suits."""
    allowed = np.array([[float(o in c.occasions) for o in OCCASIONS] for c in CATEGORIES])
    suits = style @ np.array([OCCASION_STYLE[o] for o in OCCASIONS]).T
    return pick(rng, allowed[category] * (0.05 + suits**1.5))


def _prices(
    rng: Generator, category: NDArray[np.int64], brand: NDArray[np.int64], material: Sequence[str]
) -> NDArray[np.float64]:
    median = np.array([CATEGORIES[c].price for c in category])
    level = np.array([BRANDS[b].level for b in brand])
    premium = np.array([_PREMIUM.get(cloth, 1.0) for cloth in material])
    raw = median * level * premium * rng.lognormal(0, 0.16, len(category))
    step = np.where(raw < 60, 5.0, 10.0)
    return np.maximum(np.round(raw / step) * step, 10.0) - 0.05  # type: ignore[no-any-return]


def _leaving(
    rng: Generator, arrives: NDArray[np.int64], lifetime: NDArray[np.int64], stays: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Day on which each is gone; what would leave after the last day still stands in the shop."""
    leaves = np.maximum(arrives + lifetime, rng.integers(10, 40, len(arrives)))
    return np.where(stays | (leaves >= DAYS), FOREVER, leaves)


__all__ = ["FOREVER", "STYLES", "Garments", "draw", "pick"]
