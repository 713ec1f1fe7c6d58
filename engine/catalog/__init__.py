"""Products, shoppers and what happened between them: imports, checks, numbered snapshots."""
