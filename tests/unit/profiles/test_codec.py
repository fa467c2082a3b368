"""Profiles as bytes."""

import msgspec
import pytest

from app.engine.profile import ArmHeld, Counter, Profile, StageHeld
from app.profiles.codec import ABSENT, VERSION_BYTES, decode_profile, encode_profile, version_of

FULL = Profile(
    first_ms=1,
    last_event_ms=2,
    traits={"plan": {"tier": "gold"}, "größe": [1, None, True, 0.5]},
    counters={
        "v": Counter(3, 1, 2, [1, 2], {9: 4}, {"value": 0.1}, {"note": "é"}, {"o": 1}),
        "x": Counter(1),
    },
    stages={"purchase": StageHeld("decision", 2)},
    arms={"hero-copy": ArmHeld("treatment", 1, 2)},
    traits_ms=3,
)


@pytest.mark.parametrize("profile", [Profile(), FULL])
def test_a_profile_comes_back_as_it_was(profile: Profile) -> None:
    assert decode_profile(encode_profile(profile)) == profile


def test_a_profile_of_a_version_that_knew_less_is_read() -> None:
    written = msgspec.msgpack.decode(encode_profile(Profile(traits={"plan": "gold"}))[VERSION_BYTES:])

    assert decode_profile(b"x" * VERSION_BYTES + msgspec.msgpack.encode(written[:-1])) == Profile(
        traits={"plan": "gold"}
    )


def test_every_writing_has_a_version_of_its_own() -> None:
    versions = {version_of(encode_profile(FULL)) for _ in range(1_000)}

    assert len(versions) == 1_000
    assert {len(version) for version in versions} == {VERSION_BYTES}
    assert ABSENT not in versions


def test_nothing_has_the_version_of_nothing() -> None:
    assert version_of(ABSENT) == ABSENT


def test_a_stranger_takes_few_bytes() -> None:
    assert len(encode_profile(Profile())) <= VERSION_BYTES + 14


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"short",
        b"x" * VERSION_BYTES,
        b"x" * VERSION_BYTES + b"\xc1",
        b"x" * VERSION_BYTES + msgspec.msgpack.encode({"first_ms": 1}),
        b"x" * VERSION_BYTES + msgspec.msgpack.encode([1, 2, {}, {"v": ["many"]}]),
        b"x" * VERSION_BYTES + b"\x91\xa1\xff",
        b"x" * VERSION_BYTES + b"\x93\x01\x02\x81\xa1\xff\x01",
        b"x" * VERSION_BYTES + b"\x93\x01\x02\x81\xa1a" + b"\x91" * 100_000,
        encode_profile(FULL)[:-1],
        encode_profile(FULL) + b"\x00",
    ],
)
def test_bytes_that_are_not_ours_are_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_profile(body)


def test_garbage_never_raises_anything_else() -> None:
    good = encode_profile(FULL)
    for position in range(VERSION_BYTES, len(good)):
        for byte in (0x00, 0x7F, 0x81, 0x9F, 0xC1, 0xD9, 0xFF):
            read(good[:position] + bytes([byte]) + good[position + 1 :])
    for length in range(200):
        read(bytes(length * 37 + n * 101 & 0xFF for n in range(length)))


def read(body: bytes) -> Profile | None:
    try:
        return decode_profile(body)
    except msgspec.DecodeError:
        return None
