"""A fitted recommender as files: JSON for names, safetensors for arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save as save_arrays

from engine.artifacts.formats import check_format, parse_json, parse_safetensors
from engine.errors import CorruptArtifact
from engine.estimators.recommender.model import Memory, Model
from engine.files import canonical_json
from engine.recommenders.als import Factors
from engine.recommenders.blend import Blend
from engine.recommenders.facets import Facet
from engine.recommenders.ranker import Ranker
from engine.recommenders.sequence import SequenceConfig, SequenceModel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Arrays = dict[str, "NDArray[Any]"]
RANKER_FILE = "ranker.lgb"
_SEQUENCE = "sequence."
_NO_PRICE = -1.0  # stored arrays hold finite values only
FILES = ("items.json", "shoppers.json", "blend.json", "model.safetensors")


def to_files(model: Model) -> dict[str, bytes]:
    """Everything that `from_files` needs to score as this model does."""
    arrays: Arrays = {f"popularity.{name}": value for name, value in model.blend.popularity.items()}
    for name, matrix in model.blend.neighbours.items():
        arrays |= _sparse(f"neighbours.{name}", matrix)
    for name, facet in model.blend.facets.items():
        arrays |= {f"facet.{name}.ratio": facet.ratio, f"facet.{name}.prior": facet.prior}
    arrays |= {f"item.{name}": codes for name, codes in model.item_codes.items()}
    if model.prices is not None:
        arrays["prices"] = np.where(np.isfinite(model.prices), model.prices, _NO_PRICE)
    if model.blend.complements is not None:
        arrays |= _sparse("complements", model.blend.complements)
    factors, ranker, sequence = model.blend.factors, model.blend.ranker, model.blend.sequence
    if isinstance(factors, Factors):
        arrays["factors"] = factors.items
    if isinstance(sequence, SequenceModel):
        arrays |= {_SEQUENCE + name: value for name, value in sequence.arrays().items()}
    arrays |= _memory_arrays(model.memory)
    blend = {
        "weights": dict(model.blend.weights),
        "facets": [
            {"name": facet.name, "side": facet.side, "labels": facet.labels} for facet in model.blend.facets.values()
        ],
        "popularity": list(model.blend.popularity),
        "neighbours": list(model.blend.neighbours),
        "newcomer": dict(model.blend.newcomer),
        "factors": {"regularisation": factors.regularisation, "alpha": factors.alpha}
        if isinstance(factors, Factors)
        else None,
        "sequence": sequence.config.model_dump(mode="json") if isinstance(sequence, SequenceModel) else None,
        "ranker": None
        if not isinstance(ranker, Ranker)
        else {"names": ranker.names, "weights": dict(ranker.weights), "candidates": ranker.candidates},
        "smoothing": model.smoothing,
        "now": model.now,
    }
    return {
        "items.json": canonical_json(list(model.item_ids)).encode(),
        "shoppers.json": canonical_json(list(model.shopper_ids)).encode(),
        "blend.json": canonical_json(blend).encode(),
        "model.safetensors": save_arrays({name: np.ascontiguousarray(value) for name, value in arrays.items()}),
        **({RANKER_FILE: ranker.booster.encode()} if isinstance(ranker, Ranker) else {}),
    }


def from_files(files: Mapping[str, bytes]) -> Model:
    """The model that `to_files` wrote.

    Raises
    ------
    CorruptArtifact
        A file is absent, or arrays and names do not fit each other.
    """
    try:
        names = {name: parse_json(files[name], name) for name in FILES[:3]}
        model = _model(names, parse_safetensors(files["model.safetensors"], "model.safetensors"))
        return model.with_ranker(_ranker(files, names["blend.json"].get("ranker"), model.blend))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise CorruptArtifact(
            f"The recommender's files do not fit together: {error}.",
            f"It has {', '.join(FILES)}, written in one go.",
            "Register the model again, or load another version.",
        ) from error


def _model(names: Mapping[str, Any], arrays: Arrays) -> Model:
    items, shoppers, told = tuple(names["items.json"]), tuple(names["shoppers.json"]), names["blend.json"]
    n_items, n_shoppers = len(items), len(shoppers)
    blend = Blend(
        n_items=n_items,
        popularity={name: _shaped(arrays[f"popularity.{name}"], (n_items,)) for name in told["popularity"]},
        neighbours={name: _matrix(arrays, f"neighbours.{name}", (n_items, n_items)) for name in told["neighbours"]},
        facets={about["name"]: _facet(arrays, about, n_items) for about in told["facets"]},
        weights=_figures(told["weights"]),
        newcomer=_figures(told.get("newcomer", {})),
        factors=_factors(arrays, told.get("factors"), n_items),
        complements=_matrix(arrays, "complements", (n_items, n_items)) if "complements.starts" in arrays else None,
        sequence=_sequence(arrays, told.get("sequence"), n_items),
    )
    return Model(
        item_ids=items,
        shopper_ids=shoppers,
        item_codes={name[5:]: _shaped(value, (n_items,)) for name, value in arrays.items() if name.startswith("item.")},
        blend=blend,
        memory=_memory(arrays, blend, n_shoppers, n_items),
        smoothing=float(told["smoothing"]),
        now=float(told["now"]),
        prices=_prices(arrays["prices"], n_items) if "prices" in arrays else None,
    )


def _prices(stored: NDArray[Any], n_items: int) -> NDArray[np.float64]:
    """Prices by row, NaN where unknown."""
    prices = _shaped(stored, (n_items,)).astype(np.float64)
    return np.where(prices >= 0, prices, np.nan)


def _ranker(files: Mapping[str, bytes], told: Mapping[str, Any] | None, blend: Blend) -> Ranker | None:
    if told is None:
        return None
    names, candidates = tuple(str(name) for name in told["names"]), int(told["candidates"])
    if not set(names) <= set(blend.signals) or not 1 <= candidates <= blend.n_items + 100_000:
        raise ValueError("the second stage does not fit the blend")
    check_format(RANKER_FILE, files[RANKER_FILE])
    return Ranker(files[RANKER_FILE].decode(), names, _figures(told["weights"]), candidates).checked()


def _figures(told: Mapping[str, Any]) -> dict[str, float]:
    """Weights by signal, finite and not negative."""
    found = {str(name): float(value) for name, value in told.items()}
    if not all(np.isfinite(value) and value >= 0 for value in found.values()):
        raise ValueError("a weight is negative or not a number")
    return found


def _factors(arrays: Arrays, told: Mapping[str, Any] | None, n_items: int) -> Factors | None:
    if told is None:
        return None
    items, regularisation, alpha = arrays["factors"], float(told["regularisation"]), float(told["alpha"])
    if items.ndim != 2 or items.shape[1] < 1 or not np.isfinite(items).all():
        raise ValueError("the factors are no finite matrix")
    if not (0 < regularisation < np.inf and 0 <= alpha < np.inf):
        raise ValueError("the factors' settings are not positive")
    return Factors(_shaped(items, (n_items, items.shape[1])).astype(np.float32), regularisation, alpha)


def _sequence(arrays: Arrays, told: Mapping[str, Any] | None, n_items: int) -> SequenceModel | None:
    if told is None:
        return None
    own = {name.removeprefix(_SEQUENCE): value for name, value in arrays.items() if name.startswith(_SEQUENCE)}
    found = SequenceModel.from_arrays(own, SequenceConfig.model_validate(told))
    if found.n_items != n_items:
        raise ValueError(f"the order of choices is of {found.n_items} items, not {n_items}")
    return found


def _memory_arrays(memory: Memory) -> Arrays:
    arrays = _sparse("history", memory.history)
    if memory.last_day is not None:
        arrays["history.day"] = memory.last_day.data
    for name, counts in memory.counts.items():
        arrays |= _sparse(f"counts.{name}", counts)
    return arrays | {f"profile.{name}": codes for name, codes in memory.profiles.items()}


def _memory(arrays: Arrays, blend: Blend, n_shoppers: int, n_items: int) -> Memory:
    from scipy.sparse import csr_matrix

    history = _matrix(arrays, "history", (n_shoppers, n_items))
    last_day = None
    if "history.day" in arrays:
        day = _shaped(arrays["history.day"], history.data.shape)
        last_day = csr_matrix((day, history.indices, history.indptr), shape=history.shape)
    sides = {name: facet for name, facet in blend.facets.items() if facet.side != "item"}
    return Memory(
        history=history,
        last_day=last_day,
        counts={
            name: _matrix(arrays, f"counts.{name}", (n_shoppers, len(facet.labels)))
            for name, facet in sides.items()
            if facet.side == "event"
        },
        profiles={
            name: _shaped(arrays[f"profile.{name}"], (n_shoppers,))
            for name, facet in sides.items()
            if facet.side == "shopper"
        },
    )


def _facet(arrays: Arrays, about: Mapping[str, Any], n_items: int) -> Facet:
    name, labels = str(about["name"]), tuple(about["labels"])
    ratio = _shaped(arrays[f"facet.{name}.ratio"], (n_items, len(labels)))
    if not (ratio > 0).all():
        raise ValueError(f"facet {name} has ratios that are not positive")
    return Facet(name, about["side"], labels, ratio, _shaped(arrays[f"facet.{name}.prior"], (len(labels),)))


def _sparse(name: str, matrix: csr_matrix) -> Arrays:
    return {
        f"{name}.starts": matrix.indptr.astype(np.int64),
        f"{name}.columns": matrix.indices.astype(np.int32),
        f"{name}.values": matrix.data,
    }


def _matrix(arrays: Arrays, name: str, shape: tuple[int, int]) -> csr_matrix:
    """A sparse matrix whose parts are checked before scipy trusts them."""
    from scipy.sparse import csr_matrix

    starts, columns, values = (arrays[f"{name}.{part}"] for part in ("starts", "columns", "values"))
    rising = (
        len(starts) == shape[0] + 1 and starts[0] == 0 and starts[-1] == len(columns) and (np.diff(starts) >= 0).all()
    )
    inside = len(columns) == len(values) and (len(columns) == 0 or (columns.min() >= 0 and columns.max() < shape[1]))
    if not (rising and inside):
        raise ValueError(f"{name} is not a matrix of shape {shape}")
    return csr_matrix((values, columns, starts), shape=shape)


def _shaped(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if array.shape != shape:
        raise ValueError(f"an array has shape {array.shape}, not {shape}")
    return array
