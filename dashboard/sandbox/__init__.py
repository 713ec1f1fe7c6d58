"""The sandbox: a draft of the merchandising plan, and the walls that it leads to."""
