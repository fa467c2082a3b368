"""Profiles as bytes: a version that changes with every write, then the state in MessagePack."""

import logging
import os

import msgspec

from app.engine.profile import Profile

VERSION_BYTES = 8
# A cache that holds nothing of a visitor has this version.
ABSENT = b""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Profile)

_log = logging.getLogger(__name__)


def encode_profile(profile: Profile) -> bytes:
    """Write a profile under a new random version, so that a stale writer can never take it for its own."""
    return os.urandom(VERSION_BYTES) + _encoder.encode(profile)


def decode_profile(body: bytes) -> Profile:
    """Read a profile; raises msgspec.DecodeError where the bytes are not one of ours."""
    try:
        return _decoder.decode(memoryview(body)[VERSION_BYTES:])
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def version_of(body: bytes) -> bytes:
    """Tell the version of stored bytes."""
    return body[:VERSION_BYTES]


def readable_profile(body: bytes | None) -> Profile | None:
    """Read a profile; None where nothing is stored, or nothing that could ever be read."""
    if not body:
        return None
    try:
        return decode_profile(body)
    except msgspec.DecodeError as error:
        # Whoever waited for it to become readable would wait for ever.
        _log.error("a stored profile of %s bytes cannot be read: %s", len(body), error)
        return None
