"""Typed columns as numbers and category codes; learned from training rows, stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import CorruptArtifact
from engine.estimators.tabular import text
from engine.estimators.tabular.rows import Column, Kind, nothing
from engine.estimators.tabular.text import TextBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.estimators.tabular.data import TabularData

Role = Literal["number", "flag", "category", "time", "text"]

MISSING, OTHER = 0, 1
MOST_LEVELS = 200
_DAY = np.timedelta64(1, "D")
_KIND: dict[Role, Kind] = {"number": "number", "flag": "flag", "category": "words", "time": "time", "text": "words"}


@dataclass(frozen=True)
class Encoded:
    """Rows as arrays.

    Parameters
    ----------
    numbers : ndarray of float32, shape (n_rows, n_numbers)
        NaN where a value is absent.
    codes : ndarray of int32, shape (n_rows, n_categories)
        0 for absent, 1 for unknown or rare, then the levels.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: NDArray[Any]) -> Encoded:
        """Some of the rows."""
        return Encoded(self.numbers[rows], self.codes[rows])


class Feature(BaseModel):
    """How one column is encoded; `levels` are a category's known values, most frequent first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    role: Role
    levels: list[str] = Field(default=[], max_length=MOST_LEVELS)
    text: TextBlock | None = None

    @property
    def kind(self) -> Kind:
        """The kind of column that it reads."""
        return _KIND[self.role]

    @property
    def absent(self) -> Any:
        """What stands for an absent value."""
        return nothing(self.kind)


class Encoder(BaseModel):
    """The encoding of all columns of a model.

    Parameters
    ----------
    time_name : str
        The column with the row's own moment; other times become ages at that moment.
    reference : float
        Days since 1970 that ages are told against where a row has no moment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: list[Feature]
    time_name: str = ""
    reference: float = 0.0

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [feature.name for feature in self.features]
        if len(set(names)) < len(names) or any(len(set(f.levels)) < len(f.levels) for f in self.features):
            raise ValueError("names and levels are distinct")
        return self

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The encoder that `model_dump(mode="json")` wrote.

        Raises
        ------
        CorruptArtifact
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise CorruptArtifact("The stored encoder is not one.", hint="Load another version.") from error

    @property
    def categories(self) -> list[Feature]:
        """The features with codes."""
        return [feature for feature in self.features if feature.role == "category"]

    @property
    def sizes(self) -> list[int]:
        """Codes of each category."""
        return [len(feature.levels) + 2 for feature in self.categories]

    @property
    def number_names(self) -> list[str]:
        """Names of the numbers, such as `orders.time: month`."""
        return [name for feature in self.features for name in _names(feature, self.time_name)]

    def encode(self, columns: Mapping[str, Column]) -> Encoded:
        """Rows as arrays; a column that is not given is absent in all of them.

        Parameters
        ----------
        columns : mapping of str to Column, shape (n_rows,) each
            At least one.
        """
        count = len(next(iter(columns.values())).values)
        given = {feature.name: columns.get(feature.name) or _absent(feature, count) for feature in self.features}
        blocks = [self._numbers(feature, given) for feature in self.features if feature.role != "category"]
        codes = [_codes(feature, given[feature.name]) for feature in self.categories]
        return Encoded(
            np.hstack([np.zeros((count, 0)), *blocks]).astype(np.float32),
            np.column_stack([np.zeros((count, 0), dtype=np.int32), *codes]).astype(np.int32),
        )

    def _numbers(self, feature: Feature, given: Mapping[str, Column]) -> NDArray[np.float64]:
        values = given[feature.name].values
        if feature.role == "text":
            return _text(feature, values)
        if feature.role != "time":
            return np.asarray(values, dtype=np.float64)[:, None]
        if feature.name == self.time_name:
            return _calendar(values)
        return np.column_stack([self._age(values, given), _calendar(values)[:, 0]])

    def _age(self, values: NDArray[Any], given: Mapping[str, Column]) -> NDArray[np.float64]:
        """Days from a time to the row's own."""
        now = np.full(len(values), self.reference)
        if self.time_name in given:
            now = np.where(np.isnat(given[self.time_name].values), now, _days(given[self.time_name].values))
        return now - _days(values)


