"""The `price_optimizer` kind: what products sell at a price, and which price pays best."""
