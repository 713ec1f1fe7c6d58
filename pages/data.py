import streamlit as st

from dashboard.cards import count, moment
from dashboard.data.feeds import ask_removal, feeds
from dashboard.data.forgetting import forgetting
from dashboard.data.history import comparison, history, words
from dashboard.data.quarantine import quarantine
from dashboard.data.tables import contents
from dashboard.import_wizard import outcome, wizard
from dashboard.runtime import ask
from dashboard.state import choose, heading, shop_picker
from engine.catalog.service import CatalogService

heading("Data")
shops = ask(CatalogService.list_shops)
outcome()
ask_removal()
filled = [shop for shop in shops if shop.snapshot is not None]

if not filled:
    st.caption("There is no data yet. Bring in a catalogue and what shoppers did: CSV, Parquet, or a zip of them.")
    bring, watch = st.tabs(["Import", "Feeds"], key="tab", bind="query-params", on_change="rerun")
    if bring.open:
        with bring:
            wizard(shops)
    if watch.open:
        with watch:
            feeds(shops, None)
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    shop = shop_picker(filled)
    snapshots = ask(CatalogService.list_snapshots, shop=shop.shop)
    titles = {str(s.number): f"{s.number}, {moment(s.created_at)}" for s in snapshots}
    number = int(choose("Snapshot", titles, key="snapshot", width=280))
snapshot = next(s for s in snapshots if s.number == number)
generated = " This shop is generated: nothing learnt from it says anything about real shoppers."
st.caption(words(snapshot) + (generated if shop.synthetic else ""))

parent = next((s for s in snapshots if s.number == snapshot.parent), None)
with st.grid(4, min_column_width=150):
    for name, label in (("items", "Products"), ("shoppers", "Shoppers"), ("interactions", "Events")):
        rows, before = (s.summary[name].rows if s and name in s.summary else 0 for s in (snapshot, parent))
        against = f"{rows - before:+,} since snapshot {parent.number}" if parent and rows != before else None
        st.metric(label, count(rows), delta=against, delta_color="off")
    st.metric("Set aside", count(snapshot.quarantined), help="Rows of this import that broke the schema")

tables, aside, past, compare, bring, watch, forget = st.tabs(
    ["Tables", "Quarantine", "Snapshots", "Compare", "Import", "Feeds", "Forget a shopper"],
    key="tab",
    bind="query-params",
    on_change="rerun",
)

if tables.open:
    with tables:
        contents(snapshot)

if aside.open:
    with aside:
        quarantine(snapshot, snapshots)

if past.open:
    with past:
        history(snapshots)

if compare.open:
    with compare:
        comparison(snapshot, snapshots)

if bring.open:
    with bring:
        wizard(shops)

if watch.open:
    with watch:
        feeds(shops, shop.shop)

if forget.open:
    with forget:
        forgetting(shop, snapshots)