def learn(data: TabularData, roles: Mapping[str, Role], *, rare: int, words: bool, seed: int) -> Encoder:
    """The encoding that training rows call for.

    Parameters
    ----------
    roles : mapping of str to Role
        The columns to use.
    rare : int
        Rows below which a level is one of the others.
    words : bool
        Whether words of text columns are used, not only their length.
    """
    features = []
    for name, role in roles.items():
        levels = _levels(data.columns[name], rare) if role == "category" else []
        block = text.learned(_distinct(data.columns[name].values), seed) if role == "text" and words else None
        features.append(Feature(name=name, role=role, levels=levels, text=block))
    moments = [data.columns[name].values for name, role in roles.items() if role == "time"]
    newest = max((_days(values[~np.isnat(values)]).max(initial=0.0) for values in moments), default=0.0)
    time_name = data.time_name if roles.get(data.time_name) == "time" else ""
    return Encoder(features=features, time_name=time_name, reference=float(newest))


def _levels(column: Column, rare: int) -> list[str]:
    names, counts = np.unique(column.values[column.present].astype(str), return_counts=True)
    order = np.lexsort((names, -counts))
    return [str(names[place]) for place in order if counts[place] >= rare][:MOST_LEVELS]


def _distinct(values: NDArray[Any]) -> list[str]:
    return sorted({value for value in values if value is not None})


def _absent(feature: Feature, count: int) -> Column:
    dtype = np.float64 if feature.role in ("number", "flag") else "datetime64[us]" if feature.role == "time" else object
    return Column(feature.kind, np.full(count, feature.absent, dtype=dtype))


def _codes(feature: Feature, column: Column) -> NDArray[np.int32]:
    import pandas as pd

    places, distinct = pd.factorize(column.values)
    known = {level: place + 2 for place, level in enumerate(feature.levels)}
    table = np.array([*(known.get(value, OTHER) for value in distinct), MISSING], dtype=np.int32)
    found: NDArray[np.int32] = table[places]
    return found


def _text(feature: Feature, values: NDArray[Any]) -> NDArray[np.float64]:
    """Length in characters and words, and topics; each distinct text is read once."""
    import pandas as pd

    places, distinct = pd.factorize(values)
    texts = [str(value) for value in distinct]
    found = np.array([[len(value), len(value.split())] for value in texts], dtype=np.float64).reshape(-1, 2)
    if feature.text is not None:
        topics = feature.text.of(texts) if texts else np.zeros((0, len(feature.text.components)))
        found = np.hstack([found, topics])
    told: NDArray[np.float64] = np.vstack([found, np.full(found.shape[1], np.nan)])[places]
    return told


def _calendar(values: NDArray[Any]) -> NDArray[np.float64]:
    """Month 1 to 12, day of month, weekday from Monday 0, hour."""
    absent = np.isnat(values)
    filled = np.where(absent, np.datetime64(0, "us"), values)
    day, month = filled.astype("datetime64[D]"), filled.astype("datetime64[M]")
    parts = np.column_stack(
        [
            month.astype(np.int64) % 12 + 1,
            (day - month.astype("datetime64[D]")).astype(np.int64) + 1,
            (day.astype(np.int64) + 3) % 7,
            (filled - day).astype("timedelta64[h]").astype(np.int64),
        ]
    ).astype(np.float64)
    parts[absent] = np.nan
    return parts


def _days(values: NDArray[Any]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (values - np.datetime64(0, "us")) / _DAY
    return found


def _names(feature: Feature, time_name: str) -> list[str]:
    if feature.role == "category":
        return []
    if feature.role in ("number", "flag"):
        return [feature.name]
    if feature.role == "time":
        parts = ["month", "day", "weekday", "hour"] if feature.name == time_name else ["age in days", "month"]
    else:
        topics = 0 if feature.text is None else len(feature.text.components)
        parts = ["characters", "words", *(f"topic {number + 1}" for number in range(topics))]
    return [f"{feature.name}: {part}" for part in parts]
