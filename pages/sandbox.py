from typing import Any

import streamlit as st

from dashboard.cards import csv_button
from dashboard.datasets import choices
from dashboard.product_wall import WallAction, product_wall
from dashboard.recommending import about_shopper, add_to_basket, as_rows, detail, filters, pick_products, wall_card
from dashboard.runtime import ask, plain, show_error
from dashboard.state import go, heading, listed, param, set_params, shop_picker
from engine.catalog.service import CatalogService
from engine.errors import EngineError, ReleaseNotFound
from engine.recommendation_engine import RecommendationService, TrialService

heading("Sandbox")
shops = [shop for shop in ask(CatalogService.list_shops) if shop.snapshot is not None]
if not shops:
    st.caption("Recommendations need a shop with data and a trained model.")
    if st.button("Import data", type="primary"):
        go("data")
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    shop = shop_picker(shops)
    who = st.segmented_control(
        "For", ["Shopper", "Basket"], default="Shopper", required=True, key="who", bind="query-params", width=170
    )
    shopper, known = None, {}
    if who == "Shopper":
        known = {card.shopper: card for card in ask(CatalogService.shoppers, shop=shop.shop, limit=50)}
        current = param("shopper")
        shopper = st.selectbox(
            "Shopper",
            list(dict.fromkeys([*known, *([current] if current else [])])),
            accept_new_options=True,
            key="shopper",
            bind="query-params",
            help="The most active shoppers by pseudonym; any other id may be typed.",
        )
    limit = st.selectbox("Products", [12, 24, 48, 96], index=1, key="limit", bind="query-params", width=110)

context: dict[str, Any] = filters(choices(shop.snapshot))
basket = listed("basket")
if who == "Basket":
    pick_products(shop.shop, basket)

request = {"user_id": shopper, "basket": basket if who == "Basket" else [], "context": context, "limit": limit}
trial = param("version")
if trial:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"Trying version {plain(trial)}", icon=":material/science:", color="blue")
        if st.button("Back to what serves", type="tertiary", key="leave_trial"):
            set_params(version="")
            st.rerun()
try:
    if trial:
        answer = ask(TrialService.try_version, model=f"{shop.shop}.recommender", version=trial, **request)
    else:
        answer = ask(RecommendationService.recommend, shop=shop.shop, **request)
except ReleaseNotFound:
    st.caption(f"No model serves {plain(shop.title)} yet.")
    if st.button("Train its first model", type="primary"):
        go("training", shop=shop.shop)
    st.stop()
except EngineError as error:
    show_error(error)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    note = f" {plain(answer.note)}" if answer.note else ""
    if shopper in known:
        note += f" {plain(about_shopper(known[shopper]))}"
    st.caption(
        f"{len(answer.items)} products from {plain(answer.model)} {answer.version}, snapshot {answer.snapshot}, "
        f"in {answer.latency_ms:.0f} ms.{note}"
    )
    rows = as_rows(answer.items)
    if rows:
        csv_button(rows, list(rows[0]), name=f"{shop.shop}-recommendations.csv", key="recommendations_csv")

if not answer.items:
    st.caption("Nothing fits all these filters. Take one away.")
    st.stop()

opened = param("item")
click = product_wall(
    [wall_card(item, opened) for item in answer.items],
    key="wall",
    label=f"Recommendations for {shopper or 'this basket'}",
    actions=[WallAction("basket", "Add to basket")],
)
if click is not None and click.action == "basket":
    add_to_basket(click.item_id)
    st.toast("It is in the basket.")
    if who == "Basket":
        st.rerun()
elif click is not None:
    set_params(item=click.item_id)
    opened = click.item_id

for item in answer.items:
    if item.item_id == opened:
        detail(item)
