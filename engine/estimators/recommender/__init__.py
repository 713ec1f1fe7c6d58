"""The `recommender` kind: who is shown what, ranked by a blend of signals."""
