"""The settings of a kind of model, read from the JSON schema of its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Shape(StrEnum):
    """What a setting takes; each shape has a control of its own."""

    YES_NO = "yes or no"
    CHOICE = "choice"
    CHOICES = "choices"
    WHOLE = "whole number"
    NUMBER = "number"
    TEXT = "text"
    TEXTS = "texts"
    GROUP = "group"
    OTHER = "other"


@dataclass(frozen=True)
class Setting:
    """One setting of a config.

    Parameters
    ----------
    name : str
        As the config calls it.
    title, about : str
        In words.
    low, high : float or None
        Bounds of a number; where a bound itself is not allowed, the config says so when it is used.
    options : sequence
        What a choice chooses from.
    nullable : bool
        Whether it may be left empty.
    parts : sequence of Setting
        Settings of a group.
    """

    name: str
    title: str
    about: str
    shape: Shape
    default: Any = None
    low: float | None = None
    high: float | None = None
    options: tuple[Any, ...] = ()
    nullable: bool = False
    parts: tuple[Setting, ...] = field(default=())


def settings_of(schema: Mapping[str, Any]) -> list[Setting]:
    """The settings that a config's JSON schema describes, in its order; the seed comes last."""
    found = _parts(schema, schema.get("$defs", {}))
    return sorted(found, key=lambda setting: setting.name == "seed")


def changes(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings whose values differ from those that the form started with.

    A group comes whole, since it replaces the one before.
    """
    return {name: value for name, value in values.items() if name not in base or base[name] != value}


def told_changes(settings: Sequence[Setting], base: Mapping[str, Any], changed: Mapping[str, Any]) -> list[str]:
    """The changes in words, such as `Neighbours 100 to 200`."""
    titles = {setting.name: setting.title for setting in settings}
    told: list[str] = []
    for name, value in changed.items():
        before = base.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            inner = {key: each for key, each in value.items() if before.get(key) != each}
            told += [f"{titled(key)} {_word(before.get(key))} to {_word(each)}" for key, each in inner.items()]
        else:
            told.append(f"{titles.get(name, titled(name))} {_word(before)} to {_word(value)}")
    return told


def titled(name: str) -> str:
    """A name as a label: `half_life_days` is `Half life days`."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _word(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return "on"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _parts(schema: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Setting, ...]:
    return tuple(_setting(name, raw, known) for name, raw in schema.get("properties", {}).items())


def _setting(name: str, raw: Mapping[str, Any], known: Mapping[str, Any]) -> Setting:
    described, nullable = _resolved(raw, known)
    shape = _shape(described)
    return Setting(
        name=name,
        title=_label(name, raw),
        about=str(raw.get("description", "")),
        shape=shape,
        default=raw.get("default"),
        low=described.get("minimum", described.get("exclusiveMinimum")),
        high=described.get("maximum", described.get("exclusiveMaximum")),
        options=_options(described),
        nullable=nullable,
        parts=_group(described, raw, known) if shape is Shape.GROUP else (),
    )


def _label(name: str, raw: Mapping[str, Any]) -> str:
    """The title that the config gives; pydantic's own, which is the name in capitals, reads worse than the name."""
    given = str(raw.get("title", ""))
    return titled(name) if not given or given.lower().replace(" ", "_") == name else given


def _resolved(raw: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema with references followed, and whether null is allowed beside it."""
    described = dict(raw)
    nullable = False
    offered = described.pop("anyOf", None)
    if offered is not None:
        real = [each for each in offered if each.get("type") != "null"]
        nullable = len(real) < len(offered)
        described = {**described, **(real[0] if len(real) == 1 else {})}
    while "$ref" in described or "allOf" in described:
        reference = described.pop("$ref", None) or described.pop("allOf")[0]["$ref"]
        described = {**known[str(reference).rsplit("/", 1)[-1]], **described}
    return described, nullable


def _shape(described: Mapping[str, Any]) -> Shape:
    if "enum" in described or "const" in described:
        return Shape.CHOICE
    match described.get("type"):
        case "boolean":
            return Shape.YES_NO
        case "integer":
            return Shape.WHOLE
        case "number":
            return Shape.NUMBER
        case "string":
            return Shape.TEXT
        case "array":
            inner = described.get("items", {})
            return Shape.CHOICES if "enum" in inner else Shape.TEXTS if inner.get("type") == "string" else Shape.OTHER
        case "object" if "properties" in described or _number_by_name(described):
            return Shape.GROUP
    return Shape.OTHER


def _number_by_name(described: Mapping[str, Any]) -> bool:
    inner = described.get("additionalProperties")
    return isinstance(inner, Mapping) and inner.get("type") in ("number", "integer")


def _options(described: Mapping[str, Any]) -> tuple[Any, ...]:
    inner = described.get("items", {}) if described.get("type") == "array" else described
    return tuple(inner.get("enum", ())) or ((inner["const"],) if "const" in inner else ())


def _group(described: Mapping[str, Any], raw: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Setting, ...]:
    if "properties" in described:
        return _parts(described, known)
    inner = described["additionalProperties"]
    return tuple(
        _setting(name, {**inner, "default": value}, known) for name, value in (raw.get("default") or {}).items()
    )
