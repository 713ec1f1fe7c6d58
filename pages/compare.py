import streamlit as st

from dashboard.registry.comparing import compare_data, compare_metrics, compare_recipes, compare_signals
from dashboard.registry.plots import of_version, plots
from dashboard.registry.runs_compared import compare_runs
from dashboard.runtime import ask, plain
from dashboard.state import choose, go, heading, link, param, set_params
from engine.errors import VersionNotFound
from engine.model_registry.schema import CHAMPION
from engine.model_registry.search import SearchService
from engine.model_registry.service import RegistryService

heading("Compare")
runs = [run_id for run_id in param("runs").split(",") if run_id]
if runs:
    compare_runs(runs)
    st.stop()

models = [model for model in ask(RegistryService.list_models) if model.versions > 1]
if not models:
    st.caption("A comparison takes two versions of one model, and no model has two yet.")
    if st.button("Train a model", type="primary"):
        go("training")
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    name = choose("Model", {model.model: model.model for model in models}, key="model", width=300)
    model = next(m for m in models if m.model == name)
    known = ask(SearchService.numbers, model=name)
    asked = [number for number in param("versions").split(",") if number]
    if not asked:
        asked = list(dict.fromkeys([model.aliases.get(CHAMPION, known[1]), *known]))[:2]
    st.session_state["compared"] = asked = list(dict.fromkeys(asked))[:5]
    st.multiselect(
        "Versions, the first is what the others are held against",
        list(dict.fromkeys([*known, *asked])),
        key="compared",
        max_selections=5,
        width=560,
        on_change=lambda: set_params(versions=",".join(st.session_state["compared"])),
    )
if len(asked) < 2:
    st.caption("Choose two to five versions.")
    st.stop()

try:
    versions = [ask(RegistryService.get_version, model=name, reference=number) for number in asked]
except VersionNotFound as error:
    st.caption(f"{plain(error.found)} Choose others above.")
    st.stop()
with st.container(horizontal=True):
    for version in versions:
        mark = " (champion)" if version.version == model.aliases.get(CHAMPION) else ""
        link("registry", f"{version.version}{mark}", model=name, version=version.version)

metrics, recipe, data, signals, picture = st.tabs(
    ["Metrics", "Recipe", "Data and schema", "Signals", "Plots"], key="part", bind="query-params", on_change="rerun"
)
if metrics.open:
    with metrics:
        compare_metrics(versions, model)
if recipe.open:
    with recipe:
        compare_recipes(versions)
if data.open:
    with data:
        compare_data(versions)
if signals.open:
    with signals:
        compare_signals(versions)
if picture.open:
    with picture:
        whole = st.toggle("All versions of the model", key="whole", bind="query-params")
        drawn = ask(RegistryService.list_versions, model=name, limit=300) if whole else versions
        plots([of_version(v) for v in drawn], kind=model.kind, marked=asked if whole else ())
