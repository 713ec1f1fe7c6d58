"""What shops call things: column and file names that mean a canonical column or table."""

from __future__ import annotations

import re
import unicodedata

from engine.catalog.schema import Table

_ITEM_ID = (
    "itemid item productid product articleid article asin parentasin styleid stylecode productcode articlenumber "
    "articleno itemnumber productnumber movieid clothingid handle productsku itemsku"
)
_SHOPPER = (
    "shopper shopperid customerid customer customernumber userid user clientid client memberid member buyerid buyer "
    "visitorid visitor reviewerid accountid personid customeremail useremail"
)
_TIME = (
    "time timestamp ts date datetime day eventtime eventdate occurredat createdat created orderdate ordertime "
    "purchasedate purchasedat transactiondate transactiontime reviewdate reviewtime unixreviewtime tdat soldat "
    "saledate viewedat when"
)
_SIZE = "size sizelabel sizename shoesize clothingsize"
_COLOUR = "colour color colourname colorname basecolour basecolor maincolour maincolor colourgroupname primarycolor"
_MARKET = "market country countrycode region storecountry saleschannel"
_PRICE = "price unitprice listprice saleprice regularprice retailprice currentprice productprice amount variantprice"
_ORDER = "orderid order ordernumber orderno orderref transactionid invoiceid invoiceno invoicenumber basketid"
_VARIANT = "variantid variant skuid variantsku ean upc gtin barcode"

_WORDS: dict[Table, dict[str, str]] = {
    Table.ITEMS: {
        "item_id": _ITEM_ID + " sku",
        "title": "title name productname prodname itemname producttitle itemtitle displayname productdisplayname articlename",
        "description": "description desc detaildesc productdescription itemdescription longdescription bodyhtml copy body",
        "category": "category producttype producttypename type categoryname productcategory subcategory articletype class classname maincategory",
        "brand": "brand vendor label manufacturer brandname designer maker",
        "colour": _COLOUR,
        "season": "season collection seasonname",
        "cost": "cost unitcost costprice purchasecost purchaseprice wholesaleprice costperitem cogs",
        "created_at": "createdat created launchdate firstseen datecreated publishedat introduced releasedate addedat",
        "attributes": "attributes attrs properties metadata",
    },
    Table.VARIANTS: {
        "variant_id": _VARIANT,
        "item_id": _ITEM_ID,
        "size": _SIZE,
        "colour": _COLOUR,
        "sku": "sku stockkeepingunit",
    },
    Table.STOCK_LEVELS: {
        "variant_id": _VARIANT + " sku",
        "time": _TIME + " countedat snapshotdate asof",
        "on_hand": "onhand stock quantity qty inventory inventoryquantity available stocklevel units pieces",
    },
    Table.PRICES: {
        "item_id": _ITEM_ID + " sku",
        "market": _MARKET,
        "from": "from validfrom start startdate startsat effectivefrom since",
        "to": "to validto end enddate endsat effectiveto until",
        "price": _PRICE,
        "promotion": "promotion promo promotionname campaign discountname",
    },
    Table.SHOPPERS: {
        "shopper": _SHOPPER,
        "age": "age ageyears customerage userage",
        "segment": "segment clubmemberstatus status tier loyaltytier customersegment membership group",
        "sizes": "sizes usualsizes",
        "attributes": "attributes attrs properties traits",
    },
    Table.ORDERS: {
        "order_id": _ORDER,
        "shopper": _SHOPPER,
        "time": _TIME,
        "market": _MARKET,
        "currency": "currency currencycode",
    },
    Table.ORDER_LINES: {
        "order_id": _ORDER,
        "variant_id": _VARIANT,
        "item_id": _ITEM_ID + " sku",
        "quantity": "quantity qty units pieces count",
        "unit_price": _PRICE,
        "discount": "discount discountshare discountrate",
        "returned": "returned isreturned return refunded",
    },
    Table.INTERACTIONS: {
        "shopper": _SHOPPER,
        "item_id": _ITEM_ID + " sku",
        "event": "event eventtype action eventname interaction interactiontype activity behavior behaviour",
        "value": "value rating score stars strength overall",
        "time": _TIME,
        "context": "context properties eventproperties",
    },
    Table.REVIEWS: {
        "item_id": _ITEM_ID + " sku",
        "shopper": _SHOPPER,
        "time": _TIME,
        "rating": "rating stars score overall",
        "title": "title headline summary reviewtitle reviewsummary",
        "text": "text review reviewtext comment comments reviewbody body feedback",
        "size": _SIZE,
        "fit": "fit fitfeedback fitrating",
        "recommended": "recommended recommendedind isrecommended recommend wouldrecommend recommends",
    },
    Table.IMPRESSIONS: {
        "request_id": "requestid request impressionid pageviewid",
        "shopper": _SHOPPER,
        "item_id": _ITEM_ID + " sku",
        "position": "position rank slot place",
        "surface": "surface placement page widget location",
        "arm": "arm policy experiment variant bucket",
        "propensity": "propensity propensityscore probability",
        "clicked": "clicked click isclicked",
        "time": _TIME,
    },
    Table.RECORDS: {
        "record_id": "recordid id rowid row key uid uuid",
        "sheet": "sheet tablename",
        "time": _TIME,
        "shopper": _SHOPPER,
        "item_id": _ITEM_ID + " sku",
        "values": "values",
    },
}
COLUMN_WORDS: dict[Table, dict[str, tuple[str, ...]]] = {
    table: {column: (column.replace("_", ""), *words.split()) for column, words in columns.items()}
    for table, columns in _WORDS.items()
}
FILE_WORDS: tuple[tuple[str, Table], ...] = (
    ("orderline", Table.ORDER_LINES),
    ("orderitem", Table.ORDER_LINES),
    ("lineitem", Table.ORDER_LINES),
    ("impression", Table.IMPRESSIONS),
    ("review", Table.REVIEWS),
    ("stock", Table.STOCK_LEVELS),
    ("inventor", Table.STOCK_LEVELS),
    ("variant", Table.VARIANTS),
    ("pricelist", Table.PRICES),
    ("price", Table.PRICES),
    ("interaction", Table.INTERACTIONS),
    ("transaction", Table.INTERACTIONS),
    ("purchase", Table.INTERACTIONS),
    ("basket", Table.INTERACTIONS),
    ("event", Table.INTERACTIONS),
    ("click", Table.INTERACTIONS),
    ("rating", Table.INTERACTIONS),
    ("rental", Table.INTERACTIONS),
    ("order", Table.ORDERS),
    ("customer", Table.SHOPPERS),
    ("shopper", Table.SHOPPERS),
    ("user", Table.SHOPPERS),
    ("member", Table.SHOPPERS),
    ("product", Table.ITEMS),
    ("article", Table.ITEMS),
    ("catalog", Table.ITEMS),
    ("item", Table.ITEMS),
)
EVENT_WORDS: tuple[tuple[str, str], ...] = (
    ("rental", "rental"),
    ("rent", "rental"),
    ("rating", "rating"),
    ("wish", "favourite"),
    ("favo", "favourite"),
    ("cart", "cart"),
    ("view", "view"),
    ("click", "view"),
    ("purchase", "purchase"),
    ("transaction", "purchase"),
    ("order", "purchase"),
    ("basket", "purchase"),
    ("sale", "purchase"),
)


def folded(name: str) -> str:
    """A name without case, accents and everything but letters and digits: `Product ID` is `productid`."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z0-9]+", "", bare)
