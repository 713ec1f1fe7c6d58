"""The only place that opens DuckDB."""

from engine.store.channel import operation
from engine.store.events import Event
from engine.store.store import Reader, Store, Transaction

__all__ = ["Event", "Reader", "Store", "Transaction", "operation"]
