"""Tables as Parquet parts in the artifact store."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.artifacts import ArtifactStore
from engine.catalog.dataset import Dataset
from engine.catalog.records import Part, SnapshotInfo
from engine.catalog.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS = 131_072


def write_part(artifacts: ArtifactStore, table: pa.Table) -> Part:
    """Store a table; equal tables give the same digest."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    whole = table.combine_chunks()
    pq.write_table(whole, sink, compression="zstd", row_group_size=_GROUP_ROWS, write_statistics=True)
    return Part(digest=artifacts.put_blob(sink.getvalue()), rows=table.num_rows)


def read_part(artifacts: ArtifactStore, part: Part) -> pa.Table:
    """A stored table, its digest checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(artifacts.read_blob(part.digest)))


def dataset_of(artifacts: ArtifactStore, snapshot: SnapshotInfo | None) -> Dataset:
    """The tables of a snapshot; an empty dataset for none."""
    if snapshot is None:
        return Dataset({}, None)
    files = {Table(name): [artifacts.path(part.digest) for part in parts] for name, parts in snapshot.tables.items()}
    return Dataset(files, snapshot.number)


def manifest(tables: Mapping[str, tuple[Part, ...]], quarantine: tuple[Part, ...]) -> dict[str, object]:
    """The part lists as the snapshot event keeps them."""
    return {
        "tables": {name: [part.model_dump() for part in parts] for name, parts in tables.items() if parts},
        "quarantine": [part.model_dump() for part in quarantine],
    }
