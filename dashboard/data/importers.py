"""Ways of importing, as a person calls them."""

from __future__ import annotations

from engine.catalog.importers import importers
from engine.catalog.records import Mode

TITLES = {
    "amazon_sequences": "Amazon sequences (McAuley)",
    "demo_shop": "Generated shop",
    "generic": "CSV or Parquet",
    "hm": "H&M",
    "mend": "Mended quarantine",
    "movielens": "MovieLens",
    "rent_the_runway": "Rent the Runway",
    "shopify": "Shopify export",
    "woocommerce": "WooCommerce export",
}

MODES = {
    Mode.APPEND: "Add rows",
    Mode.UPSERT: "Add and update by key",
    Mode.REPLACE: "Replace the tables",
}


def title_of(importer: str) -> str:
    """An importer's name in words."""
    return TITLES.get(importer, importer.replace("_", " "))


def choices(unknown: str) -> dict[str, str]:
    """Importers by name with their titles; the empty name, first, leaves the choice to the files."""
    return {"": unknown, **{name: title_of(name) for name in sorted(importers(), key=title_of)}}
