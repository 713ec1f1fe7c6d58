"""How a column moved between two snapshots: PSI, KS, and what that means in words.

The population stability index sums (q - p) ln(q / p) over bins with shares p before and q after;
below 0.1 counts as steady and above 0.25 as another population (Siddiqi, Credit Risk Scorecards,
2006). The Kolmogorov-Smirnov statistic is the largest distance of the distribution functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog.profile_records import Drift, Verdict

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

MOST_VALUES = 5_000
_DECILES = 10
_TOP = 20
_STEADY, _CHANGED = 0.1, 0.25
_LEAST_SHARE = 1e-4


def of_numbers(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> Drift:
    """Drift of a column of numbers.

    Parameters
    ----------
    before, after : ndarray of float64, sorted, not empty
    """
    import numpy as np

    deciles = before[(np.arange(1, _DECILES) * len(before)) // _DECILES]
    # What lies outside the range of before has bins of its own.
    edges = np.unique(np.r_[np.nextafter(before[0], -np.inf), deciles, before[-1]])
    psi = _psi(_shares(before, edges), _shares(after, edges))
    points = np.unique(np.concatenate([before, after]))
    distance = np.abs(
        np.searchsorted(before, points, side="right") / len(before)
        - np.searchsorted(after, points, side="right") / len(after)
    )
    ks = float(distance.max())
    middle = float(after[len(after) // 2]) - float(before[len(before) // 2])
    direction = "the middle value rose" if middle > 0 else "the middle value fell" if middle < 0 else "the spread moved"
    return _drift(psi, ks, direction)


def of_values(before: pa.Array, after: pa.Array) -> Drift:
    """Drift of a column of words: over the most frequent values before, and all others together."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = pc.value_counts(before)
    table = pa.table({"value": counts.field("values"), "rows": counts.field("counts")})
    top = table.take(pc.select_k_unstable(table, _TOP, [("rows", "descending"), ("value", "ascending")]))
    shares = []
    for values in (before, after):
        place = pc.fill_null(pc.index_in(values, value_set=top.column("value").combine_chunks()), len(top))
        shares.append(np.bincount(place.to_numpy(zero_copy_only=False), minlength=len(top) + 1) / len(values))
    moved = int(np.argmax(np.abs(shares[1] - shares[0])))
    name = str(top.column("value")[moved].as_py())[:60] if moved < len(top) else "other values"
    return _drift(
        _psi(shares[0], shares[1]), None, f"'{name}' went from {shares[0][moved]:.1%} to {shares[1][moved]:.1%} of rows"
    )


def _shares(ordered: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    cuts = np.searchsorted(ordered, edges, side="right")
    shares: npt.NDArray[np.float64] = np.diff(np.r_[0, cuts, len(ordered)]) / len(ordered)
    return shares


def _psi(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
    import numpy as np

    p, q = np.maximum(before, _LEAST_SHARE), np.maximum(after, _LEAST_SHARE)
    return float(np.sum((q - p) * np.log(q / p)))


def _drift(psi: float, ks: float | None, why: str) -> Drift:
    verdict: Verdict = "steady" if psi < _STEADY else "shifted" if psi < _CHANGED else "changed"
    words = {
        "steady": "About as before",
        "shifted": "Somewhat different from before",
        "changed": "Very different from before",
    }
    detail = "" if verdict == "steady" else f": {why}"
    return Drift(
        psi=round(psi, 6),
        ks=round(ks, 6) if ks is not None else None,
        verdict=verdict,
        told=f"{words[verdict]}{detail}.",
    )
