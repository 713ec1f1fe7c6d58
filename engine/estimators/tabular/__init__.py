"""The `tabular` kind: any table of the shop and any of its columns as the target."""
