"""Titles and descriptions of garments."""

from __future__ import annotations

from engine.catalog.demo_shop._garments import Garments, Generator
from engine.catalog.demo_shop._range import BRANDS, CATEGORIES, OCCASIONS, STYLES

_PRINT_WORD = {
    "stripe": "striped", "check": "checked", "dot": "polka-dot", "floral": "floral", "leopard": "leopard-print",
    "houndstooth": "houndstooth", "abstract": "printed", "gradient": "ombré", "plain": "",
}  # fmt: skip
_HANDLE = {
    "viscose": "fluid viscose", "silk": "washed silk", "cotton": "crisp cotton", "crepe": "matt crepe",
    "satin": "bias-cut satin", "linen": "garment-washed linen", "jersey": "soft jersey", "poplin": "fine poplin",
    "denim": "rigid denim", "wool": "pure wool", "cashmere": "two-ply cashmere", "cotton knit": "a dry cotton knit",
    "mohair": "brushed mohair", "leather": "vegetable-tanned leather", "nylon": "matt recycled nylon",
    "tweed": "bouclé tweed", "gabardine": "tightly woven gabardine", "alpaca": "brushed alpaca",
    "suede": "soft suede", "canvas": "heavy canvas", "felt": "wool felt", "straw": "woven straw",
}  # fmt: skip
_CHARACTER = {
    "classic": ("Cut on clean, lasting lines", "Tailored the old way, with an eye for proportion", "A considered classic"),
    "minimal": ("Pared back to line and cloth", "Nothing added, nothing missing", "Quiet, precise and unlined"),
    "romantic": ("Softly gathered and light on the skin", "Made to move with you", "Delicate without being precious"),
    "bohemian": ("Easy, generous and a little sun-faded", "Inspired by long summers and open roads", "Relaxed in shape"),
    "urban": ("Boxy, sturdy and made for the city", "A street-wise cut with room to layer", "Built for daily wear"),
    "glamorous": ("Made for low light and late hours", "Sculpted close, with a hint of drama", "An entrance in itself"),
}  # fmt: skip
_DETAIL = {
    "dresses": ("Concealed zip at the back.", "Fully lined to the hem.", "Side pockets set into the seams."),
    "tops": ("Finished with narrow bound edges.", "Adjustable at the shoulder.", "Double layer at the front."),
    "blouses": ("Covered buttons and a neat placket.", "Gathered into a slim cuff.", "Slightly curved hem."),
    "shirts": ("Mother-of-pearl buttons.", "Single-needle stitching throughout.", "A box pleat at the back."),
    "t-shirts": ("Ribbed collar that keeps its shape.", "Side seams set slightly forward.", "Pre-washed to avoid shrinking."),
    "knitwear": ("Fully fashioned at the armholes.", "Deep ribs at hem and cuffs.", "Knitted in one piece."),
    "skirts": ("Sits at the natural waist.", "Concealed side zip.", "Lined in breathable cupro."),
    "trousers": ("Pressed creases and a curved waistband.", "Slant pockets and a hidden hook.", "Falls straight from the hip."),
    "jeans": ("Five pockets and a button fly.", "Softens with every wear.", "Washed with very little water."),
    "shorts": ("A mid rise and turned-up hems.", "Deep front pockets.", "Belt loops and a flat front."),
    "jackets": ("Smooth two-way zip.", "Inside pocket with a snap.", "Storm flap and lined sleeves."),
    "blazers": ("Half-canvassed front.", "Horn-look buttons and flap pockets.", "Softly padded shoulder."),
    "coats": ("Deep pockets and a vented back.", "Fully lined, with an inside pocket.", "Made to go over a suit."),
    "shoes": ("Leather lining and insole.", "Cushioned footbed.", "Resoleable construction."),
    "bags": ("Inside pocket and key loop.", "Holds a 13-inch laptop.", "Edges painted by hand."),
    "scarves": ("Finished with hand-rolled edges.", "Long enough to wrap twice.", "Soft from the first day."),
    "hats": ("Lined with a soft inner band.", "Keeps its shape when packed.", "One size, gently elastic."),
}  # fmt: skip
_OCCASION = {
    "everyday": "An easy piece for every day.",
    "work": "Made for the office and what comes after.",
    "party": "Best after dark.",
    "wedding": "A fine choice for a wedding guest.",
    "weekend": "For slow weekends.",
    "holiday": "Packs small and loves the sun.",
    "sport": "Keeps up when the day gets busy.",
}


def titles(garments: Garments) -> list[str]:
    """Such as 'Navy striped silk wrap dress'."""
    found = []
    for i in range(len(garments)):
        noun = CATEGORIES[garments.category[i]].silhouettes[garments.silhouette[i]]
        material = garments.material[i].split()[0]
        words = (garments.shade[i], _PRINT_WORD[garments.pattern[i]], "" if material in noun else material, noun)
        title = " ".join(word for word in words if word)
        found.append(title[0].upper() + title[1:])
    return found


def descriptions(rng: Generator, garments: Garments) -> list[str]:
    """Three or four sentences: character, cloth, detail, occasion."""
    character, detail, shown = rng.integers(0, 3, (3, len(garments)))
    main = garments.style.argmax(axis=1)
    found = []
    for i in range(len(garments)):
        category = CATEGORIES[garments.category[i]]
        noun = category.silhouettes[garments.silhouette[i]]
        made = f"{BRANDS[garments.brand[i]].name} makes {this(noun)} in {_HANDLE[garments.material[i]]}"
        pattern = (
            "."
            if garments.pattern[i] == "plain"
            else f", with a {_pattern(garments.pattern[i])} on {garments.shade[i]}."
        )
        sentences = [
            f"{_CHARACTER[STYLES[main[i]]][character[i]]}.",
            made + pattern,
            _DETAIL[category.name][detail[i]],
            _OCCASION[OCCASIONS[garments.occasion[i]]] if shown[i] else "",
        ]
        found.append(" ".join(sentence for sentence in sentences if sentence))
    return found


def is_plural(noun: str) -> bool:
    """Whether a garment's noun is a plural, such as 'wide-leg jeans'."""
    return noun.endswith("s") and not noun.endswith("ss")


def this(noun: str) -> str:
    """'this wool coat', 'these trousers'."""
    return f"these {noun}" if is_plural(noun) else f"this {noun}"


def _pattern(name: str) -> str:
    return {
        "dot": "polka dot",
        "abstract": "brushstroke print",
        "leopard": "leopard print",
        "floral": "floral print",
    }.get(name, name)
