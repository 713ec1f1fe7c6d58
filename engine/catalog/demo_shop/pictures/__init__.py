"""Drawn pictures of the demo shop's garments: reliefs of silhouettes, dyed and printed garment by garment."""

from engine.catalog.demo_shop.pictures._studio import paint_all

__all__ = ["paint_all"]
