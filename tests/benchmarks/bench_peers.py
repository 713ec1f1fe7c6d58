"""implicit's ALS, cosine and BM25 beside ours: the same rows, the same validation window, six trials each.

implicit lives in an environment of its own, which is made on first use.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.actor import Actor
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.evaluation import EvaluationPlan, Format, Protocol, read
from engine.recommendation_engine.evaluation.evaluate import choose
from engine.recommendation_engine.evaluation.measuring import (
    Measured,
    Ranking,
    blocks,
    groups,
    overall,
    pairs,
    per_unit,
)
from engine.recommendation_engine.evaluation.rivals import RIVALS
from engine.recommendation_engine.evaluation.shop import interactions_of, rank_as_trained
from engine.recommendation_engine.evaluation.splits import Split, splits
from engine.settings import Settings
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import RESULTS, Figure, Table

PEER = Path(__file__).with_name("peers") / "implicit.py"
PACKAGES = ("implicit==0.7.3",)
OURS = ("recent", "cosine", "rp3beta", "als")
_WARM = "known shoppers, known items"
_SHOWN = ("ndcg_at_10", "recall_at_20", "hit_rate_at_10", "coverage_at_10")

TRIALS: dict[str, list[dict[str, Any]]] = {
    "als": [
        {"factors": factors, "regularization": regularization, "alpha": alpha, "iterations": 15}
        for factors, regularization, alpha in (
            (64, 0.05, 1.0), (64, 1.0, 10.0), (128, 0.05, 1.0), (128, 1.0, 10.0), (128, 10.0, 10.0), (128, 3.0, 40.0),
        )
    ],
    "cosine": [{"K": k} for k in (10, 20, 50, 100, 200, 500)],
    "bm25": [{"K": k, "K1": k1, "B": b} for k, k1, b in (
        (50, 1.2, 0.75), (200, 1.2, 0.75), (200, 0.5, 0.5), (200, 1.2, 0.2), (500, 1.2, 0.5), (200, 100.0, 0.5),
    )],
}  # fmt: skip


def run() -> Table:
    table = Table("peers", "implicit 0.7.3 beside ours; settings by NDCG@10 on the validation window, six trials each")
    table.figures += rent_the_runway()
    beauty = read(SHARED / "amazon_sequences" / "Beauty.txt", Format.SEQUENCES)
    validation, test = splits(beauty, EvaluationPlan(protocol=Protocol.LEAVE_LAST_OUT))
    lists = ours(validation, test) | theirs(validation, test)
    table.figures += told("Beauty, last item", Measured.of(test, lists), "")
    return table


def rent_the_runway() -> list[Figure]:
    """The last 90 days, shoppers and items that were there before; choices on the 90 days before those."""
    with tempfile.TemporaryDirectory() as folder, Engine.open(Settings.at(Path(folder))) as engine:
        source = SHARED / "rent_the_runway" / "rentals.parquet"
        engine.call(CatalogService.run_import, actor=Actor.system("bench"), shop="rtr", path=source)
        config = RecommenderEstimator.config_type()
        data = RecommenderEstimator.everything(engine.service(CatalogService).dataset(1), config)
    validation, test = (
        warm(split) for split in splits(interactions_of(data, "rtr"), EvaluationPlan(windows=1, days=90))
    )
    lists = {"recommender": rank_as_trained(data, config, test)}
    lists |= ours(validation, test) | theirs(validation, test)
    return told("Rent The Runway, last 90 days, warm", Measured.of(test, lists), "recommender")


def warm(split: Split) -> Split:
    """Only shoppers with a history who chose an item that existed."""
    return split.some(np.flatnonzero(groups(split)[_WARM][1]))


def ours(validation: Split, test: Split) -> dict[str, NDArray[np.int64]]:
    """Our models, their settings chosen as an evaluation does."""
    found = {}
    for name in OURS:
        chosen, _ = choose(validation, RIVALS[name], seed=0)
        scorer = chosen.fit(test, 0, lambda note: None)
        ranking = Ranking(test)
        for rows in blocks(len(test), test.n_items):
            histories = [test.histories[shopper] for shopper in test.units[rows]]
            ranking.take(rows, np.array(scorer.scores(histories), dtype=np.float64))
        found[name] = ranking.lists
    return found


def theirs(validation: Split, test: Split) -> dict[str, NDArray[np.int64]]:
    """implicit's models: every trial on validation, the best of each kind on test."""
    asked: list[dict[str, Any]] = [
        {"name": f"{kind}-{number}", "kind": kind, "settings": settings}
        for kind, trials in TRIALS.items()
        for number, settings in enumerate(trials)
    ]
    found = peer_lists(validation, asked)
    gained = {name: float(per_unit(validation, lists)["ndcg_at_10"].mean()) for name, lists in found.items()}
    best = [
        max((entry for entry in asked if entry["kind"] == kind), key=lambda entry: gained[entry["name"]])
        for kind in TRIALS
    ]
    tested = peer_lists(test, best)
    print(*(f"implicit chose {entry['settings']} for {entry['kind']}" for entry in best), sep="\n", file=sys.stderr)
    return {f"implicit {entry['kind']}": tested[entry["name"]] for entry in best}


