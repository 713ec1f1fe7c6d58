"""The `review_sentiment` kind: whether a review recommends, and what it says about what."""
