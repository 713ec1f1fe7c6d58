"""implicit at the same work: run by an environment of its own, never imported.

`python implicit.py FOLDER` reads `asked.json` (a list of {"name", "kind", "settings"}) and the arrays of
`matrix.npz` and `asked.npz` from FOLDER, and writes `NAME.npy` there: for each asked shopper the first
items that the shopper has not met.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

SEED = 7


def main(folder: Path) -> None:
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).resolve().parent]
    import implicit
    import numpy as np

    matrix, asked = csr(folder / "matrix.npz"), csr(folder / "asked.npz")
    seconds = {}
    for entry in json.loads((folder / "asked.json").read_text(encoding="utf-8")):
        started = time.perf_counter()
        model = made(entry["kind"], entry["settings"])
        model.fit(matrix, show_progress=False)
        seconds[entry["name"]] = time.perf_counter() - started
        np.save(folder / f"{entry['name']}.npy", listed(model, asked), allow_pickle=False)
    print(json.dumps({"implicit": implicit.__version__, "seconds": seconds}))


def made(kind: str, settings: dict[str, Any]) -> Any:
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

    if kind == "als":
        return AlternatingLeastSquares(random_state=SEED, num_threads=1, use_gpu=False, **settings)
    return {"cosine": CosineRecommender, "bm25": BM25Recommender}[kind](num_threads=1, **settings)


def listed(model: Any, asked: Any) -> Any:
    """The first 20 unseen items of each row, -1 where the model gives none."""
    import numpy as np

    users = np.arange(asked.shape[0])
    options = {"recalculate_user": True} if hasattr(model, "user_factors") else {}
    items, scores = model.recommend(users, asked, N=20, filter_already_liked_items=True, **options)
    reached = scores > np.finfo(np.float32).min / 2
    if not options:
        reached &= scores > 0
    return np.where(reached, items, -1).astype(np.int64)


def csr(path: Path) -> Any:
    import numpy as np
    from scipy.sparse import csr_matrix

    with np.load(path, allow_pickle=False) as held:
        return csr_matrix((held["data"], held["indices"], held["indptr"]), shape=tuple(held["shape"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
