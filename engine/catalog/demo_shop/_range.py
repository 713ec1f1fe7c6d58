"""What the demo shop sells: categories with their silhouettes, prices, sizes and true behaviour."""

from __future__ import annotations

from dataclasses import dataclass

STYLES = ("classic", "minimal", "romantic", "bohemian", "urban", "glamorous")
"""Axes of taste; a garment and a shopper are both a mix of them. Never told in the data."""

OCCASIONS = ("everyday", "work", "party", "wedding", "weekend", "holiday", "sport")

OCCASION_STYLE = {
    "everyday": (0.8, 1.0, 0.4, 0.5, 0.9, 0.1),
    "work": (1.2, 1.1, 0.3, 0.1, 0.2, 0.2),
    "party": (0.2, 0.3, 0.6, 0.2, 0.5, 1.6),
    "wedding": (0.7, 0.2, 1.4, 0.4, 0.0, 0.9),
    "weekend": (0.6, 0.6, 0.4, 1.0, 1.0, 0.1),
    "holiday": (0.2, 0.4, 0.9, 1.5, 0.4, 0.4),
    "sport": (0.1, 0.6, 0.0, 0.1, 1.8, 0.1),
}
"""How well each style suits each occasion, in the order of `STYLES`."""

SIZES = {
    "clothing": ("34", "36", "38", "40", "42", "44", "46", "48"),
    "shoes": ("36", "37", "38", "39", "40", "41", "42"),
    "one": ("one size",),
}
PLUS_FROM = 44
"""Clothing size from which a shopper counts as a plus size."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category of the shop.

    Attributes
    ----------
    share : float
        Share of the garments.
    appeal : float
        Share of visits, before season and taste.
    price : float
        Median launch price in EUR of a mid-priced brand.
    elasticity : float
        True price elasticity: units at the same visits vary as price to the power of minus this.
    summer : float
        Seasonality of visits: 1 is all summer, -1 all winter.
    size : str
        Size system, a key of `SIZES`.
    returns : float
        Share sent back of what fits.
    silhouettes : dict
        Silhouette to the noun of its title; each has a drawing of the same name.
    materials : tuple of str
    patterned : float
        Share that is not plain.
    occasions : tuple of str
    goes_with : tuple of str
        Categories looked at in the same session.
    """

    name: str
    share: float
    appeal: float
    price: float
    elasticity: float
    summer: float
    size: str
    returns: float
    silhouettes: dict[str, str]
    materials: tuple[str, ...]
    patterned: float
    occasions: tuple[str, ...]
    goes_with: tuple[str, ...]


