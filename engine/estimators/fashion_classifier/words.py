"""Single words, pairs of words and groups of letters, weighed by rarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = {"word": 30_000, "char_wb": 40_000}


@dataclass(frozen=True)
class Terms:
    """TF-IDF over a fixed vocabulary, rows of unit length.

    Parameters
    ----------
    analyzer : "word" or "char_wb"
        Words and their pairs, or 2 to 5 letters within words.
    names : list of str
    idf : ndarray of float64, shape (n_names,)
    """

    analyzer: str
    names: list[str]
    idf: NDArray[np.float64]

    @classmethod
    def learned(cls, texts: Sequence[str], analyzer: str) -> Terms:
        """Terms that two texts have at least; one text will do where there is nothing else."""
        from sklearn.feature_extraction.text import CountVectorizer

        for fewest in (2, 1):
            try:
                counter = CountVectorizer(**_reading(analyzer), min_df=fewest, max_features=_MOST[analyzer])
                counts = counter.fit_transform(texts)
            except ValueError:  # nothing is left: only empty or single-letter words
                continue
            seen = np.asarray((counts > 0).sum(axis=0)).ravel()
            idf = np.log((1 + len(texts)) / (1 + seen)) + 1
            return cls(analyzer, counter.get_feature_names_out().tolist(), idf)
        return cls(analyzer, [""], np.ones(1))

    def of(self, texts: Sequence[str]) -> Any:
        """CSR matrix, shape (n_texts, n_names)."""
        import scipy.sparse as sparse
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.preprocessing import normalize

        counter = CountVectorizer(**_reading(self.analyzer), vocabulary=self.names)
        counts = sparse.csr_matrix(counter.transform(texts), dtype=np.float64)
        counts.data = 1 + np.log(counts.data)
        return normalize(counts.multiply(self.idf).tocsr())


def _reading(analyzer: str) -> dict[str, Any]:
    return {"analyzer": analyzer, "ngram_range": (1, 2) if analyzer == "word" else (2, 5)}
