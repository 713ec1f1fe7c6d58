"""The ways in: each importer turns files into tables under canonical names."""

from __future__ import annotations

from engine.catalog.importers.base import Importer, Reading
from engine.catalog.importers.bundle import Bundle, open_bundle, without_table
from engine.errors import InvalidInput

__all__ = ["Bundle", "Importer", "Reading", "importers", "open_bundle", "pick"]


def importers() -> dict[str, Importer]:
    """All importers by name; the first that recognises files takes them."""
    from engine.catalog.importers.amazon_sequences import AmazonSequences
    from engine.catalog.importers.generic import Generic
    from engine.catalog.importers.hm import HM
    from engine.catalog.importers.movielens import MovieLens
    from engine.catalog.importers.rent_the_runway import RentTheRunway
    from engine.catalog.importers.shopify import Shopify
    from engine.catalog.importers.woocommerce import WooCommerce

    every: tuple[Importer, ...] = (
        RentTheRunway(),
        HM(),
        Shopify(),
        WooCommerce(),
        MovieLens(),
        AmazonSequences(),
        Generic(),
    )
    return {importer.name: importer for importer in every}


def pick(bundle: Bundle, name: str | None) -> Importer:
    """The importer of that name, or the first that recognises the files.

    Raises
    ------
    InvalidInput
        There is no such importer.
    InvalidFile
        The named importer does not know these files.
    """
    every = importers()
    if name is None:
        found = next((importer for importer in every.values() if importer.recognises(bundle)), None)
        if found is None:
            raise without_table(bundle.name)
        return found
    if name not in every:
        raise InvalidInput(
            f"There is no importer {name[:60]!r}.", f"Importers: {', '.join(every)}.", "Choose one of them."
        )
    every[name].check(bundle)
    return every[name]