CATEGORIES: tuple[Category, ...] = (
    Category(
        "dresses", 0.145, 0.17, 89, 1.9, 0.55, "clothing", 0.30,
        {"slip": "slip dress", "shift": "shift dress", "wrap": "wrap dress", "skater": "skater dress",
         "maxi": "maxi dress", "shirt dress": "shirt dress", "bodycon": "midi dress"},
        ("viscose", "silk", "cotton", "crepe", "satin", "linen"), 0.55,
        ("party", "wedding", "work", "holiday", "everyday"), ("shoes", "bags", "blazers"),
    ),
    Category(
        "tops", 0.065, 0.07, 35, 1.6, 0.6, "clothing", 0.16,
        {"camisole": "camisole", "tank": "tank top", "long-sleeved": "long-sleeved top", "bandeau": "bandeau top"},
        ("jersey", "satin", "cotton", "silk"), 0.25, ("party", "holiday", "everyday", "sport"),
        ("skirts", "jeans", "shorts"),
    ),
    Category(
        "blouses", 0.07, 0.07, 59, 1.5, 0.2, "clothing", 0.20,
        {"puff sleeve": "puff-sleeve blouse", "tie neck": "tie-neck blouse", "ruffle": "ruffle blouse"},
        ("silk", "viscose", "cotton", "crepe"), 0.5, ("work", "everyday", "wedding"), ("trousers", "skirts", "blazers"),
    ),
    Category(
        "shirts", 0.06, 0.055, 55, 1.3, 0.1, "clothing", 0.18,
        {"regular shirt": "shirt", "oversized shirt": "oversized shirt", "short-sleeved shirt": "short-sleeved shirt"},
        ("cotton", "linen", "poplin", "denim"), 0.5, ("work", "everyday", "weekend"), ("trousers", "jeans", "blazers"),
    ),
    Category(
        "t-shirts", 0.08, 0.075, 25, 1.2, 0.45, "clothing", 0.10,
        {"regular tee": "T-shirt", "boxy tee": "boxy T-shirt", "v-neck tee": "V-neck T-shirt"},
        ("jersey", "cotton"), 0.32, ("everyday", "weekend", "sport"), ("jeans", "shorts", "shoes"),
    ),
    Category(
        "knitwear", 0.09, 0.085, 79, 1.4, -0.75, "clothing", 0.17,
        {"crew jumper": "jumper", "roll-neck": "roll-neck jumper", "cardigan": "cardigan", "cable jumper": "cable-knit jumper"},
        ("wool", "cashmere", "cotton knit", "mohair"), 0.25, ("everyday", "work", "weekend"), ("jeans", "skirts", "scarves"),
    ),
    Category(
        "skirts", 0.07, 0.06, 59, 1.7, 0.25, "clothing", 0.20,
        {"mini": "mini skirt", "pleated": "pleated skirt", "pencil": "pencil skirt", "maxi skirt": "maxi skirt"},
        ("viscose", "satin", "wool", "cotton", "leather"), 0.4, ("work", "party", "everyday"), ("tops", "blouses", "knitwear"),
    ),
    Category(
        "trousers", 0.075, 0.07, 75, 1.3, -0.05, "clothing", 0.26,
        {"wide-leg": "wide-leg trousers", "straight": "straight trousers", "tapered": "tapered trousers"},
        ("wool", "crepe", "linen", "cotton"), 0.2, ("work", "everyday", "party"), ("blouses", "shirts", "blazers"),
    ),
    Category(
        "jeans", 0.055, 0.065, 85, 1.1, -0.1, "clothing", 0.32,
        {"skinny jeans": "skinny jeans", "straight jeans": "straight jeans", "wide jeans": "wide-leg jeans"},
        ("denim",), 0.0, ("everyday", "weekend"), ("t-shirts", "knitwear", "jackets"),
    ),
    Category(
        "shorts", 0.03, 0.03, 45, 1.8, 0.9, "clothing", 0.16,
        {"tailored shorts": "tailored shorts", "denim shorts": "denim shorts"},
        ("linen", "cotton", "denim"), 0.15, ("holiday", "weekend", "sport"), ("tops", "t-shirts", "shoes"),
    ),
    Category(
        "jackets", 0.05, 0.045, 129, 1.6, -0.25, "clothing", 0.22,
        {"biker": "biker jacket", "denim jacket": "denim jacket", "puffer": "puffer jacket", "bomber": "bomber jacket"},
        ("leather", "denim", "nylon", "cotton"), 0.0, ("everyday", "weekend", "sport"), ("jeans", "knitwear", "shoes"),
    ),
    Category(
        "blazers", 0.04, 0.035, 139, 1.5, -0.05, "clothing", 0.24,
        {"single-breasted": "blazer", "double-breasted": "double-breasted blazer"},
        ("wool", "crepe", "linen", "tweed"), 0.3, ("work", "party", "wedding"), ("trousers", "shirts", "blouses"),
    ),
    Category(
        "coats", 0.045, 0.045, 219, 1.8, -0.95, "clothing", 0.23,
        {"wool coat": "wool coat", "trench": "trench coat", "wrap coat": "belted coat"},
        ("wool", "gabardine", "alpaca"), 0.2, ("work", "everyday"), ("scarves", "knitwear", "shoes"),
    ),
    Category(
        "shoes", 0.075, 0.075, 119, 1.4, -0.05, "shoes", 0.25,
        {"ankle boot": "ankle boots", "tall boot": "tall boots", "pump": "pumps", "sneaker": "sneakers",
         "loafer": "loafers", "sandal": "sandals"},
        ("leather", "suede", "canvas"), 0.0, ("everyday", "work", "party", "sport"), ("bags", "dresses", "jeans"),
    ),
    Category(
        "bags", 0.04, 0.04, 129, 1.2, 0.05, "one", 0.08,
        {"tote": "tote bag", "crossbody": "crossbody bag", "bucket": "bucket bag", "clutch": "clutch"},
        ("leather", "suede", "canvas"), 0.1, ("everyday", "work", "party"), ("shoes", "scarves", "coats"),
    ),
    Category(
        "scarves", 0.02, 0.02, 45, 1.3, -0.6, "one", 0.06,
        {"long scarf": "scarf", "square scarf": "square scarf"},
        ("wool", "silk", "cashmere"), 0.75, ("everyday", "work"), ("coats", "hats", "bags"),
    ),
    Category(
        "hats", 0.02, 0.02, 35, 1.5, -0.3, "one", 0.06,
        {"beanie": "beanie", "fedora": "fedora"},
        ("wool", "felt", "straw"), 0.12, ("weekend", "holiday", "everyday"), ("scarves", "coats", "bags"),
    ),
)  # fmt: skip
NAMES = tuple(category.name for category in CATEGORIES)


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented label: price level against the category's median, style mix, and how it cuts.

    `cut` is in clothing sizes: 0.6 means that a 38 fits like a 38.6.
    """

    name: str
    level: float
    style: tuple[float, ...]
    cut: float
    share: float


BRANDS: tuple[Brand, ...] = (
    Brand("Maison Orlane", 2.3, (1.6, 0.6, 0.8, 0.0, 0.0, 1.5), -0.5, 0.07),
    Brand("Halden & Roe", 1.5, (2.2, 0.9, 0.2, 0.0, 0.1, 0.2), 0.2, 0.11),
    Brand("Nordlicht", 1.25, (0.6, 2.6, 0.0, 0.1, 0.5, 0.0), 0.4, 0.12),
    Brand("Vela Sorrento", 1.05, (0.3, 0.2, 1.4, 1.5, 0.0, 0.5), 0.0, 0.11),
    Brand("Petit Quai", 0.95, (0.9, 0.4, 2.0, 0.5, 0.0, 0.2), -0.3, 0.12),
    Brand("Kastanie", 0.85, (0.8, 0.9, 0.3, 1.3, 0.3, 0.0), 0.3, 0.10),
    Brand("Onda Libre", 0.7, (0.0, 0.2, 0.6, 2.4, 0.6, 0.1), 0.1, 0.10),
    Brand("Rue Neuf", 0.65, (0.2, 0.7, 0.2, 0.0, 2.4, 0.5), 0.5, 0.12),
    Brand("Lumen", 0.8, (0.0, 0.3, 0.5, 0.0, 0.8, 2.4), -0.6, 0.09),
    Brand("Common Thread", 0.5, (0.9, 1.3, 0.2, 0.3, 0.9, 0.0), 0.0, 0.06),
)
