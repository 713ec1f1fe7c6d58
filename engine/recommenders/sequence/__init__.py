"""What comes next: a causal transformer over the order of a shopper's items (SASRec)."""

from engine.recommenders.sequence.config import SequenceConfig
from engine.recommenders.sequence.fit import fit_sequence
from engine.recommenders.sequence.model import SequenceModel

__all__ = ["SequenceConfig", "SequenceModel", "fit_sequence"]
