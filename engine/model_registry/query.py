"""The registry's search language, compiled to SQL with parameters.

    metrics.ndcg_at_10 > 0.01 and tags.season = 'SS26'
    stage in (production, staging) and not author = 'setup'
    created >= 2026-11-01 and "linen dress"

A bare word or a quoted text searches names, descriptions and tags. `and` binds tighter than `or`;
`not` and parentheses work as usual. Operators: `=`, `!=`, `<`, `<=`, `>`, `>=`, `in (...)`, and `~`
for "contains, in any case".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.errors import InvalidInput

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<op><=|>=|!=|=|<|>|~)|(?P<mark>[(),])|(?P<word>[^\s()'",<>=!~]+))"""
)
_COMPARISONS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LONGEST = 2_000
_DEEPEST = 40

TEXT_FIELDS = {
    "model": "v.model",
    "version": "v.version",
    "kind": "m.kind",
    "shop": "m.shop",
    "stage": "v.stage",
    "framework": "v.framework",
    "author": "v.created_by",
    "description": "v.description",
    "run": "v.run_id",
    "job": "json_extract_string(v.lineage, '$.job_id')",
    "code": "json_extract_string(v.lineage, '$.code_version')",
}
NUMBER_FIELDS = {"snapshot": "CAST(json_extract_string(v.lineage, '$.snapshot') AS BIGINT)"}
TIME_FIELDS = {"created": "v.created_at"}
GROUPS = ("metrics", "tags", "params")


@dataclass(frozen=True)
class Condition:
    """A WHERE clause over `versions v JOIN models m`, with its positional parameters."""

    sql: str
    parameters: list[Any] = field(default_factory=list)


def compile_query(text: str) -> Condition:
    """The condition that a search text stands for; an empty text means everything.

    Raises
    ------
    InvalidInput
        The text does not follow the language; the message shows where and what was expected.
    """
    if len(text) > _LONGEST:
        raise InvalidInput(f"The search has {len(text):,} characters.", f"It may have {_LONGEST:,}.")
    tokens = _tokens(text)
    return _Parser(tokens).whole() if tokens else Condition("TRUE")


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str
    place: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _unreadable(text[place:].strip()[:20], place, "a quoted text has an end, and an operator two sides")
        kind = match.lastgroup
        raw = match.group(kind)
        tokens.append(_Token(kind, raw[1:-1] if kind == "text" else raw, match.start(kind)))
        place = match.end()
    return tokens


