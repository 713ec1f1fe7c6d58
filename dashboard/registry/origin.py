"""Where a version comes from and goes to: the lineage as a picture and as links, and the recipe."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.cards import facts, moment
from dashboard.registry import figures
from dashboard.registry.tables import flat, words
from dashboard.runtime import ask, plain
from dashboard.state import go, link
from engine.model_registry.insight import InsightService, LineageGraph, Node
from engine.model_registry.schema import VersionInfo
from engine.model_registry.service import RegistryService

_LABELS = {
    "import": "Imported files",
    "snapshot": "Snapshot",
    "job": "Training job",
    "run": "Run",
    "version": "Version",
    "release": "Release",
}


def lineage(version: VersionInfo) -> None:
    """The way from the imported files to the releases; every point is a link."""
    graph = ask(InsightService.lineage, model=version.model, reference=version.version)
    me = f"version:{version.model}/{version.version}"
    targets = _targets(graph, version)
    figure, nodes, height = figures.lineage(graph, me)
    key = f"lineage_{version.model}_{version.version}"
    chosen = charts.draw(
        figure, alt=_in_words(nodes), height=height, key=key, on_select="rerun", selection_mode="points"
    )
    for point in chosen.selection.points:
        node = nodes[point["point_index"]]
        if node.id in targets and node.id != me:
            page, params = targets[node.id]
            go(page, **params)
    with st.container(horizontal=True, vertical_alignment="center"):
        for node in nodes:
            if node.id in targets and node.id != me:
                _link(_label(node), *targets[node.id])
    origin = version.lineage
    facts(
        {
            "Artifact": version.artifact,
            "Code version": origin.code_version,
            "Seed": origin.seed,
            "Framework": version.framework,
            "Data set": origin.dataset,
            "Registered": f"{moment(version.created_at)} by {version.created_by}",
        },
        alt="What else is known of its origin",
    )


def _link(label: str, page: str, params: dict[str, str]) -> None:
    """A link; to another view of this very page it is a button, since a link would look pressed."""
    if page != "registry":
        link(page, label, **params)
    elif st.button(plain(label), key=f"to_{label}", type="tertiary", icon=":material/arrow_forward:"):
        go(page, **params)


def _targets(graph: LineageGraph, version: VersionInfo) -> dict[str, tuple[str, dict[str, str]]]:
    """Page and parameters of every node that has a page."""
    shop = ask(RegistryService.get_model, model=version.model).shop or ""
    snapshot = {"shop": shop, "snapshot": str(version.lineage.snapshot)}
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for node in graph.nodes:
        _, _, name = node.id.partition(":")
        if node.kind == "version":
            model, _, number = name.rpartition("/")
            found[node.id] = ("registry", {"model": model, "version": number})
        elif node.kind == "job":
            found[node.id] = ("training", {"job": name})
        elif node.kind == "run":
            found[node.id] = ("experiments", {"run": name})
        elif node.kind == "snapshot":
            found[node.id] = ("data", snapshot)
        elif node.kind == "import":
            found[node.id] = ("data", {**snapshot, "tab": "Snapshots"})
        elif node.kind == "release":
            found[node.id] = ("registry", {"view": "In production", "model": version.model})
    return found


def _label(node: Node) -> str:
    if node.kind in ("snapshot", "release"):
        return node.title
    if node.kind in ("job", "run"):
        return _LABELS[node.kind]
    return f"{_LABELS[node.kind]} {node.title}"


def _in_words(nodes: Sequence[Node]) -> str:
    return "Lineage: " + "; ".join(f"{_LABELS[node.kind]} {node.title}" for node in nodes)


def recipe(version: VersionInfo) -> None:
    """What it was trained with: settings and params."""
    config, params = flat(version.lineage.config), flat(version.params)
    if not config and not params:
        st.caption("No settings were kept for this version.")
    for title, values in (("Settings", config), ("Params", params)):
        if values:
            st.subheader(title, anchor=False)
            facts({name: words(value) for name, value in values.items()}, alt=title)
