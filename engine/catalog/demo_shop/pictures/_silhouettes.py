"""Every silhouette of the range by its name."""

from __future__ import annotations

from collections.abc import Callable

from engine.catalog.demo_shop.pictures import (
    _accessories,
    _bags,
    _bottoms,
    _coats,
    _dresses,
    _jackets,
    _knits,
    _shoes,
    _tops,
)
from engine.catalog.demo_shop.pictures._relief import Relief, relief
from engine.catalog.demo_shop.pictures._sketch import Sketch

DRAWINGS: dict[str, Callable[[], Sketch]] = {
    "slip": _dresses.slip,
    "shift": _dresses.shift,
    "wrap": _dresses.wrap,
    "skater": _dresses.skater,
    "maxi": _dresses.maxi,
    "shirt dress": _dresses.shirt_dress,
    "bodycon": _dresses.bodycon,
    "camisole": _tops.camisole,
    "tank": _tops.tank,
    "long-sleeved": _tops.long_sleeved,
    "bandeau": _tops.bandeau,
    "puff sleeve": _tops.puff_blouse,
    "tie neck": _tops.tie_blouse,
    "ruffle": _tops.ruffle_blouse,
    "regular shirt": _tops.shirt,
    "oversized shirt": _tops.oversized_shirt,
    "short-sleeved shirt": _tops.short_shirt,
    "regular tee": _tops.tee,
    "boxy tee": _tops.boxy_tee,
    "v-neck tee": _tops.v_neck_tee,
    "crew jumper": _knits.crew,
    "roll-neck": _knits.roll_neck,
    "cardigan": _knits.cardigan,
    "cable jumper": _knits.cable,
    "mini": _bottoms.mini,
    "pleated": _bottoms.pleated,
    "pencil": _bottoms.pencil,
    "maxi skirt": _bottoms.maxi_skirt,
    "wide-leg": _bottoms.wide_leg,
    "straight": _bottoms.straight,
    "tapered": _bottoms.tapered,
    "skinny jeans": _bottoms.skinny_jeans,
    "straight jeans": _bottoms.straight_jeans,
    "wide jeans": _bottoms.wide_jeans,
    "tailored shorts": _bottoms.tailored_shorts,
    "denim shorts": _bottoms.denim_shorts,
    "biker": _jackets.biker,
    "denim jacket": _jackets.denim_jacket,
    "puffer": _jackets.puffer,
    "bomber": _jackets.bomber,
    "single-breasted": _coats.single,
    "double-breasted": _coats.double,
    "wool coat": _coats.wool_coat,
    "trench": _coats.trench,
    "wrap coat": _coats.wrap_coat,
    "ankle boot": _shoes.ankle_boot,
    "tall boot": _shoes.tall_boot,
    "pump": _shoes.pump,
    "sneaker": _shoes.sneaker,
    "loafer": _shoes.loafer,
    "sandal": _shoes.sandal,
    "tote": _bags.tote,
    "crossbody": _bags.crossbody,
    "bucket": _bags.bucket,
    "clutch": _bags.clutch,
    "long scarf": _accessories.long_scarf,
    "square scarf": _accessories.square_scarf,
    "beanie": _accessories.beanie,
    "fedora": _accessories.fedora,
}


def draw(name: str) -> Relief:
    """The lit relief of a silhouette, about a tenth of a second of work."""
    return relief(DRAWINGS[name]())
