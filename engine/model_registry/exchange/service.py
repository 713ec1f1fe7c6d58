"""Versions and runs to and from other stores, as the store's owner does it."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from pathlib import Path

from engine.actor import Actor
from engine.core import Service
from engine.errors import InvalidFile, StoreError
from engine.files import canonical_json
from engine.model_registry import _rows, semver
from engine.model_registry.exchange import version_file, version_import
from engine.model_registry.exchange.records import ExportedVersion, ImportedVersion, MlflowExport, MlflowImport
from engine.naming import check_name
from engine.sealed_tar import unpack, writing
from engine.store import operation


class ExchangeService(Service):
    """Exports and imports."""

    @operation("versions.export")
    def export_version(self, *, model: str, reference: str, path: Path) -> ExportedVersion:
        """Write a version as one file; the same version always gives the same bytes.

        Raises
        ------
        ModelNotFound, VersionNotFound, DigestMismatch
        InvalidFile
            There is a file at `path` already.
        """
        path = path.expanduser().absolute()
        with self.store.read() as reader:
            record = version_file.record(reader, model, reference)
        artifacts = self.engine.artifacts
        named = dict(record["run"]["artifacts"]) if record["run"] else {}
        blobs: dict[str, str] = {}
        for name, digest in [*named.items(), *([("", d)] if (d := record["version"]["artifact"]) else [])]:
            blobs.update(version_file.blobs_of(artifacts, digest, name))
        try:
            with writing(path, version_file.KIND) as writer:
                writer.add_bytes(version_file.RECORD, canonical_json(record).encode())
                for digest in sorted(blobs):
                    writer.add_bytes(version_file.member(digest), artifacts.read_blob(digest))
        except OSError as error:
            raise StoreError(
                f"{path} could not be written: {error.strerror}.", hint="Free disk space, or choose another folder."
            ) from error
        digest, size = _file_digest(path)
        version = record["version"]["version"]
        return ExportedVersion(path=path, model=model, version=version, files=len(blobs), bytes=size, sha256=digest)

    @operation("versions.import")
    def import_version(
        self, *, actor: Actor, path: Path, as_model: str | None = None, as_version: str | None = None
    ) -> ImportedVersion:
        """Take in a file that `export_version` wrote; every digest and format is checked first.

        Parameters
        ----------
        as_model, as_version : str, optional
            Another name or number than the file's own.

        Raises
        ------
        InvalidFile
            It is no whole model file.
        UnsafeFormat, UnsafePath, CorruptArtifact
            A file in it is not of an allowed format.
        VersionExists
            Another version has that number.
        """
        path = path.expanduser().absolute()
        limit = self.engine.settings.max_upload_mb << 20
        if path.is_file() and path.stat().st_size > limit:
            raise InvalidFile(
                f"{path} has {path.stat().st_size >> 20} MB.",
                f"An import takes {limit >> 20} MB.",
                "Raise SKYY_MAX_UPLOAD_MB.",
            )
        staged = self.engine.settings.staging / f"model-{secrets.token_hex(6)}"
        staged.mkdir(parents=True, mode=0o700)
        try:
            unpack(path, staged, version_file.KIND, allowed=version_file.belongs)
            content = version_import.parse(staged, path)
            blobs = version_import.check_blobs(content, staged, path)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        model = check_name(as_model or content.version.model, "model")
        number = semver.check(as_version or content.version.version)
        with self.store.read() as reader:
            here = version_import.present(reader, content, model, number)
        if here is not None:
            return ImportedVersion(status="unchanged", version=here, notes=())
        for data in blobs.values():
            self.engine.artifacts.put_blob(data)
        with self.store.write(actor) as transaction:
            here = version_import.present(transaction, content, model, number)
            if here is not None:
                return ImportedVersion(status="unchanged", version=here, notes=())
            notes = version_import.take_in(transaction, content, model, number)
            info = _rows.version(transaction, model, number)
        return ImportedVersion(status="added", version=info, notes=tuple(notes))

    @operation("mlflow.import")
    def import_mlflow(
        self, *, actor: Actor, path: Path, source: str | None = None, artifacts: Path | None = None
    ) -> MlflowImport:
        """Take in runs, versions and native model files of an MLflow store; a second import adds what is new.

        Parameters
        ----------
        path : Path
            An `mlflow.db` file, an `mlruns` folder, or a folder with one of them.
        source : str, optional
            A name for the store; made from its first experiment when left out.
        artifacts : Path, optional
            Where its artifact files lie, when that is not the store's own folder.

        Raises
        ------
        InvalidFile
            There is no MLflow store at `path`.
        """
        from engine.model_registry.exchange.mlflow_import import Importer, opened

        with opened(path.expanduser().absolute()) as store:
            name = check_name(source, "source") if source else store.fingerprint()
            roots = (store.folder, *([artifacts.expanduser().absolute()] if artifacts else []))
            return Importer(self.engine, actor, store, name, roots).run()

    @operation("mlflow.export")
    def export_mlflow(self, *, path: Path, experiment: str | None = None) -> MlflowExport:
        """Write runs as a folder that MLflow opens (`mlruns`), with params, metrics, tags and files.

        Raises
        ------
        InvalidFile
            There is something at `path` already.
        """
        from engine.model_registry.exchange.mlflow_export import export

        with self.store.read() as reader:
            return export(reader, self.engine.artifacts, path.expanduser().absolute(), experiment)


def _file_digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, path.stat().st_size
