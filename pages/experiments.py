import streamlit as st

from dashboard.cards import count, moment
from dashboard.metrics import metric_name, primary_first
from dashboard.registry.experimenting import one_run, runs_table
from dashboard.registry.plots import of_run, plots
from dashboard.registry.runs_compared import labels, overlaid
from dashboard.runtime import ask, show_error
from dashboard.state import choose, go, heading, page_number, param, set_params
from engine.errors import RunNotFound
from engine.model_registry.run_search import MOST_CURVES, RunSearchService
from engine.model_registry.service import RegistryService

ROWS_A_PAGE = 100
MOST_DRAWN = 1_000

heading("Experiments")
experiments = ask(RunSearchService.experiments)
if not experiments:
    st.caption("No run was recorded yet. Each training job records one.")
    if st.button("Train a model", type="primary"):
        go("training")
    st.stop()

opened = None
if param("run"):
    try:
        opened = ask(RunSearchService.named, run_ids=[param("run")])[0]
        set_params(experiment=opened.experiment)
    except RunNotFound as error:
        show_error(error)
        set_params(run="")


def other_experiment() -> None:
    """A run that is open belongs to the experiment before."""
    set_params(run="")


titles = {e.experiment: f"{e.experiment} ({count(e.runs)} {'run' if e.runs == 1 else 'runs'})" for e in experiments}
with st.container(horizontal=True, vertical_alignment="bottom"):
    name = choose("Experiment", titles, key="experiment", width=320, then=other_experiment)
    text = st.text_input(
        "Search", key="find", bind="query-params", placeholder="Name, note, tag or param", width=240, type="search"
    )
    loved = st.toggle("Favourites only", key="favourites", bind="query-params")
    first = ask(RunSearchService.search, experiment=name, limit=20)
    kind = next((m.kind for m in ask(RegistryService.list_models) if m.model == name), None)
    metrics = primary_first((metric for run in first.rows for metric in run.metrics), kind)
    orders = {
        "started": "Started",
        "name": "Name",
        "status": "Status",
        "duration": "Duration",
        "favourite": "Favourite",
    }
    orders.update({f"metrics.{metric}": metric_name(metric) for metric in metrics})
    sort = choose("Order by", orders, key="sort", width=180)
    up = st.toggle("Ascending", key="asc", bind="query-params")

experiment = next(e for e in experiments if e.experiment == name)
ended = [("finished", experiment.finished), ("running", experiment.running), ("failed", experiment.failed)]
ended += [("cancelled", experiment.cancelled), ("favourite", experiment.favourites)]
told = ", ".join(f"{count(number)} {word}" for word, number in ended if number)
st.caption(f"{count(experiment.runs)} runs: {told}. The last began {moment(experiment.last_started)}.")

arguments = {"experiment": name, "text": text or "", "favourites": loved, "sort": sort, "descending": not up}
number = page_number()
page = ask(RunSearchService.search, **arguments, limit=ROWS_A_PAGE, offset=(number - 1) * ROWS_A_PAGE)
if not page.rows:
    st.caption("No run fits. Take the search or the star away.")
    st.stop()

ticked = runs_table(page, arguments, kind=kind)
last = -(-page.total // ROWS_A_PAGE)
if last > 1:
    st.session_state["runs_page"] = min(number, last)
    st.pagination(last, key="runs_page", on_change=lambda: set_params(page=str(st.session_state["runs_page"])))

if opened is not None:
    one_run(opened.run_id)

picture, curves = st.tabs(["Plots", "Curves"], key="part", bind="query-params", on_change="rerun")
if picture.open:
    with picture:
        whole = page
        if page.total > len(page.rows):
            whole = ask(RunSearchService.search, **arguments, limit=MOST_DRAWN)
            st.caption(f"{count(len(whole.rows))} of {count(page.total)} runs are drawn.")
        named = labels(whole.rows)
        marked = [named[run.run_id] for run in ticked if run.run_id in named]
        plots([of_run(run, named[run.run_id]) for run in whole.rows], kind=kind, marked=marked)
if curves.open:
    with curves:
        overlaid(ticked[:MOST_CURVES] or page.rows[:5])
        if not ticked:
            st.caption("The first five runs are drawn. Tick others above to draw those.")
