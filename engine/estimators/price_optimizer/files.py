"""A fitted price optimizer as files: JSON for names, safetensors for arrays, the trees' own formats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import check_format, parse_json, parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.price_optimizer import features
from engine.estimators.price_optimizer.conformal import Intervals
from engine.estimators.price_optimizer.demand import Demand
from engine.estimators.price_optimizer.elasticity import Elasticities
from engine.estimators.price_optimizer.features import HORIZON, Snapshot
from engine.estimators.price_optimizer.response import Response
from engine.estimators.price_optimizer.shop import Shop
from engine.estimators.price_optimizer.trees import Trees
from engine.files import canonical_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

_UNKNOWN = -1e30
"""Stands for NaN: stored arrays hold finite values only."""
_TREES = {"lightgbm": "demand.lgb", "xgboost": "demand.ubj"}
_SHOP_ARRAYS = ("category", "reference", "price", "cost", "age", "campaign", "usual_price")
_ELASTICITY = "elasticity."


def to_files(shop: Shop, demand: Demand, elasticities: Elasticities | None) -> dict[str, bytes]:
    """Everything that `from_files` needs to answer as this model does."""
    arrays: Arrays = {f"shop.{name}": getattr(shop, name) for name in _SHOP_ARRAYS}
    arrays |= {f"snapshot.{name}": getattr(demand.snapshot, name) for name in Snapshot.__dataclass_fields__}
    arrays |= {f"response.{name}": getattr(demand.response, name) for name in Response.__dataclass_fields__}
    arrays |= {f"intervals.{name}": getattr(demand.intervals, name) for name in Intervals.__dataclass_fields__}
    if demand.naive is not None:
        arrays |= {"naive.item": demand.naive[0], "naive.category": demand.naive[1]}
    if elasticities is not None:
        arrays |= {_ELASTICITY + name: value for name, value in elasticities.arrays().items()}
    trees = demand.trees
    told = {
        "items": list(shop.item_ids),
        "categories": list(shop.categories),
        "campaigns": list(shop.campaigns),
        "share": demand.share,
        "usual_campaign": shop.usual_campaign,
        "begin": shop.begin.isoformat(),
        "first_day": shop.first_day.isoformat(),
        "rows": shop.rows,
        "units": shop.units,
        "columns": list(features.NAMES),
        "trees": None
        if trees is None
        else {"library": trees.library, "structured": trees.structured, "rounds": trees.rounds},
        "elasticities": None if elasticities is None else elasticities.numbers(),
    }
    return {
        "shop.json": canonical_json(told).encode(),
        "model.safetensors": save_arrays({name: _finite(value) for name, value in arrays.items()}),
        **({} if trees is None else {_TREES[trees.library]: trees.model}),
    }


def from_files(files: Mapping[str, bytes]) -> tuple[Shop, Demand, Elasticities | None]:
    """What `to_files` wrote.

    Raises
    ------
    CorruptArtifact
        A file is absent, or arrays and names do not fit each other.
    """
    try:
        told = parse_json(files["shop.json"], "shop.json")
        stored = parse_safetensors(files["model.safetensors"], "model.safetensors")
        arrays = {name: _told(value) for name, value in stored.items()}
        shop = _shop(told, arrays)
        demand = Demand(
            snapshot=Snapshot(**{name: arrays[f"snapshot.{name}"] for name in Snapshot.__dataclass_fields__}),
            response=Response(**{name: arrays[f"response.{name}"] for name in Response.__dataclass_fields__}),
            trees=_trees(files, told),
            naive=(arrays["naive.item"], arrays["naive.category"]) if "naive.item" in arrays else None,
            intervals=Intervals(**{name: arrays[f"intervals.{name}"] for name in Intervals.__dataclass_fields__}),
            share=float(told["share"]),
        )
        found = _elasticities(told, arrays)
        _check(shop, demand, found, told)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise CorruptArtifact(
            f"The price optimizer's files do not fit each other ({type(error).__name__}: {error}).",
            hint="Load another version.",
        ) from error
    return shop, demand, found


def _shop(told: Mapping[str, Any], arrays: Arrays) -> Shop:
    return Shop(
        item_ids=tuple(str(name) for name in told["items"]),
        categories=tuple(str(name) for name in told["categories"]),
        campaigns=tuple(str(name) for name in told["campaigns"]),
        usual_campaign=int(told["usual_campaign"]),
        begin=date.fromisoformat(told["begin"]),
        first_day=date.fromisoformat(told["first_day"]),
        rows=int(told["rows"]),
        units=int(told["units"]),
        **{name: arrays[f"shop.{name}"] for name in _SHOP_ARRAYS},
    )


def _trees(files: Mapping[str, bytes], told: Mapping[str, Any]) -> Trees | None:
    grown = told["trees"]
    if grown is None:
        return None
    name = _TREES[grown["library"]]
    check_format(name, files[name])
    if list(told["columns"]) != list(features.NAMES):
        raise ValueError("the trees know other columns")
    return Trees(str(grown["library"]), bool(grown["structured"]), files[name], int(grown["rounds"]))


def _elasticities(told: Mapping[str, Any], arrays: Arrays) -> Elasticities | None:
    if told["elasticities"] is None:
        return None
    own = {name.removeprefix(_ELASTICITY): value for name, value in arrays.items() if name.startswith(_ELASTICITY)}
    return Elasticities.from_parts(own, told["elasticities"])


def _check(shop: Shop, demand: Demand, found: Elasticities | None, told: Mapping[str, Any]) -> None:
    """Shapes and bounds of everything that is indexed."""
    items, groups, campaigns = len(shop.item_ids), len(shop.categories), len(shop.campaigns)
    wanted: dict[str, tuple[NDArray[Any], tuple[int, ...]]] = {
        **{name: (getattr(shop, name), (items,)) for name in _SHOP_ARRAYS if name != "usual_price"},
        "usual_price": (shop.usual_price, (groups,)),
        "columns": (demand.snapshot.columns, (items, len(features.KNOWN) + len(features.LEVEL))),
        "level": (demand.snapshot.level, (items,)),
        "category_level": (demand.snapshot.category_level, (groups,)),
        "season": (demand.snapshot.season, (groups, HORIZON)),
        "slope": (demand.response.slope, (items,)),
        "by_category": (demand.response.by_category, (groups,)),
        "lift": (demand.response.lift, (campaigns,)),
        "high": (demand.intervals.high, demand.intervals.low.shape),
        "edges": (demand.intervals.edges, (len(demand.intervals.low) - 1,)),
    }
    if demand.naive is not None:
        wanted |= {"naive": (demand.naive[0], (items, HORIZON)), "naive_group": (demand.naive[1], (groups, HORIZON))}
    if found is not None:
        wanted |= {"elasticity": (found.mean, (groups,)), "item_elasticity": (found.item_mean, (items,))}
    wrong = [name for name, (array, shape) in wanted.items() if array.shape != shape]
    if wrong:
        raise ValueError(f"arrays of another shape: {', '.join(wrong)}")
    if items and not (shop.category.min() >= 0 and shop.category.max() < groups):
        raise ValueError("a category that is not there")
    if not 0 <= shop.usual_campaign < campaigns or (
        items and not 0 <= shop.campaign.min() <= shop.campaign.max() < campaigns
    ):
        raise ValueError("a promotion that is not there")


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind != "f":
        return np.ascontiguousarray(values)
    return np.ascontiguousarray(np.where(np.isnan(values), values.dtype.type(_UNKNOWN), values))


def _told(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind != "f":
        return values
    return np.where(values < _UNKNOWN / 2, values.dtype.type(np.nan), values)
