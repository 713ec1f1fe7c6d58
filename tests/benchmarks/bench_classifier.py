"""Product type of H&M articles from their words and photos: our classifier beside tuned TF-IDF and logistic regression.

Kinds with 30 articles or more, held out at random within each kind, all colours of a garment on one side. The rival's
strength, letters and balance are chosen on inner validation. Intervals are of paired bootstraps over garments.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file
from threadpoolctl import threadpool_limits

from engine.catalog.dataset import Dataset
from engine.catalog.schema import TABLES, Table
from engine.estimators import measures
from engine.estimators.encoders import encode
from engine.estimators.fashion_classifier import data
from engine.estimators.fashion_classifier.config import FashionClassifierConfig
from engine.estimators.fashion_classifier.estimator import FashionClassifier
from engine.estimators.fashion_classifier.voices import Words
from tests.benchmarks import table as tables
from tests.benchmarks.bench_data import SHARED
from tests.benchmarks.table import Figure

if TYPE_CHECKING:
    from engine.estimators.base import Holdout, Scores

TARGET = "product type"
RIVALS: list[dict[str, Any]] = [
    *({"word_strength": strength, "balance": balance} for strength in (3.0, 10.0, 30.0) for balance in (0.0, 0.5)),
    {"word_strength": 10.0, "balance": 0.5, "letters": True},
]
TOLD = ("macro_f1", "balanced_accuracy", "accuracy", "log_loss", "ece", "coverage", "answered_precision")


def run() -> tables.Table:
    table = tables.Table("classifier", "H&M, product type, kinds with 30 articles or more")
    with tempfile.TemporaryDirectory() as folder:
        dataset = articles(Path(folder), _photos())
        text: dict[str, Any] = {"target": TARGET, "columns": False, "photo": False}
        holdout = FashionClassifier.holdout(dataset, FashionClassifierConfig(**text))
        _lend(holdout)
        rival = tuned_rival(holdout)
        theirs = measured(rival, holdout, "TF-IDF and logistic regression, tuned", table)
        ours = measured(FashionClassifierConfig(**text), holdout, "words and meanings", table)
        table.figures.append(gain("macro-F1, words and meanings over TF-IDF", ours, theirs, "interval above 0"))
        seen = holdout.test.seen
        if seen.any():
            photo = measured(FashionClassifierConfig(**{**text, "photo": True}), holdout, "with photos", table)
            table.figures += only_shown(photo, ours, holdout)
    return table


def articles(folder: Path, photos: dict[str, Any]) -> Dataset:
    """The articles as products; the type is an attribute, and so is the garment's code."""
    rows = pq.read_table(SHARED / "hm" / "articles.parquet").to_pylist()
    items = [
        {
            "item_id": row["article_id"],
            "title": row["prod_name"],
            "description": row["detail_desc"],
            "attributes": json.dumps({TARGET: row["product_type_name"], data.GROUP: str(row["product_code"])}),
        }
        for row in rows
    ]
    path = folder / "items.parquet"
    pq.write_table(pa.Table.from_pylist(items, schema=TABLES[Table.ITEMS].arrow_schema()), path)
    nothing = np.zeros(1280, dtype=np.float32)
    pictures = np.stack([photos.get(row["article_id"], nothing) for row in rows])
    vectors = np.hstack([np.zeros((len(rows), 384), dtype=np.float32), pictures])
    return Dataset({Table.ITEMS: [path]}, snapshot=1, vectors=vectors)


def tuned_rival(holdout: Holdout) -> FashionClassifierConfig:
    """The best of the rival's settings on inner validation, by macro-F1."""
    inner = FashionClassifier.inner(holdout.train, FashionClassifierConfig())
    found = []
    for settings in RIVALS:
        config = FashionClassifierConfig(target=TARGET, head="baseline", photo=False, columns=False, **settings)
        with threadpool_limits(limits=1):
            voice = Words.learned(inner.train, None, config, _Silent())
        guess = voice.log_probabilities(inner.test).argmax(axis=1)
        addends = measures.macro_f1_addends(inner.test.label, guess, len(inner.test.classes))
        found.append((measures.value("macro_f1", addends), config))
        print(f"  rival {settings}: macro-F1 {found[-1][0]:.4f} on inner validation", flush=True)
    return max(found, key=lambda pair: pair[0])[1]


def measured(config: FashionClassifierConfig, holdout: Holdout, what: str, table: tables.Table) -> Scores:
    model = FashionClassifier(config)
    model.fit(holdout.train, _Silent())
    scores = model.evaluate(holdout, _Silent())
    for name in TOLD:
        figure = scores.evaluation.metrics[name]
        table.figures.append(Figure(f"{what}: {name}", figure.value, "", figure.low, figure.high))
    print(f"  {what}: macro-F1 {scores.evaluation.metrics['macro_f1'].value:.4f}", flush=True)
    return scores


def gain(
    what: str, ours: Scores, theirs: Scores, bar: str, mask: Any = slice(None), metric: str = "macro_f1"
) -> Figure:
    """The difference over garments, with the interval of its paired bootstrap."""
    left, right = ours.per_unit[metric][mask], theirs.per_unit[metric][mask]
    low, high = np.quantile(measures.gains(metric, left, right), [0.025, 0.975])
    value = measures.value(metric, left) - measures.value(metric, right)
    return Figure(what, value, "", float(low), float(high), len(left), bar=bar)


def only_shown(photo: Scores, text: Scores, holdout: Holdout) -> list[Figure]:
    """What the photo adds where there is one; garments of which an article has a photo."""
    unit = np.unique(holdout.test.group, return_inverse=True)[1]
    shown = np.zeros(unit.max() + 1, dtype=bool)
    shown[unit[holdout.test.seen]] = True
    return [
        gain(f"{metric}, photos over text alone, garments with a photo", photo, text, "above 0, or told", shown, metric)
        for metric in ("macro_f1", "accuracy", "log_loss")
    ]


def _lend(holdout: Holdout) -> None:
    """Meanings are read once and kept under the digest of the texts."""
    meanings = holdout.train.meanings
    meanings.lend(_kept("words", meanings.texts, lambda: encode(meanings.texts)))


def _photos() -> dict[str, Any]:
    from engine import vision

    paths = sorted((SHARED / "hm" / "images").glob("*.jpg"))
    if not paths:
        return {}
    cache = Path(tempfile.gettempdir()) / "bench-classifier"

    def look() -> Any:
        return vision.load(cache, "cpu").encode([path.read_bytes() for path in paths])

    return dict(zip([path.stem for path in paths], _kept("photos", [p.name for p in paths], look), strict=True))


def _kept(what: str, texts: list[str], make: Any) -> Any:
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
    path = Path(tempfile.gettempdir()) / "bench-classifier" / f"{what}-{digest}.safetensors"
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        save_file({"vectors": make()}, path)
    return load_file(path)["vectors"]


class _Silent:
    def stage(self, name: str, share: float) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...

    def log(self, line: str) -> None: ...
