"""The way of a file into a shop: choose, see what it is, map, preview, import."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import uploads
from dashboard.cards import count, table
from dashboard.data.changes import row_changes
from dashboard.data.importers import MODES, choices, title_of
from dashboard.mapping_editor import edit_mapping
from dashboard.runtime import ask, begin, page_actor, plain, show_error, told
from dashboard.state import set_params
from engine.catalog.records import ImportReport, Inspection, Mode, ShopInfo
from engine.catalog.service import CatalogService
from engine.errors import EngineError
from engine.naming import check_name

_GENERIC = "generic"
_TYPES = ["csv", "tsv", "txt", "gz", "parquet", "zip", "json", "jsonl", "data", "item", "user", "jpg", "jpeg", "png"]


def wizard(shops: list[ShopInfo]) -> None:
    """The whole way; every step appears when the one before it is done."""
    if importing():
        st.caption("An import is under way or has just ended: see above.")
        return
    path = _choose()
    if path is None:
        return
    with told():
        importer = _importer()
        inspection = _inspected(path, importer)
        _recognised(inspection)
        mapping = edit_mapping(inspection) if inspection.importer == _GENERIC else None
        target = _target(shops)
        if target is None:
            return
        shop, title = target
        mode = st.segmented_control(
            "What happens to rows that are there",
            list(MODES),
            format_func=MODES.__getitem__,
            default=Mode.APPEND,
            required=True,
            key="import_mode",
        )
        plan = {"shop": shop, "path": path, "importer": inspection.importer, "mapping": mapping, "mode": mode}
        _preview_and_import(plan, title)


def _choose() -> Path | None:
    source = st.segmented_control(
        "Where the files are",
        ["This computer", "The server"],
        default="This computer",
        required=True,
        key="import_source",
    )
    if source == "The server":
        typed = st.text_input(
            "File or folder on the server",
            key="import_path",
            placeholder="/data/exports/shop.zip",
            help="CSV, Parquet, a folder of them, or a zip",
        )
        return Path(typed.strip()).expanduser() if typed and typed.strip() else None
    given = st.file_uploader(
        "CSV, Parquet or zip",
        accept_multiple_files=True,
        type=_TYPES,
        key="import_files",
    )
    return uploads.staged(given)


def _importer() -> str | None:
    """The importer that a person insists on, None where the files say it themselves."""
    titles = choices("Recognise by the files")
    chosen = st.selectbox("Read as", list(titles), format_func=titles.__getitem__, key="import_as", width=320)
    return chosen or None


def _inspected(path: Path, importer: str | None) -> Inspection:
    """What the files hold; kept until another path or importer is chosen."""
    known = st.session_state.get("import_inspection")
    if known is None or known[0] != (path, importer):
        with st.skeleton(height=120):
            known = ((path, importer), ask(CatalogService.inspect, path=path, importer=importer))
        st.session_state["import_inspection"] = known
        st.session_state.pop("import_preview", None)
    inspection: Inspection = known[1]
    return inspection


def _recognised(inspection: Inspection) -> None:
    name = title_of(inspection.importer)
    rows = ", ".join(f"{plain(found.name)} with {count(found.rows)} rows" for found in inspection.tables)
    st.markdown(f"Recognised as **{plain(name)}**: {rows or 'no table'}.")
    for note in inspection.notes:
        st.caption(plain(note))


def _target(shops: list[ShopInfo]) -> tuple[str, str | None] | None:
    """The shop that takes the rows in, None until one is chosen; a name that is new opens one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shop = st.selectbox(
            "Into shop",
            [shop.shop for shop in shops],
            accept_new_options=True,
            key="import_shop",
            placeholder="Choose one, or type a new name",
            index=None,
            width=320,
        )
        if shop is None:
            return None
        check_name(shop, "shop")
        if shop in {known.shop for known in shops}:
            return shop, None
        title = st.text_input("Its title", value=shop.replace("_", " ").capitalize(), key="import_title", width=320)
    return shop, title


def _preview_and_import(plan: dict[str, Any], title: str | None) -> None:
    known = st.session_state.get("import_preview")
    fresh = known is not None and known[0] == plan
    with st.container(horizontal=True):
        if st.button("Preview", type="secondary" if fresh else "primary", key="import_look"):
            with st.spinner("Reading and checking all rows"):
                known = (plan, ask(CatalogService.preview, **plan))
            st.session_state["import_preview"] = known
            st.rerun()
        if fresh and st.button("Import", type="primary", key="import_go"):
            st.session_state["import_job"] = begin(CatalogService.run_import, actor=page_actor(), title=title, **plan)
            st.rerun()
    if known is not None and fresh:
        show_report(known[1])


def show_report(report: ImportReport) -> None:
    """What an import did or would do, table by table, with example rows where there are any."""
    if report.unchanged:
        st.caption("These very files are in the shop already: importing them changes nothing.")
    table(
        [
            {
                "Table": name,
                "Read": summary.read,
                "Accepted": summary.accepted,
                "Set aside": summary.quarantined,
                "Added": summary.added,
                "Changed": summary.changed,
                "Removed": summary.removed,
                "Rows then": summary.rows,
            }
            for name, summary in report.summary.items()
            if summary.read or summary.removed
        ],
        alt="Rows by table",
    )
    if report.reasons:
        table(
            [{"Set aside because": reason, "Rows": rows} for reason, rows in report.reasons.items()],
            alt="Reasons for rows set aside",
        )
    for note in report.notes:
        st.caption(plain(note))
    _examples(report)


def _examples(report: ImportReport) -> None:
    """Rows of one table that are added, changed and removed."""
    if not report.examples:
        return
    with st.container(border=True):
        name = st.selectbox("Example rows of", list(report.examples), key="import_examples", width=260)
        summary = report.summary[name]
        totals = {"added": summary.added, "changed": summary.changed, "removed": summary.removed}
        row_changes(report.examples[name], totals, name=name, key="preview")


def importing() -> bool:
    """Whether this session has an import to show."""
    return "import_job" in st.session_state


def outcome() -> None:
    """The import under way, or what came of it; nothing where there is none."""
    if not importing():
        return
    future: Future[ImportReport] = st.session_state["import_job"]
    if not future.done():
        st.fragment(_poll, run_every="1s")()
        return
    error = future.exception()
    if error is None:
        report = future.result()
        _turn_to(report)
        st.success(
            f"Snapshot {report.snapshot} of {plain(report.shop)} holds the rows.", icon=":material/check_circle:"
        )
        show_report(report)
    elif isinstance(error, EngineError):
        show_error(error)
    else:
        with told():
            raise error
    if st.button("Close", key="import_close"):
        _forget()
        st.rerun()


def _turn_to(report: ImportReport) -> None:
    """Once, show the shop and the snapshot that the import made."""
    if not st.session_state.get("import_turned"):
        st.session_state["import_turned"] = True
        set_params(shop=report.shop, snapshot="" if report.snapshot is None else str(report.snapshot))


def _poll() -> None:
    future: Future[ImportReport] = st.session_state["import_job"]
    if future.done():
        st.rerun()
    with told():
        now = ask(CatalogService.import_progress) or {}
        st.progress(min(1.0, float(now.get("share") or 0.0)), plain(str(now.get("stage") or "Starting")))
        st.caption("It goes on if you leave this page.")


def _forget() -> None:
    uploads.discard()
    for key in ("import_job", "import_inspection", "import_preview", "import_turned"):
        st.session_state.pop(key, None)
