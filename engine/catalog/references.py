"""Which files of the artifact store the catalogue needs."""

from __future__ import annotations

import json
from typing import Any

from engine.artifacts import ArtifactStore
from engine.catalog.schema import Table
from engine.store import Reader

_MANIFESTS = "SELECT manifest FROM snapshots"
_IMAGE = "image"


def catalog_references(reader: Reader, artifacts: ArtifactStore) -> set[str]:
    """Digests of every part, quarantine and product picture that a snapshot names.

    A collector of orphans must hold imports back (`CatalogService.alone`) from before this call until it
    is done: an import writes its files first and names them last.
    """
    manifests = [json.loads(row["manifest"]) for row in reader.rows(_MANIFESTS)]
    named = part_references(manifests)
    items = {part["digest"] for manifest in manifests for part in manifest["tables"].get(Table.ITEMS, ())}
    return named | {image for digest in items for image in _images(artifacts, digest)}


def part_references(manifests: list[dict[str, Any]]) -> set[str]:
    """Digests of the parts and quarantines of manifests."""
    return {
        part["digest"]
        for manifest in manifests
        for parts in (manifest["quarantine"], *manifest["tables"].values())
        for part in parts
    }


def parts_in_use(reader: Reader) -> set[str]:
    """Digests of the parts and quarantines of all snapshots."""
    return part_references([json.loads(row["manifest"]) for row in reader.rows(_MANIFESTS)])


def _images(artifacts: ArtifactStore, digest: str) -> list[str]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: list[str] = pc.unique(
        pq.read_table(artifacts.path(digest), columns=[_IMAGE]).column(_IMAGE).drop_null()
    ).to_pylist()
    return found
