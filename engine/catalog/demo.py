"""The demo shop, taken in through the same door as everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from engine.actor import Actor
from engine.catalog.records import ImportReport, Mode, Source
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.store import operation

SHOP = "demo"
TITLE = "Demo shop (synthetic)"
SEED = 7
_IMPORTER = "demo_shop"
_GENERATION = 1  # raised when the generator makes other data from the same seed


def load_demo(
    service: CatalogService,
    *,
    actor: Actor,
    progress: Callable[[str, float], None] | None = None,
    scale: float = 1.0,
) -> ImportReport:
    """Generate the demo shop and take it in; a shop that has it is left as it is.

    Parameters
    ----------
    progress : callable or None
        Told the stage and the share done, 0 to 1.
    scale : float
        Size of the shop; tests make a small one.
    """
    recipe = f"demo shop, generation {_GENERATION}, seed {SEED}, scale {scale:g}"
    source = Source(name=recipe, sha256=hashlib.sha256(recipe.encode()).hexdigest(), bytes=0)
    earlier = service.report_of(shop=SHOP, importer=_IMPORTER, sources=(source,), mode=Mode.REPLACE)
    if earlier is not None:
        return earlier
    from engine.catalog.demo_shop import generate

    made = generate(SEED, scale=scale, progress=progress)
    return service.take_in(
        actor=actor,
        shop=SHOP,
        title=TITLE,
        synthetic=True,
        importer=_IMPORTER,
        tables=made.tables,
        images=made.images,
        sources=(source,),
        mode=Mode.REPLACE,
    )


class DemoService(Service):
    """The demo shop for callers outside the owner process."""

    @operation("demo.load")
    def load(self, *, actor: Actor) -> ImportReport:
        """Make the demo shop, or say that it is there."""
        return load_demo(self.engine.service(CatalogService), actor=actor)
