"""Files of MLflow runs: which of them are native models that may be stored, and why the others stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from engine.artifacts import ArtifactStore
from engine.artifacts.formats import check_format
from engine.artifacts.store import check_member
from engine.errors import ArtifactError
from engine.model_registry.exchange.mlflow_files import read_yaml
from engine.model_registry.exchange.mlflow_values import local_path, text
from engine.model_registry.exchange.records import Ledger

NATIVE = {"xgboost": "data", "lightgbm": "data", "onnx": "data"}
_DESCRIPTIONS = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta")
_CODE = (".pkl", ".pickle", ".joblib", ".skops", ".pth", ".pt", ".dill", ".cloudpickle", ".h5", ".npy", ".npz")
_MOST_FILES = 20_000

PICKLED = "A model or object as pickle, joblib, skops or another form that can carry code."
DESCRIPTION = "MLflow's own description of a model (environment, requirements)."
OTHER = "A file that is no native XGBoost, LightGBM or ONNX model."
REMOTE = "Files that do not lie in a local folder."
OUTSIDE = "Files outside the store's folder; name their folder to read them."
LINKED = "A link; links are not followed."
REFUSED = "A native model file that did not pass the check of its format."
TOO_LARGE = "A native model file larger than the setting max_upload_mb."
TOO_MANY = "Files beyond the first 20,000 of a run."


@dataclass(frozen=True)
class NativeModel:
    """A native model that was stored: its flavor, the artifact's digest, its size, MLflow's signature."""

    flavor: str
    artifact: str
    size: int
    folder: str
    signature: dict[str, Any] | None


class Collector:
    """Takes native model files below one folder into the artifact store, and counts the rest.

    Parameters
    ----------
    roots : tuple of Path
        Folders that files may lie in; a store that names others is not believed.
    limit : int
        The largest model file, in bytes.
    """

    def __init__(self, artifacts: ArtifactStore, roots: tuple[Path, ...], limit: int, left: Ledger) -> None:
        self._artifacts, self._limit, self._left = artifacts, limit, left
        self._roots = tuple(root.resolve() for root in roots)
        self.files = 0
        self.bytes = 0

    def collect(self, uris: tuple[str, ...]) -> list[NativeModel]:
        """Native models below the folders that a run names."""
        found: list[NativeModel] = []
        for uri in uris:
            folder = self._folder(uri)
            if folder is not None:
                found += self._of_folder(folder)
        return found

    def _folder(self, uri: str) -> Path | None:
        path = local_path(uri)
        if path is None:
            if uri:
                self._left.add(REMOTE, uri)
            return None
        given = Path(path)
        for root in self._roots:
            for candidate in (path, *_moved(given, root)):
                if os.path.isdir(candidate) and (real := Path(candidate).resolve()).is_relative_to(root):
                    return real
        if given.is_absolute() and given.is_dir():
            self._left.add(OUTSIDE, path)
        return None

    def _of_folder(self, folder: Path) -> list[NativeModel]:
        files = dict(_plain_files(folder, self._left))
        models = {
            str(PurePosixPath(name).parent): read_yaml(path) for name, path in files.items() if path.name == "MLmodel"
        }
        found, taken = [], set()
        for place, description in models.items():
            native = _native_file(description)
            if native is None:
                continue
            flavor, data = native
            name = str(PurePosixPath(place) / data)
            if name in files:
                taken.add(name)
                stored = self._store(files[name], flavor, description, folder)
                found += [stored] if stored else []
        for name, path in files.items():
            if name not in taken:
                self._left.add(_why_not(path), f"{folder.parent.name}/{name}")
        return found

    def _store(self, path: Path, flavor: str, description: dict[str, Any], folder: Path) -> NativeModel | None:
        data = _read(path, self._limit)
        if data is None:
            self._left.add(TOO_LARGE, str(path))
            return None
        name = _stored_name(flavor, data)
        try:
            check_format(check_member(name), data)
            artifact = self._artifacts.put({name: data})
        except ArtifactError as error:
            self._left.add(REFUSED, f"{path.name}: {error.found}")
            return None
        self.files += 1
        self.bytes += len(data)
        return NativeModel(flavor, artifact, len(data), str(folder), _signature(description))


def _moved(path: Path, root: Path) -> Iterator[str]:
    """Where a folder lies when its path is relative or the store was moved: the same tail below the root."""
    parts = path.parts
    for start in range(1 if path.is_absolute() else 0, len(parts)):
        if os.path.isdir(os.path.join(root, parts[start])):
            yield os.path.join(root, *parts[start:])


def _plain_files(folder: Path, left: Ledger) -> Iterator[tuple[str, Path]]:
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted([*names, *(entry for entry in folders if (Path(place) / entry).is_symlink())]):
            path = Path(place) / name
            seen += 1
            if seen > _MOST_FILES:
                left.add(TOO_MANY, str(folder))
                return
            if path.is_symlink():
                left.add(LINKED, str(path))
            elif path.is_file():
                yield path.relative_to(folder).as_posix(), path


def _native_file(description: dict[str, Any]) -> tuple[str, str] | None:
    """Flavor and relative file of a native model; None when MLflow kept it otherwise."""
    flavors = description.get("flavors")
    for flavor, key in NATIVE.items():
        entry = flavors.get(flavor) if isinstance(flavors, dict) else None
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            return flavor, entry[key]
    return None


def _stored_name(flavor: str, data: bytes) -> str:
    if flavor == "xgboost":
        return "model.json" if data[:1] == b"{" and data[1:2] in (b'"', b"\n", b" ", b"}") else "model.ubj"
    return {"lightgbm": "model.lgb", "onnx": "model.onnx"}[flavor]


def _why_not(path: Path) -> str:
    if path.suffix.lower() in _CODE:
        return PICKLED
    return DESCRIPTION if path.name in _DESCRIPTIONS else OTHER


def _read(path: Path, limit: int) -> bytes | None:
    """The bytes of a plain file, None when there are more than `limit`."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


_TYPES = {
    "double": "number",
    "float": "number",
    "long": "integer",
    "integer": "integer",
    "string": "string",
    "boolean": "boolean",
    "datetime": "string",
}


def _signature(description: dict[str, Any]) -> dict[str, Any] | None:
    """MLflow's signature as JSON schemas of one input and one answer; None where it has none."""
    signature = description.get("signature")
    if not isinstance(signature, dict) or not signature.get("inputs"):
        return None
    return {side: _schema(signature.get(side)) for side in ("inputs", "outputs")}


def _schema(columns: Any) -> dict[str, Any]:
    import json

    try:
        entries = json.loads(columns) if isinstance(columns, str) else []
    except (ValueError, RecursionError):
        entries = []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return {"type": "object"}
    named = {text(entry["name"], 250): entry for entry in entries if entry.get("name")}
    if not named:
        return {"type": "array", "items": {"type": "number"}} if entries else {"type": "object"}
    properties = {name: {"type": _TYPES.get(text(entry.get("type")), "string")} for name, entry in named.items()}
    return {"type": "object", "properties": properties}
