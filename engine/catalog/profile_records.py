"""What a table looks like: the records of a profile."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Verdict = Literal["steady", "shifted", "changed"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Bin(_Record):
    """Rows with `low <= value < high`; the last bin holds its end, too. Times are ISO 8601."""

    low: float | str
    high: float | str
    rows: int


class TopValue(_Record):
    """A frequent value and its share of the rows that have one."""

    value: str
    rows: int
    share: float


class Drift(_Record):
    """How a column moved since the parent snapshot.

    `psi` is the population stability index over the parent's deciles or its top values, `ks` the largest
    distance of the two distribution functions (numbers only), `told` the verdict in a sentence. Times and
    ids have none: they always move on.
    """

    psi: float
    ks: float | None
    verdict: Verdict
    told: str


class ColumnProfile(_Record):
    """One column; numbers and times have a range and a histogram, all else its top values."""

    name: str
    kind: str
    rows: int
    nulls: int
    distinct: int
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | str | None = None
    quantiles: dict[str, float | str] = {}
    histogram: tuple[Bin, ...] = ()
    top: tuple[TopValue, ...] = ()
    drift: Drift | None = None


class JoinCheck(_Record):
    """Whether the values of a column join their table, with up to 5 that do not."""

    column: str
    target: str
    rows: int
    lost: int
    examples: tuple[str, ...] = ()


class TableProfile(_Record):
    """A table of a snapshot; `against` is the parent that drift was measured against."""

    number: int
    table: str
    rows: int
    against: int | None
    columns: tuple[ColumnProfile, ...]
    joins: tuple[JoinCheck, ...]
