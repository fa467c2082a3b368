"""Rows as Parquet, written a piece at a time."""

import io
from collections.abc import AsyncIterator
from typing import Any

from app.reporting.exports import Export, Kind


class _Sink(io.RawIOBase):
    """What is written and not yet taken. It knows how much there ever was, as a file does."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """Take what was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


async def parquet_of(export: Export) -> AsyncIterator[bytes]:
    """Write one row group for each piece; what is not read to its end is no Parquet file."""
    # It takes 40 MB and a quarter of a second to load, which no worker that nobody asks for this shall pay.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    sink, types = _Sink(), _types(pa)
    schema = pa.schema([(name, types[kind]) for name, kind in export.columns.items()])
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        async for rows in export.pieces:
            if rows:
                columns = zip(zip(*rows, strict=True), schema, strict=True)
                arrays = [pa.array(values, field.type) for values, field in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _types(pa: Any) -> dict[Kind, Any]:
    return {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "number": pa.float64(),
        "whole": pa.int32(),
        "flag": pa.bool_(),
        "instant": pa.timestamp("us", tz="UTC"),
    }
