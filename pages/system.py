import streamlit as st

from dashboard.cards import facts, table
from dashboard.runtime import engine, told
from dashboard.state import heading

heading("System")

with told():
    from engine.doctor import examine

    checks = examine(engine())
    failing = [check for check in checks if not check.ok]
    with st.grid(3, min_column_width=150):
        st.metric("Checks that pass", f"{len(checks) - len(failing)} of {len(checks)}")
        st.metric("Store", "owned here" if engine().owns_store else "owned by another process")
        st.metric("Folder", engine().settings.home.name, help=str(engine().settings.home))
    for check in failing:
        st.warning(f"{check.detail} {check.hint}", title=check.name, icon=":material/build:")
    table(
        [
            {
                "Check": c.name,
                "State": "works" if c.ok else "needs attention",
                "Found": c.detail,
                "How to mend it": c.hint,
            }
            for c in checks
        ],
        alt="Checks of this machine",
    )

with told():
    from engine.hub import Hub

    st.subheader("Loaded models", anchor=False)
    status = engine().part(Hub).status()
    facts(status if isinstance(status, dict) else status.model_dump(), alt="Models in memory")
    if st.button("Check again", icon=":material/refresh:"):
        st.rerun()
