from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.kit.clock import EPOCH, instant_of, ms_of, now, rfc3339_of


def test_now_is_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("instant", "ms"),
    [
        (EPOCH, 0),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 1_774_746_000_000),
        (datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=2))), 1_774_746_000_000),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), -1),
    ],
)
def test_an_instant_is_its_milliseconds_since_1970(instant: datetime, ms: int) -> None:
    assert ms_of(instant) == ms
    assert instant_of(ms) == instant


@pytest.mark.parametrize("microseconds", [0, 1, 999])
def test_parts_of_a_millisecond_are_dropped(microseconds: int) -> None:
    assert ms_of(EPOCH + timedelta(milliseconds=5, microseconds=microseconds)) == 5


def test_rfc_3339_has_milliseconds_and_ends_in_z() -> None:
    assert rfc3339_of(1_774_746_000_007) == "2026-03-29T01:00:00.007Z"
