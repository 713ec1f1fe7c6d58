"""The `fit_advisor` kind: small, fit or large for a shopper and a size."""