class _Parser:
    """Recursive descent; every method returns the condition of what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        condition = self._any()
        if (token := self._peek()) is not None:
            raise _unreadable(token.value, token.place, "'and', 'or', or the end")
        return condition

    def _any(self) -> Condition:
        return self._joined("or", self._all)

    def _all(self) -> Condition:
        return self._joined("and", self._one)

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._take_word(word) or (word == "and" and self._starts_another()):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return Condition(
            "(" + f" {word.upper()} ".join(p.sql for p in parts) + ")", [value for p in parts for value in p.parameters]
        )

    def _starts_another(self) -> bool:
        """Two conditions side by side mean `and`."""
        token = self._peek()
        return token is not None and token.value not in (")", ",") and not self._is_word(token, "or")

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidInput("The search is nested too deeply.", f"It may be nested {_DEEPEST} times.")
        try:
            if self._take_word("not"):
                inner = self._one()
                return Condition(f"NOT ({inner.sql})", inner.parameters)
            if self._take("("):
                inner = self._any()
                self._need(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        token = self._next("a field or a text")
        follower = self._peek()
        if token.kind == "text" or follower is None or not (follower.kind == "op" or self._is_word(follower, "in")):
            if token.kind == "op" or token.kind == "mark":
                raise _unreadable(token.value, token.place, "a field or a text")
            return _free_text(token.value)
        if self._take_word("in"):
            return _in_list(token, self._list())
        operator = self._next("an operator").value
        value = self._next("a value")
        if value.kind in ("op", "mark"):
            raise _unreadable(value.value, value.place, "a value")
        return _compare(token, operator, value.value)

    def _list(self) -> list[str]:
        self._need("(")
        values = [self._next("a value").value]
        while self._take(","):
            values.append(self._next("a value").value)
        self._need(")")
        return values

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, expected: str) -> _Token:
        token = self._peek()
        if token is None:
            raise InvalidInput("The search ends too early.", f"Expected {expected}.", _EXAMPLE)
        self._at += 1
        return token

    def _take(self, mark: str) -> bool:
        token = self._peek()
        taken = token is not None and token.kind == "mark" and token.value == mark
        self._at += taken
        return taken

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            token = self._peek()
            raise _unreadable(token.value if token else "the end", token.place if token else -1, f"'{mark}'")

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        taken = token is not None and self._is_word(token, word)
        self._at += taken
        return taken

    @staticmethod
    def _is_word(token: _Token, word: str) -> bool:
        return token.kind == "word" and token.value.lower() == word


_EXAMPLE = "Such as: metrics.ndcg_at_10 > 0.01 and tags.season = 'SS26'"


def _compare(name: _Token, operator: str, value: str) -> Condition:
    group, _, key = name.value.partition(".")
    if group == "metrics" and key:
        return _metric(key, operator, value)
    if group in ("tags", "params") and key:
        column = f"json_extract_string(v.{group}, ?)"
        return _typed(column, [_json_path(key)], operator, value)
    if name.value == "alias":
        return _alias(operator, value)
    if name.value in NUMBER_FIELDS:
        return _ordered(NUMBER_FIELDS[name.value], [], operator, _number(value, name.value))
    if name.value in TIME_FIELDS:
        return _ordered(TIME_FIELDS[name.value], [], operator, _time(value))
    if name.value == "version" and operator in ("<", "<=", ">", ">="):
        return _version_order(operator, value)
    if name.value in TEXT_FIELDS:
        return _text(TEXT_FIELDS[name.value], [], operator, value, name.value)
    raise _unknown_field(name)


def _in_list(name: _Token, values: list[str]) -> Condition:
    parts = [_compare(name, "=", value) for value in values]
    return Condition("(" + " OR ".join(p.sql for p in parts) + ")", [value for p in parts for value in p.parameters])


def _metric(key: str, operator: str, value: str) -> Condition:
    found = _ordered("x.value", [], operator, _number(value, f"metrics.{key}"))
    return Condition(
        # The pieces are constants of this module; every value travels as a parameter.
        f"EXISTS (SELECT 1 FROM version_metrics x WHERE x.model = v.model AND x.version = v.version AND x.metric = ? AND {found.sql})",  # noqa: S608
        [key, *found.parameters],
    )


def _typed(column: str, before: list[Any], operator: str, value: str) -> Condition:
    """Text by equality, and as a number where an order is asked for."""
    if operator in ("<", "<=", ">", ">="):
        return _ordered(f"TRY_CAST({column} AS DOUBLE)", before, operator, _number(value, "this field"))
    return _text(column, before, operator, value, "this field")


def _text(column: str, before: list[Any], operator: str, value: str, name: str) -> Condition:
    if operator == "~":
        return Condition(f"contains(lower(coalesce({column}, '')), ?)", [*before, value.lower()])
    if operator not in ("=", "!="):
        raise InvalidInput(f"{name!r} cannot be compared with {operator!r}.", "It takes =, !=, ~ and in (...).")
    equal = "IS NOT DISTINCT FROM" if operator == "=" else "IS DISTINCT FROM"
    return Condition(f"{column} {equal} ?", [*before, value])


def _ordered(column: str, before: list[Any], operator: str, value: Any) -> Condition:
    if operator not in _COMPARISONS:
        raise InvalidInput(f"Numbers and times cannot be compared with {operator!r}.", "They take =, !=, <, <=, >, >=.")
    return Condition(f"{column} {_COMPARISONS[operator]} ?", [*before, value])


def _alias(operator: str, value: str) -> Condition:
    inner = _text("a.alias", [], "=" if operator == "!=" else operator, value, "alias")
    exists = f"EXISTS (SELECT 1 FROM aliases a WHERE a.model = v.model AND a.version = v.version AND {inner.sql})"  # noqa: S608
    return Condition(f"NOT {exists}" if operator == "!=" else exists, inner.parameters)


def _version_order(operator: str, value: str) -> Condition:
    from engine.model_registry import semver

    return Condition(f"v.sort_key {_COMPARISONS[operator]} ?", [semver.sort_key(value)])


def _free_text(text: str) -> Condition:
    haystack = "lower(concat_ws(' ', v.model, v.version, v.description, v.tags, v.created_by, m.kind, v.framework))"
    return Condition(f"contains({haystack}, ?)", [text.lower()])


def _json_path(key: str) -> str:
    return '$."' + key.replace('"', "") + '"'


def _number(value: str, name: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InvalidInput(f"{name!r} is compared with {value[:40]!r}.", "It is a number.", _EXAMPLE) from error


def _time(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput(f"'created' is compared with {value[:40]!r}.", "It is a day such as 2026-11-24.") from error
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _unknown_field(name: _Token) -> InvalidInput:
    known = [*TEXT_FIELDS, *NUMBER_FIELDS, *TIME_FIELDS, "alias", *(f"{group}.NAME" for group in GROUPS)]
    return InvalidInput(f"There is no field {name.value[:60]!r}.", f"Fields are: {', '.join(known)}.", _EXAMPLE)


def _unreadable(found: str, place: int, expected: str) -> InvalidInput:
    where = f" at character {place + 1}" if place >= 0 else ""
    return InvalidInput(f"The search cannot be read: found {found[:40]!r}{where}.", f"Expected {expected}.", _EXAMPLE)
