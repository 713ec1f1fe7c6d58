"""Shops, snapshots, pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from engine.catalog.records import ShopInfo, SnapshotInfo
from engine.catalog.service import CatalogService
from engine.errors import ArtifactNotFound
from engine.inference_server._context import EngineOf

router = APIRouter(tags=["catalogue"])

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("/v1/shops")
def list_shops(engine: EngineOf) -> list[ShopInfo]:
    """All shops, by name."""
    return engine.call(CatalogService.list_shops)


@router.get("/v1/snapshots")
def list_snapshots(
    engine: EngineOf, shop: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> list[SnapshotInfo]:
    """Snapshots, newest first."""
    return engine.call(CatalogService.list_snapshots, shop=shop, limit=limit)


@router.get("/v1/images/{digest}", response_class=Response)
def image(engine: EngineOf, digest: Digest) -> Response:
    """A product picture by its digest; anything that is no picture does not exist here."""
    data = engine.artifacts.read_blob(digest)
    kind = picture_type(data)
    if kind is None:
        raise ArtifactNotFound(f"No picture has the digest {digest}.")
    headers = {"cache-control": "public, max-age=31536000, immutable", "etag": f'"{digest}"'}
    return Response(data, media_type=kind, headers=headers)


def picture_type(data: bytes) -> str | None:
    """The media type of JPEG, PNG or WebP bytes; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None
