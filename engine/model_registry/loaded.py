"""A model taken from the registry, ready to answer."""

from __future__ import annotations

import asyncio
import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import engine as package
from engine.artifacts import parse_json
from engine.catalog.key_ring import KeyRing
from engine.core import Engine
from engine.errors import CorruptArtifact, InvalidInput, NoArtifact
from engine.estimators import Estimator, kind_of
from engine.files import canonical_json
from engine.hub import Hub
from engine.model_registry.schema import VersionInfo

MODEL_FILE = "model.json"
_RECORDED_PACKAGES = (
    "duckdb",
    "lightgbm",
    "numpy",
    "pandas",
    "peft",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "torch",
    "transformers",
    "xgboost",
)


class LoadedModel:
    """A version's model; it stays in the hub while calls run and may be evicted between them.

    Attributes
    ----------
    info : VersionInfo
        The version that was loaded.
    """

    def __init__(self, engine: Engine, info: VersionInfo, artifact: str, shop_of: Callable[[], str | None]) -> None:
        self.info = info
        self._engine = engine
        self._artifact = artifact
        self._shop_of = shop_of

    @property
    def name(self) -> str:
        return self.info.model

    @property
    def version(self) -> str:
        return self.info.version

    def predict(self, input_data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Answer one input with one answer, or a sequence with a list of them.

        A `shopper` may be named by the shop's own id: the model knows people by pseudonym only.

        Raises
        ------
        InvalidInput
            The input does not fit the model's signature.
        """
        rows = [input_data] if isinstance(input_data, Mapping) else list(input_data)
        if not all(isinstance(row, Mapping) for row in rows):
            raise InvalidInput(
                f"{self.name} was given {type(input_data).__name__}.",
                "An input is a mapping of field to value, or a list of such.",
                "See the version's signature.",
            )
        with self._lent() as model:
            answers = model.predict([self._under_pseudonym(row) for row in rows])
        return answers[0] if isinstance(input_data, Mapping) else answers

    def _under_pseudonym(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        shopper = row.get("shopper")
        if not isinstance(shopper, str) or self._ring is None:
            return row
        return {**row, "shopper": self._ring.pseudonym(shopper)}

    @cached_property
    def _ring(self) -> KeyRing | None:
        """The names of the shop's shoppers; None for a model of no shop."""
        shop = self._shop_of()
        return KeyRing(self._engine.settings.home / "keys", shop) if shop else None

    def sample(self) -> dict[str, Any]:
        """One input that the model takes."""
        with self._lent() as model:
            return model.sample()

    def warm_up(self) -> None:
        """Load now, so that a broken file is told at once and the first answer is quick."""
        with self._lent():
            pass

    def _lent(self) -> AbstractContextManager[Estimator]:
        return self._engine.part(Hub).use(self._artifact, lambda: load_estimator(self._engine, self._artifact))

    async def predict_batch(self, inputs: Sequence[Mapping[str, Any]], batch_size: int = 32) -> list[Any]:
        """Answers of many inputs, `batch_size` at a time, without holding up the event loop."""
        if batch_size < 1:
            raise InvalidInput(f"The batch size is {batch_size}.", "It is 1 or more.")
        answers: list[Any] = []
        for start in range(0, len(inputs), batch_size):
            answers += await asyncio.to_thread(self.predict, inputs[start : start + batch_size])
        return answers

    def __repr__(self) -> str:
        return f"LoadedModel({self.name!r}, version={self.version!r})"


def load_estimator(engine: Engine, artifact: str) -> Estimator:
    """The estimator that an artifact holds.

    Raises
    ------
    CorruptArtifact, DigestMismatch, UnsafeFormat
    """
    files = engine.artifacts.open(artifact)
    if MODEL_FILE not in files:
        raise CorruptArtifact(f"The artifact {artifact[:12]} has no {MODEL_FILE}.", "It names the model's kind.")
    return kind_of(parse_json(files[MODEL_FILE], MODEL_FILE)["kind"]).load(files)


def open_version(engine: Engine, info: VersionInfo, shop_of: Callable[[], str | None]) -> LoadedModel:
    """The model of a version; `shop_of` is asked for its shop when a shopper is first named.

    Raises
    ------
    NoArtifact
        The version holds metrics only.
    """
    if info.artifact is None:
        raise NoArtifact(
            f"{info.model} {info.version} holds metrics but no model.",
            "A version has a model when register_model was given one, or a training job made it.",
            "Register it again with model=..., or load another version.",
        )
    loaded = LoadedModel(engine, info, info.artifact, shop_of)
    loaded.warm_up()
    return loaded


def pack(model: Any) -> dict[str, bytes]:
    """Files of a model object, with its kind.

    Raises
    ------
    InvalidInput
        The object is no estimator.
    """
    kind, save = getattr(type(model), "kind", None), getattr(model, "save", None)
    if not isinstance(kind, str) or save is None:
        raise InvalidInput(
            f"A {type(model).__module__}.{type(model).__name__} cannot be registered.",
            "Supported are the estimators of engine.estimators.",
            "Register its metrics without a model, or train it with 'skyy train'.",
        )
    return with_kind(save(), kind)


def with_kind(files: Mapping[str, bytes], kind: str) -> dict[str, bytes]:
    """A model's files and the one that names its kind.

    Raises
    ------
    CorruptArtifact
        The model has a file of that name itself, which would be lost.
    """
    if MODEL_FILE in files:
        raise CorruptArtifact(f"The {kind} writes a {MODEL_FILE} of its own.", "That name is kept for its kind.")
    return {**files, MODEL_FILE: canonical_json({"kind": kind}).encode()}


def environment() -> dict[str, str]:
    """Python, platform and the packages that matter, for a version's lineage."""
    return dict(_environment())


@cache
def _environment() -> dict[str, str]:
    """Read once: a package's version cannot change in a running process, and reading takes 5 ms each."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _RECORDED_PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def code_version() -> str:
    """The package's version and a digest of its source, so that two trees can be told apart."""
    digest = hashlib.sha256()
    root = Path(package.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{package.__version__}+{digest.hexdigest()[:12]}"
