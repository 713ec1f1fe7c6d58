from typing import Any

import streamlit as st

from dashboard.datasets import choices
from dashboard.runtime import ask, plain, show_error
from dashboard.sandbox.asked import Asked
from dashboard.sandbox.audience import audience_of, cards_of
from dashboard.sandbox.filters import filters, name_stale
from dashboard.sandbox.place import ABOUT_A_PRODUCT, about_product, choose_market, choose_surface
from dashboard.sandbox.who import choose_who, lately
from dashboard.sandbox.workbench import workbench
from dashboard.state import go, heading, param, set_params, shop_picker
from engine.catalog.service import CatalogService
from engine.errors import EngineError, ReleaseNotFound
from engine.recommendation_engine import TrialService
from engine.recommendation_engine.plan import Surface

st.set_page_config(initial_sidebar_state=360)
heading("Sandbox")
shops = [shop for shop in ask(CatalogService.list_shops) if shop.snapshot is not None]
if not shops:
    st.caption("Recommendations need a shop with data and a trained model.")
    if st.button("Import data", type="primary"):
        go("data")
    st.stop()
head = st.container(horizontal=True, vertical_alignment="bottom")
with head:
    shop = shop_picker(shops, width=180)
set_params(shop=shop.shop)

trial = param("version")
if trial:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"Trying version {plain(trial)}", icon=":material/science:", color="blue")
        if st.button("Back to what serves", type="tertiary", key="leave_trial"):
            set_params(version="")
            st.rerun()
try:
    ask(TrialService.signals, shop=shop.shop, version=trial or None)
except ReleaseNotFound:
    st.caption(f"No model serves {plain(shop.title)} yet.")
    if st.button("Train its first model", type="primary"):
        go("training", shop=shop.shop)
    st.stop()
except EngineError as error:
    show_error(error)
    st.stop()

with head:
    who = choose_who(shop.shop)
    market = choose_market(audience_of(shop.snapshot).markets)
    limit = st.selectbox("Products", [12, 24, 48, 96], index=1, key="limit", bind="query-params", width=90)
with st.container(horizontal=True, vertical_alignment="bottom"):
    surface = choose_surface()
    context: dict[str, Any] = filters(choices(shop.snapshot))
name_stale()
lately(shop.shop, who.shopper)
cards = cards_of(shop.shop, shop.snapshot)
product = about_product(shop.shop, cards) if surface in ABOUT_A_PRODUCT else None
missing = ""
if surface in ABOUT_A_PRODUCT and product is None:
    missing = "Choose the product first: the list is about one."
elif surface is Surface.CATEGORY and "category" not in context:
    missing = "Choose a category above: the list of a category's page is about one."

asked = Asked(
    shop=shop.shop,
    snapshot=shop.snapshot,
    shopper=who.shopper,
    with_basket=who.way == "Basket" or surface is Surface.BASKET,
    surface=surface,
    item_id=product,
    market=market,
    context=context,
    limit=limit,
    version=trial,
    missing=missing,
)
workbench(asked, who.about, cards)