def peer_lists(split: Split, asked: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.int64]]:
    """What each asked model of the peer lists for the units of a split, over items that existed."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        columns = np.flatnonzero(split.candidate)
        for name, matrix in (("matrix", split.met[:, columns]), ("asked", split.met[split.units][:, columns])):
            parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": matrix.shape}
            np.savez(folder / f"{name}.npz", allow_pickle=False, **parts)
        (folder / "asked.json").write_text(json.dumps(list(asked)), encoding="utf-8")
        subprocess.run([peer_python(), str(PEER), str(folder)], check=True, stdout=subprocess.DEVNULL)
        found = {}
        for entry in asked:
            lists = np.load(folder / f"{entry['name']}.npy", allow_pickle=False)
            found[entry["name"]] = np.where(lists >= 0, columns[lists], -1)
    return found


def peer_python() -> str:
    """The interpreter of implicit's environment, made when it is not there."""
    place = RESULTS / "envs" / "implicit"
    python = place / "bin" / "python"
    if not (place / "made").exists():
        print("Making an environment for implicit ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        options = ["--quiet", "--only-binary", "implicit"]
        subprocess.run([str(python), "-m", "pip", "install", *options, *PACKAGES], check=True)
        (place / "made").touch()
    return str(python)


def told(what: str, measured: Measured, champion: str) -> list[Figure]:
    """Every model's figures, and the champion against the best peer on the same shoppers."""
    values = overall([measured], seed=0)
    figures = []
    for name, found in sorted(values.items(), key=lambda pair: -pair[1]["ndcg_at_10"].value):
        for metric in _SHOWN:
            each = found[metric]
            bar = _BARS.get(metric, "") if name == champion else ""
            figures.append(
                Figure(f"{what}: {name}, {metric}", each.value, "", each.low, each.high, len(measured.split), bar)
            )
    peers = {name: found["ndcg_at_10"].value for name, found in values.items() if name.startswith("implicit")}
    best = max(peers, key=peers.__getitem__)
    ahead = champion or max(
        (name for name in values if name not in peers), key=lambda name: values[name]["ndcg_at_10"].value
    )
    ratio = values[ahead]["ndcg_at_10"].value / peers[best]
    figures.append(Figure(f"{what}: {ahead} over {best}, NDCG@10", ratio, "times", bar=">= 1.15" if champion else ""))
    for pair in pairs([measured], seed=0):
        if pair.metric == "ndcg_at_10" and {pair.first, pair.second} == {ahead, best}:
            sign = 1 if pair.first == ahead else -1
            low, high = sorted((sign * (pair.difference.low or 0), sign * (pair.difference.high or 0)))
            figures.append(
                Figure(
                    f"{what}: the same, difference", sign * pair.difference.value, "", low, high, len(measured.split)
                )
            )
    return figures


_BARS = {"ndcg_at_10": ">= .0110", "recall_at_20": ">= .036", "coverage_at_10": ">= .25"}
