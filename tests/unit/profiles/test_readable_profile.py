import logging

import pytest

from app.engine.profile import Profile
from app.profiles.codec import encode_profile, readable_profile

KNOWN = Profile(first_ms=7, traits={"plan": "gold"})


def test_what_was_written_is_readable() -> None:
    assert readable_profile(encode_profile(KNOWN)) == KNOWN


@pytest.mark.parametrize("nothing", [None, b""])
def test_where_nothing_is_stored_nothing_is_read_and_nobody_is_alarmed(
    nothing: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert readable_profile(nothing) is None
    assert caplog.records == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"x",
        b"12345678",
        b"12345678\xc1",
        b"12345678\x93\x00\x00\x81\xa1\xff\x00",
        pytest.param(encode_profile(KNOWN)[:-1], id="cut"),
    ],
)
def test_what_can_never_be_read_counts_as_absent_and_is_logged(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert readable_profile(garbage) is None

    assert [
        f"a stored profile of {len(garbage)} bytes cannot be read" in text for text in caplog.messages
    ] == [True]


def test_even_nesting_without_end_is_survived() -> None:
    endless = b"12345678" + b"\x93\x00\x00\x81\xa1a" + b"\x91" * 100_000

    assert readable_profile(endless) is None
