"""Values as PostgreSQL's binary COPY takes them, each behind its length."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import lru_cache
from struct import Struct
from struct import error as _OutOfRange  # noqa: N812 - named for what is the case, as its readers meet it
from typing import Any

import msgspec

# PostgreSQL counts microseconds from 2000 on.
_POSTGRES_EPOCH_MS = 946_684_800_000
# What Python can tell as an instant, the years 1 to 9999: whoever reads the row must be able to.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_TEXT_OID = 25
_UUID_BYTES = 16
_ROWS_A_PIECE = 250

_pack_length = Struct(">i").pack
_pack_instant = Struct(">iq").pack
_pack_integer = Struct(">ii").pack
_pack_small = Struct(">ih").pack
_pack_array = Struct(">iiiii").pack
_encode_json = msgspec.json.Encoder().encode

_TRUE, _FALSE = b"\0\0\0\1\1", b"\0\0\0\1\0"


async def copied(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Write rows as the body of one COPY, in pieces: PostgreSQL works on one while the next is written."""
    piece = [_SIGNATURE]
    for row in rows:
        piece.append(row)
        if len(piece) >= _ROWS_A_PIECE:
            yield b"".join(piece)
            piece = []
            # An event loop may send nothing before its next turn.
            await asyncio.sleep(0)
    yield b"".join((*piece, _TRAILER))


def raw(data: bytes) -> bytes:
    """Write a bytea."""
    return _pack_length(len(data)) + data


def text(value: str) -> bytes:
    """Write a text that few rows share."""
    data = value.encode()
    return _pack_length(len(data)) + data


@lru_cache(4_096)
def name(value: str | None) -> bytes:
    """Write a text that many rows share; None is null."""
    return _NULL if value is None else text(value)


@lru_cache(1_024)
def names(values: Sequence[str]) -> bytes:
    """Write an array of texts that many rows share."""
    if not values:
        return raw(b"".join(map(_pack_length, (0, 0, _TEXT_OID))))
    head = _pack_array(1, 0, _TEXT_OID, len(values), 1)
    return raw(head + b"".join(map(text, values)))


def document(value: dict[str, Any]) -> bytes:
    """Write a jsonb; the first byte is the version of its format."""
    data = _encode_json(value)
    return _pack_length(len(data) + 1) + b"\1" + data


@lru_cache(64)
def flags(*values: bool) -> bytes:
    """Write booleans, a column each."""
    return b"".join(_TRUE if value else _FALSE for value in values)


@lru_cache(1_024)
def integer(value: int) -> bytes:
    """Write an integer of four bytes that many rows share; raises OverflowError."""
    try:
        return _pack_integer(4, value)
    except _OutOfRange as error:
        raise OverflowError(f"{value} does not fit into four bytes") from error


@lru_cache(1_024)
def small(value: int) -> bytes:
    """Write an integer of two bytes that many rows share; raises OverflowError."""
    try:
        return _pack_small(2, value)
    except _OutOfRange as error:
        raise OverflowError(f"{value} does not fit into two bytes") from error


def uuid(value: str) -> bytes:
    """Write a UUID; raises ValueError where the text is none."""
    data = bytes.fromhex(value.replace("-", ""))
    if len(data) != _UUID_BYTES:
        raise ValueError(f"{value!r} is no UUID")
    return b"\0\0\0\x10" + data


def instant(ms: int) -> bytes:
    """Write milliseconds since 1970 UTC as a timestamptz; raises OverflowError outside of years 1 to 9999."""
    if not _FIRST_MS <= ms <= _LAST_MS:
        raise OverflowError(f"{ms} ms since 1970 is no instant that can be told")
    return _pack_instant(8, (ms - _POSTGRES_EPOCH_MS) * 1_000)
