"""The Engine: one per process, and the services that hang from it.

`Engine.open` makes this process the store's owner, or, where another process already is, a client
of that owner. Callers see no difference.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

from engine.actor import Actor
from engine.artifacts import ArtifactStore
from engine.clock import Clock, SystemClock
from engine.errors import OwnerUnreachable, StoreOwned
from engine.settings import Settings
from engine.store import channel, socket
from engine.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Service")
R = TypeVar("R", bound="Part")

_PATIENCE = 50
_PAUSE_SECONDS = 0.1


class Service:
    """A group of operations over the owner's store.

    Subclasses mark their public acts with `@operation(...)`; one instance lives per owning Engine.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        channel.register_service(cls)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def store(self) -> Store:
        return self.engine.store


class Part(Protocol):
    """Something that a process holds once and closes with its Engine, such as the hub."""

    def close(self) -> None: ...


class Engine:
    """Settings, clock, actor, artifacts, parts and the way to the store.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    clock : Clock
        Time of all events.
    actor : Actor
        Who acts when a call names nobody else.
    store : Store or None
        The store when this process owns it, None when another does.
    """

    def __init__(self, *, settings: Settings, clock: Clock, actor: Actor, store: Store | None) -> None:
        self.settings = settings
        self.clock = clock
        self.actor = actor
        self.artifacts = ArtifactStore(settings.artifacts)
        self._store = store
        self._services: dict[type[Service], Service] = {}
        self._parts: dict[Callable[[Engine], Part], Part] = {}
        self._owner_work: list[Callable[[Engine], None]] = []
        self._guard = threading.RLock()
        self._door: socket.OwnerSocket | None = None

    @classmethod
    def open(cls, settings: Settings | None = None, *, clock: Clock | None = None, actor: Actor | None = None) -> Self:
        """Own the store of `settings.home`, or reach its owner.

        Raises
        ------
        StoreDamaged
            The store's event chain does not match its journal.
        """
        settings = settings or Settings()
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = cls(settings=settings, clock=clock or SystemClock(), actor=actor or Actor.local(), store=None)
        engine._own_or_reach()
        return engine

    def _own_or_reach(self) -> None:
        """Take the store, or make sure that who has it answers; a short command may be just ending."""
        for _ in range(_PATIENCE):
            try:
                self._store = Store(self.settings.database, clock=self.clock)
            except StoreOwned as error:
                owned = error
                if socket.answers(self.settings.home):
                    return
                threading.Event().wait(_PAUSE_SECONDS)
            else:
                self.open_door()
                for work in self._owner_work:
                    work(self)
                return
        raise owned

    def when_owner(self, work: Callable[[Engine], None]) -> None:
        """Do standing work now if this process owns the store, else as soon as it does."""
        self._owner_work.append(work)
        if self.owns_store:
            work(self)

    @property
    def owns_store(self) -> bool:
        """Whether this process holds the store."""
        return self._store is not None

    @property
    def store(self) -> Store:
        """The store; only the owner has one."""
        if self._store is None:
            raise RuntimeError("services run in the owner process only")
        return self._store

    def part(self, kind: Callable[[Engine], R]) -> R:
        """The one instance of a part in this process, made on first use."""
        with self._guard:
            if kind not in self._parts:
                self._parts[kind] = kind(self)
            return self._parts[kind]  # type: ignore[return-value]  # keyed by its own type

    def service(self, kind: type[S]) -> S:
        """The one instance of a service in the owner process."""
        with self._guard:
            if kind not in self._services:
                self._services[kind] = kind(self)
            return self._services[kind]  # type: ignore[return-value]  # keyed by its own type

    def call(self, operation: Callable[Concatenate[Any, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation in the owner, wherever it is.

        Parameters
        ----------
        operation : method
            Such as `RegistryService.promote`; its keyword arguments follow.
        """
        if args:
            raise TypeError("operations take keyword arguments only")
        spec = channel.operation_of(operation)
        if self._store is None:
            try:
                return self._ask(spec, kwargs)  # type: ignore[no-any-return]
            except OwnerUnreachable as error:
                if error.fields.get("sent", True):
                    raise
                self._own_or_reach()
            if self._store is None:
                return self._ask(spec, kwargs)  # type: ignore[no-any-return]
        return getattr(self.service(spec.owner), spec.attribute)(**kwargs)  # type: ignore[no-any-return]

    def _ask(self, spec: channel.Operation, arguments: dict[str, Any]) -> Any:
        from pydantic_core import to_json

        answer = socket.ask(self.settings.home, spec.address, to_json(arguments))
        return spec.answer.validate_python(answer)

    async def acall(self, operation: Callable[Concatenate[Any, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`call` in a thread, for the async API."""
        return await asyncio.to_thread(self.call, operation, *args, **kwargs)

    def open_door(self) -> None:
        """Let other processes of this user reach this owner."""
        if self._door is None:
            self._door = socket.serve(self.settings.home, self._answer)

    def _answer(self, name: str, arguments: dict[str, Any]) -> bytes:
        from pydantic_core import to_json

        spec = channel.find(name)
        method = getattr(self.service(spec.owner), spec.attribute)
        return to_json(method(**spec.parse(arguments)), inf_nan_mode="constants")

    def close(self) -> None:
        """Close the door and all parts, the latest made first, and give the store back."""
        if self._door is not None:
            self._door.close()
            self._door = None
        for part in reversed(list(self._parts.values())):
            part.close()
        self._parts.clear()
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_current: Engine | None = None
_current_guard = threading.Lock()


def current_engine() -> Engine:
    """The process's Engine, opened on first use from the environment's settings."""
    global _current  # noqa: PLW0603  # the one process-wide handle
    with _current_guard:
        if _current is None:
            _current = Engine.open()
        return _current


def set_current_engine(engine: Engine | None) -> None:
    """Make `engine` the one that classes built without an argument use."""
    global _current  # noqa: PLW0603
    with _current_guard:
        _current = engine
