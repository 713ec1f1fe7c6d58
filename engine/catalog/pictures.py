"""Product pictures: decoded in full before anything trusts them, stored as small JPEGs without metadata."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InvalidFile

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 720
_MAX_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_QUALITY = 88
_THREADS = 2


@dataclass(frozen=True)
class Pictures:
    """Checked pictures: JPEG bytes by digest, digest by item id, and what was wrong with the rest."""

    files: dict[str, bytes]
    digests: dict[str, str]
    bad: dict[str, str]


def check_all(images: Mapping[str, bytes], progress: Callable[[float], None] = lambda share: None) -> Pictures:
    """Check every picture; a bad one is reported and left out.

    Parameters
    ----------
    images : mapping of str to bytes
        By item id.
    """
    files: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    bad: dict[str, str] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (item, result) in enumerate(zip(images, pool.map(_checked, images.values()), strict=True)):
            if isinstance(result, InvalidFile):
                bad[item] = result.found
            else:
                digest = hashlib.sha256(result).hexdigest()
                files[digest], digests[item] = result, digest
            progress((done + 1) / len(images))
    return Pictures(files, digests, bad)


def _checked(data: bytes) -> bytes | InvalidFile:
    try:
        return normalise(data)
    except InvalidFile as error:
        return error


def normalise(data: bytes) -> bytes:
    """The picture as a JPEG of at most 720 pixels a side; one that is that already stays as it is.

    Raises
    ------
    InvalidFile
        It is no picture, is cut short, or would unpack to more than 40 megapixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _as_jpeg(image, data)
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise InvalidFile(
            f"A picture cannot be read: {str(error).partition('<')[0].strip()[:120] or type(error).__name__}.",
            f"Pictures are whole {', '.join(_FORMATS)} files of up to 40 megapixels.",
            "Export the picture again.",
        ) from error


def _as_jpeg(image: Image, data: bytes) -> bytes:
    width, height = image.size
    if width * height > _MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels are too many")
    small = max(width, height) <= LONGEST_SIDE
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    if image.format == "JPEG" and image.mode in ("RGB", "L") and small and _is_bare(data):
        return data
    upright = _upright(image)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    sink = io.BytesIO()
    upright.save(sink, "JPEG", quality=_QUALITY, optimize=False)
    return sink.getvalue()


def _upright(image: Image) -> Image:
    """Turned as its camera noted, on white where it is transparent."""
    import PIL.Image
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        paper = PIL.Image.new("RGB", turned.size, "white")
        layer = turned.convert("RGBA")
        paper.paste(layer, mask=layer)
        return paper
    return turned.convert("RGB")


def _is_bare(data: bytes) -> bool:
    """Whether a JPEG holds nothing but the picture: no EXIF, profile, comment, nor bytes after its end."""
    if not data.endswith(b"\xff\xd9"):
        return False
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            return b"\xff\xd8\xff" not in data[position:]
        if marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xEE)):
            return False
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return False
