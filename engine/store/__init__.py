"""The only place that opens DuckDB."""

from engine.store._lock import OwnerLock
from engine.store.channel import operation
from engine.store.events import Event
from engine.store.store import Reader, Store, Transaction

__all__ = ["Event", "OwnerLock", "Reader", "Store", "Transaction", "operation"]
