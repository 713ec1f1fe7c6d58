"""Words as weighted counts (TF-IDF), kept as plain vocabulary and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from engine.errors import CorruptArtifact

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Analyzer = Literal["word", "char_wb"]
_RANGES: dict[Analyzer, tuple[int, int]] = {"word": (1, 2), "char_wb": (2, 5)}


@dataclass(frozen=True, eq=False)
class Terms:
    """What is counted and what each weighs: one or two words, or two to five letters of a word.

    Parameters
    ----------
    names : tuple of str
        In the order of the columns.
    weight : ndarray of float32, shape (n_terms,)
        Inverse document frequency.
    """

    analyzer: Analyzer
    names: tuple[str, ...]
    weight: NDArray[np.float32]

    @classmethod
    def learn(cls, texts: Sequence[str], *, analyzer: Analyzer = "word", fewest: int = 2, most: int = 100_000) -> Self:
        """The terms of these texts.

        Parameters
        ----------
        fewest : int
            Texts that a term has to be in; 1 where nothing else would be left.
        most : int
            Terms that are kept, the most frequent ones.
        """
        for least in (fewest, 1):
            vectorizer = _vectorizer(analyzer, min_df=least, max_features=most)
            try:
                vectorizer.fit(texts)
            except ValueError:  # no text has any term
                continue
            names = tuple(str(name) for name in vectorizer.get_feature_names_out())
            return cls(analyzer, names, vectorizer.idf_.astype(np.float32))
        return cls(analyzer, ("",), np.ones(1, dtype=np.float32))

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Texts as rows of unit length, shape (n_texts, n_terms)."""
        vectorizer = _vectorizer(self.analyzer, vocabulary={name: column for column, name in enumerate(self.names)})
        vectorizer.idf_ = self.weight.astype(np.float64)
        return vectorizer.transform(texts).tocsr().astype(np.float32)

    def told(self) -> dict[str, Any]:
        """What `of` needs beside the weights."""
        return {"analyzer": self.analyzer, "names": list(self.names)}

    @classmethod
    def of(cls, told: Mapping[str, Any], weight: NDArray[Any]) -> Self:
        """The words that were kept.

        Raises
        ------
        CorruptArtifact
            Terms and weights do not fit each other.
        """
        analyzer, names = told.get("analyzer"), told.get("names")
        whole = analyzer in _RANGES and isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not whole or weight.ndim != 1 or not len(set(names or ())) == len(names or ()) == len(weight) > 0:
            raise CorruptArtifact(
                "The words of the model do not fit their weights.", "There is one weight a term.", "Train again."
            )
        assert analyzer is not None
        return cls(analyzer, tuple(names or ()), weight.astype(np.float32))


def _vectorizer(analyzer: Analyzer, **more: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer=analyzer, ngram_range=_RANGES[analyzer], sublinear_tf=True, **more)
