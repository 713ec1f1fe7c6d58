"""The training page's parts: what to train, how a training goes, and what came of it."""
