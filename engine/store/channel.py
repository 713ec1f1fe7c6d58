"""Named operations: the only way in which state is read or changed from outside its owner.

A service is a class whose public acts carry `@operation("models.promote")`. In the owner process
they are called directly; from any other process the same call travels over the owner's socket.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ParamSpec, TypeVar, get_type_hints

from engine.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

_NAME_ATTRIBUTE = "__operation__"
_MODULE = re.compile(r"engine(\.[a-z][a-z_]*)+")  # never a module that starts a program, such as __main__


def operation(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Mark a service's method as reachable under `name`."""

    def mark(function: Callable[P, T]) -> Callable[P, T]:
        setattr(function, _NAME_ATTRIBUTE, name)
        return function

    return mark


@dataclass(frozen=True)
class Operation:
    """A named method of a service class."""

    name: str
    owner: type
    attribute: str

    @property
    def address(self) -> str:
        """`module:name`, by which another process finds it."""
        return f"{self.owner.__module__}:{self.name}"

    @cached_property
    def answer(self) -> Any:
        """A pydantic adapter of the return type, for answers that crossed a socket."""
        from pydantic import TypeAdapter

        hints = get_type_hints(getattr(self.owner, self.attribute))
        return TypeAdapter(hints["return"])

    @cached_property
    def arguments(self) -> Any:
        """A pydantic model of the arguments; unknown ones are refused."""
        from pydantic import ConfigDict, create_model

        function = getattr(self.owner, self.attribute)
        hints = get_type_hints(function)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        fields: Any = {
            parameter.name: (hints[parameter.name], ... if parameter.default is parameter.empty else parameter.default)
            for parameter in parameters
        }
        return create_model(f"{self.name} arguments", __config__=ConfigDict(extra="forbid"), **fields)

    def parse(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Typed arguments from JSON values.

        Raises
        ------
        InvalidInput
            An argument is unknown, missing or of another type.
        """
        from pydantic import ValidationError

        try:
            parsed = self.arguments.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidInput(f"Argument {where!r} of {self.name!r} is not right: {first['msg']}.") from error
        return {name: getattr(parsed, name) for name in type(parsed).model_fields}


_OPERATIONS: dict[str, Operation] = {}


def register_service(owner: type) -> None:
    """Make every marked method of a service class known by its name."""
    for attribute, member in vars(owner).items():
        name = getattr(member, _NAME_ATTRIBUTE, None)
        if name is not None:
            _OPERATIONS[name] = Operation(name, owner, attribute)


def find(address: str) -> Operation:
    """The operation at an address `module:name`; its module is imported when it lies in `engine`.

    Raises
    ------
    InvalidInput
        There is none.
    """
    module, _, name = address.rpartition(":")
    if name not in _OPERATIONS and _MODULE.fullmatch(module):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(module)
    if name not in _OPERATIONS:
        raise InvalidInput(f"There is no operation {name[:80]!r}.", hint="Update the older of the two programs.")
    return _OPERATIONS[name]


def operation_of(function: Callable[..., Any]) -> Operation:
    """The operation that a marked method belongs to."""
    return _OPERATIONS[getattr(function, _NAME_ATTRIBUTE)]
