import streamlit as st

from dashboard.cards import count, csv_button, moment, size, table
from dashboard.import_wizard import outcome, wizard
from dashboard.runtime import ask, plain
from dashboard.state import choose, heading, shop_picker
from engine.catalog.service import CatalogService

heading("Data")
shops = ask(CatalogService.list_shops)
outcome()
filled = [shop for shop in shops if shop.snapshot is not None]

if not filled:
    st.caption("There is no data yet. Bring in a catalogue and what shoppers did: CSV, Parquet, or a zip of them.")
    wizard(shops)
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    shop = shop_picker(filled)
    snapshots = ask(CatalogService.list_snapshots, shop=shop.shop)
    titles = {str(s.number): f"{s.number}, {moment(s.created_at)}" for s in snapshots}
    number = int(choose("Snapshot", titles, key="snapshot", width=280))
snapshot = next(s for s in snapshots if s.number == number)
if shop.synthetic:
    st.caption("This shop is generated: nothing learnt from it says anything about real shoppers.")

with st.grid(4, min_column_width=150):
    for name, label in (("items", "Products"), ("shoppers", "Shoppers"), ("interactions", "Events")):
        st.metric(label, count(snapshot.summary[name].rows if name in snapshot.summary else 0))
    st.metric("Set aside", count(snapshot.quarantined), help="Rows of this import that broke the schema")

tables, aside, history, bring = st.tabs(
    ["Tables", "Quarantine", "Snapshots", "Import"], key="tab", bind="query-params", on_change="rerun"
)

if tables.open:
    with tables:
        table(
            [
                {
                    "Table": name,
                    "Rows": s.rows,
                    "Read": s.read,
                    "Accepted": s.accepted,
                    "Set aside": s.quarantined,
                    "Added": s.added,
                    "Changed": s.changed,
                    "Removed": s.removed,
                }
                for name, s in snapshot.summary.items()
            ],
            alt=f"Tables of snapshot {number}",
        )
        present = [name for name, parts in snapshot.tables.items() if parts]
        chosen = st.selectbox("Look into", present, key="table", bind="query-params", width=280)
        sample = ask(CatalogService.sample, number=number, table=chosen, limit=50)
        table(sample, alt=f"The first rows of {chosen}")
        if sample:
            csv_button(sample, list(sample[0]), name=f"{shop.shop}-{chosen}-sample.csv", key="sample_csv")

if aside.open:
    with aside:
        rows = ask(CatalogService.quarantine, number=number, limit=1000)
        if not rows:
            st.caption("Every row that was read was accepted.")
        else:
            shown = [
                {
                    "Table": r.table,
                    "Source": r.source,
                    "Row": r.row,
                    "Column": r.column,
                    "Reason": r.reason,
                    "Data": ", ".join(f"{k}={v}" for k, v in r.data.items()),
                }
                for r in rows
            ]
            st.caption(f"{count(snapshot.quarantined)} rows were set aside; {len(rows)} of them are listed.")
            table(shown, alt="Rows set aside with reasons")
            csv_button(shown, list(shown[0]), name=f"{shop.shop}-quarantine-{number}.csv", key="quarantine_csv")

if history.open:
    with history:
        table(
            [
                {
                    "Snapshot": s.number,
                    "Taken": moment(s.created_at),
                    "By": s.created_by,
                    "Importer": s.importer,
                    "Mode": s.mode.value,
                    "Files": ", ".join(f"{plain(f.name)} ({size(f.bytes)})" for f in s.sources),
                    "Rows": sum(t.rows for t in s.summary.values()),
                    "Set aside": s.quarantined,
                    "After": s.parent,
                }
                for s in snapshots
            ],
            alt="Snapshots of the shop, newest first",
        )

if bring.open:
    with bring:
        wizard(shops)
