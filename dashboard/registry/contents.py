"""What a version is made of: files with digests and sizes, speed, environment, and the whole as one file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import streamlit as st

from dashboard.cards import csv_button, facts, size, table
from dashboard.runtime import ask, engine
from engine.model_registry.exchange.service import ExchangeService
from engine.model_registry.exchange.version_file import ENDING
from engine.model_registry.insight import InsightService
from engine.model_registry.schema import VersionInfo

_SPENT = {"fit": "Fit", "evaluate": "Evaluation", "rival": "Evaluation of the rival", "refit": "Refit on all rows"}


def contents(version: VersionInfo) -> None:
    """Files, then seconds of training, then the environment."""
    files = ask(InsightService.files, model=version.model, reference=version.version)
    if files:
        total = sum(file.size for file in files)
        st.caption(
            f"{len(files)} files, {size(total)} in all. Every file is checked against its digest when it is read."
        )
        rows = [{"File": f.name, "Size": size(f.size), "Bytes": f.size, "SHA-256": f.sha256} for f in files]
        table(rows, alt="Files of the artifact with size and digest")
        with st.container(horizontal=True):
            csv_button(rows, list(rows[0]), name=f"{version.model}-{version.version}-files.csv", key="files_csv")
            _whole(version)
    else:
        st.caption("It holds metrics but no files.")
    seconds = version.params.get("seconds")
    if isinstance(seconds, Mapping) and seconds:
        st.subheader("Seconds", anchor=False)
        rows_of_time = [
            {"Part": _SPENT.get(str(name), str(name)), "Seconds": float(value)} for name, value in seconds.items()
        ]
        rows_of_time.append({"Part": "All", "Seconds": sum(float(str(row["Seconds"])) for row in rows_of_time)})
        table(rows_of_time, digits=2, alt="Seconds spent in training by part")
    if version.lineage.environment:
        st.subheader("Environment", anchor=False)
        facts(version.lineage.environment, alt="Python, platform and packages it was trained with")


def _whole(version: VersionInfo) -> None:
    st.download_button(
        "Download as file",
        data=lambda: packed(version.model, version.version),
        file_name=f"{version.model}-{version.version}{ENDING}",
        mime="application/octet-stream",
        key="version_file",
        icon=":material/deployed_code:",
        type="tertiary",
        on_click="ignore",
        help="The version with its run and every file, sealed; 'skyy models import' takes it in elsewhere.",
    )


def packed(model: str, version: str) -> bytes:
    """The version as the bytes of one verified file."""
    path = engine().settings.staging / f"version-{secrets.token_hex(8)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        ask(ExchangeService.export_version, model=model, reference=version, path=path)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
