"""Records as bytes: each in a frame that says how long it is and whether it is whole."""

from collections.abc import Iterator
from contextlib import suppress
from struct import Struct
from zlib import crc32 as crc32_of

import msgspec

from app.engine.records import Record

# Payload length, then CRC-32 of the payload, both big-endian.
_HEADER = Struct(">II")
_HEADER_BYTES = _HEADER.size
# A length below 2^24 starts with a zero byte. JSON has none, so no part of a payload can be a frame.
PAYLOAD_LIMIT = 2**24 - 1

# How every payload starts.
_OPENING = b'{"kind":'

_encoder = msgspec.json.Encoder()
_decode = msgspec.json.Decoder(Record).decode


class CorruptFrame(ValueError):  # noqa: N818 - named for what is the case, as the reader meets it
    """The bytes at `offset` are no frame, whatever may still follow them."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"no frame at byte {offset}: {why}")
        self.offset = offset


def encode_frame(record: Record) -> bytes:
    """Write one record as a frame; raises ValueError where it is over `PAYLOAD_LIMIT` or is no JSON."""
    try:
        payload = _encoder.encode(record)
    except RecursionError as error:
        raise ValueError("a record is nested too deeply for the journal") from error
    if len(payload) > PAYLOAD_LIMIT:
        raise ValueError(f"a record of {len(payload)} bytes is over the journal's limit of {PAYLOAD_LIMIT}")
    return _HEADER.pack(len(payload), crc32_of(payload)) + payload


def read_frames(data: bytes, start: int = 0) -> Iterator[tuple[Record, int]]:
    """Yield each record with the offset after its frame, up to the end or a frame that is not all there yet.

    Raises:
        CorruptFrame: where bytes stand that no writer of ours can have left, even half-way.

    """
    # All that is ever stored comes through here: what is a global name elsewhere is a local one.
    view, size, unpack, crc32, decode = memoryview(data), len(data), _HEADER.unpack_from, crc32_of, _decode
    while (begin := start + _HEADER_BYTES) <= size:
        length, checksum = unpack(data, start)
        # Zeros are what a file system may leave after a power cut, and the CRC-32 of nothing is zero.
        if not 0 < length <= PAYLOAD_LIMIT:
            raise CorruptFrame(start, f"its length is {length}")
        end = begin + length
        if size < end:
            return
        payload = view[begin:end]
        if crc32(payload) != checksum:
            raise CorruptFrame(start, "its checksum differs")
        try:
            record = decode(payload)
        except (ValueError, RecursionError) as error:
            raise CorruptFrame(start, str(error)) from error
        yield record, end
        start = end


def find_frame(data: bytes, start: int) -> int | None:
    """Find the next offset from `start` on at which a whole frame stands, to go on behind damage."""
    while (payload := data.find(_OPENING, start + _HEADER_BYTES)) >= 0:
        start = payload - _HEADER_BYTES
        with suppress(CorruptFrame):
            if next(read_frames(data, start), None) is not None:
                return start
        start += 1
    return None
