"""New garments placed by words and pictures: H&M products whose purchases are hidden, found for those who bought them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engine import text, vision
from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators.recommender.config import RecommenderConfig
from engine.estimators.recommender.data import ShopData, read
from engine.recommenders import neighbours
from engine.recommenders.als import fit_als
from engine.recommenders.bootstrap import interval
from engine.recommenders.content import unit_rows
from engine.recommenders.meaning import described, near_by_meaning, placed
from engine.settings import Settings
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import Figure, Table

_HIDDEN = 0.2
_SEED = 5
_TOP_K = 200


def run() -> Table:
    """Rank only the hidden products for each buyer of one of them, by each way of placing them."""
    table = Table("meaning", f"H&M, the 1,200 photographed products, {_HIDDEN:.0%} of them with hidden purchases")
    with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder), device="cpu")) as engine:
        engine.call(CatalogService.run_import, actor=Actor.system("bench"), shop="hm", path=SHARED / "hm")
        snapshot = engine.call(CatalogService.list_snapshots, shop="hm")[0]
        data = read(engine.service(CatalogService).dataset(snapshot.number), RecommenderConfig().event_weights)
        photos = {path.stem: path for path in (SHARED / "hm" / "images").glob("*.jpg")}
        rows = np.array([row for row, item in enumerate(data.item_ids) if item in photos])
        words = text.embed(engine, [data.texts[row] for row in rows])
        pictures = vision.embed(engine, [photos[data.item_ids[row]].read_bytes() for row in rows])
    table.figures += compared(data, rows, words, pictures)
    return table


def compared(
    data: ShopData, rows: NDArray[np.int64], words: NDArray[np.float32], pictures: NDArray[np.float32]
) -> list[Figure]:
    """Recall@20 among the hidden products, paired against plain content."""
    met = data.log.matrix(np.ones(len(data.log)))[:, rows].tocsr()
    met.data[:] = 1.0
    hidden = np.random.default_rng(_SEED).random(len(rows)) < _HIDDEN
    seen = csr_matrix(met.multiply(~hidden[None, :]))
    buyers = np.flatnonzero((np.diff(seen.indptr) > 0) & (np.asarray(met[:, hidden].sum(axis=1)).ravel() > 0))
    wanted, history = met[buyers].toarray()[:, hidden] > 0, seen[buyers]
    factors = fit_als(seen[np.diff(seen.indptr) >= 2], dimensions=32, regularisation=10.0, alpha=10.0, iterations=8)
    events = np.asarray(seen.sum(axis=0)).ravel()
    content = unit_rows(data.content[rows])
    described_by = {
        "attributes and words": None,
        "with word vectors": words,
        "with picture vectors": pictures,
        "with both": np.hstack([words, pictures]),
    }
    plain = _recall(history, neighbours.cosine(content, top_k=_TOP_K), hidden, wanted)
    figures = [Figure("chance", 20 / hidden.sum(), ""), _figure("nearest by attributes and words", plain)]
    for name, vectors in described_by.items():
        places = placed(described(content, vectors), factors.items, events)
        assert places is not None
        found = _recall(history, near_by_meaning(places, top_k=_TOP_K), hidden, wanted)
        figures += [_figure(f"meaning: {name}", found), _figure(f"meaning: {name}, less nearest", found - plain)]
    return figures


def _recall(
    history: csr_matrix, matrix: csr_matrix, hidden: NDArray[np.bool_], wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    scores = (history @ matrix).toarray()[:, hidden]
    first = np.argsort(-scores, axis=1, kind="stable")[:, :20]
    found: NDArray[np.float64] = np.take_along_axis(wanted, first, axis=1).sum(axis=1) / wanted.sum(axis=1)
    return found


def _figure(name: str, values: NDArray[np.float64]) -> Figure:
    low, high = interval(values)
    return Figure(f"{name}: Recall@20", float(values.mean()), "", low, high, len(values))
