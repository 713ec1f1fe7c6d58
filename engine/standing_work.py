"""What the store's owner does by itself for as long as it runs."""

from __future__ import annotations

from engine.catalog.feed_runner import start_feeds
from engine.core import Engine
from engine.model_registry.webhooks import WebhookSender
from engine.product_search import follow_snapshots
from engine.training import start_background


def begin(engine: Engine) -> None:
    """Carry jobs out, publish after new snapshots, fire feeds, tell webhooks, prepare the product search."""
    start_background(engine)
    start_feeds(engine)
    engine.part(WebhookSender).start()
    follow_snapshots(engine)
