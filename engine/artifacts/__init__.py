"""Content-addressed files: written once, named by their SHA-256, checked as they are read."""

from engine.artifacts.formats import parse_json, parse_safetensors
from engine.artifacts.store import Artifact, ArtifactStore, FileEntry

__all__ = ["Artifact", "ArtifactStore", "FileEntry", "parse_json", "parse_safetensors"]
