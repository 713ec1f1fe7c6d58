import streamlit as st

from dashboard.cards import count, csv_button, facts, table
from dashboard.runtime import ask, engine, plain, told
from dashboard.state import heading
from engine.doctor import DoctorService, examine

heading("System")

with st.spinner("Looking at everything"):
    checks = examine(engine())
failing = [check for check in checks if not check.ok]

with st.grid(4, min_column_width=150):
    st.metric("Checks that pass", f"{len(checks) - len(failing)} of {len(checks)}")
    st.metric("Store", "owned here" if engine().owns_store else "owned elsewhere")
    st.metric("Workers at once", engine().settings.max_jobs, help="SKYY_MAX_JOBS")
    st.metric("Memory of a worker", f"{count(engine().settings.job_memory_mb)} MB", help="SKYY_JOB_MEMORY_MB")

for check in failing:
    st.warning(plain(f"{check.detail} {check.hint}"), title=plain(check.name), icon=":material/build:")

rows = [
    {"Check": c.name, "State": "works" if c.ok else "needs attention", "Found": c.detail, "To mend it": c.hint}
    for c in checks
]
table(rows, alt="Checks of this machine", height="content")
with st.container(horizontal=True):
    st.button("Check again", icon=":material/refresh:", key="check_again")
    csv_button(rows, list(rows[0]), name="doctor.csv", key="doctor_csv")

st.subheader("Loaded models", anchor=False)
with told():
    hub = ask(DoctorService.hub)
    with st.grid(4, min_column_width=150):
        st.metric("Device", hub.device)
        st.metric("Memory", f"{hub.used_mb:,.0f} of {hub.budget_mb:,} MB")
        st.metric("Hits", count(hub.hits), help="Calls that found their model loaded")
        st.metric("Loads", count(hub.loads), f"{hub.evictions} evicted", delta_color="off", delta_arrow="off")
    if hub.models:
        table(
            [{"Model": m.key, "Megabytes": m.megabytes, "In use by": m.users, "Hits": m.hits} for m in hub.models],
            alt="Loaded models",
            digits=1,
        )
    else:
        st.caption("No model is loaded. The first request loads one.")

st.subheader("Where things lie", anchor=False)
settings = engine().settings
facts(
    {
        "Home": settings.home,
        "Store": settings.database,
        "Artifacts": settings.artifacts,
        "Releases": settings.releases,
        "Jobs": settings.jobs,
    },
    alt="Folders",
)
