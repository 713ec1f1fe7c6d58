"""Text columns as a few numbers: hashed words, weighed by rarity, along their main directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLOTS = 1_024
TOPICS = 8
_MOST_TEXTS = 20_000


class TextBlock(BaseModel):
    """Latent semantic analysis (Deerwester et al. 1990) over hashed words.

    Parameters
    ----------
    idf : list of float, length SLOTS
    components : list of lists of float, shape (topics, SLOTS)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    idf: list[float] = Field(min_length=SLOTS, max_length=SLOTS)
    components: list[list[float]] = Field(min_length=1, max_length=TOPICS)

    def of(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Coordinates of each text, shape (n_texts, topics)."""
        found: NDArray[np.float64] = _hashed(texts) @ (np.asarray(self.components) * np.asarray(self.idf)).T
        return found


def learned(texts: Sequence[str], seed: int) -> TextBlock | None:
    """The directions in which texts differ most; None where they have too few words.

    Parameters
    ----------
    texts : sequence of str
        Distinct ones.
    """
    from sklearn.decomposition import TruncatedSVD

    kept = list(texts)
    if len(kept) > _MOST_TEXTS:
        chosen = np.random.default_rng(seed).choice(len(kept), _MOST_TEXTS, replace=False)
        kept = [kept[place] for place in np.sort(chosen)]
    if len(kept) <= TOPICS:
        return None
    counts = _hashed(kept)
    if np.diff(counts.indptr).max(initial=0) == 0 or len(np.unique(counts.indices)) <= TOPICS:
        return None
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1 + len(kept)) / (1 + seen)) + 1
    found = TruncatedSVD(n_components=TOPICS, random_state=seed).fit(counts.multiply(idf).tocsr())
    return TextBlock(
        idf=np.round(idf, 6).tolist(), components=np.round(np.asarray(found.components_, dtype=float), 6).tolist()
    )


def _hashed(texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(n_features=SLOTS, alternate_sign=False, norm="l2").transform(list(texts))
