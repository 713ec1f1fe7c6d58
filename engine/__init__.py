"""The product: data in, models trained, gated, served and explained. Never imports a user interface."""

__version__ = "0.1.0"
