"""Instants from the forms that attributes and operands have them in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.engine.instants import duration_from_now, fixed_instant, instant_of, microseconds_of

NEW_YEAR = 1_767_225_600_000_000
SECOND = 1_000_000


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2025-12-31T19:00:00-05:00",
        "2026-01-01T00:00:00.000000999Z",
        "2026-01-01T00:00:00",
        "2026-01-01",
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 1, 1),  # noqa: DTZ001 -- what an instant without an offset means is the point
        1_767_225_600_000,
        1_767_225_600_000.0,
    ],
)
def test_an_attribute_is_read_as_an_instant_from_each_of_its_forms(value: object) -> None:
    assert instant_of(value) == NEW_YEAR


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "soon", "2026", "2026-13-01", "2026-01-01T25:00:00Z", "0000-01-01T00:00:00Z"),
        *(
            "2026-01-01T00:00:00\ud800",
            "\ud800",
            "2026-01-01T00:00:00Z" + " " * 40,
            pytest.param("9" * 1_000_000, id="a million digits"),
        ),
        *([], {}, ["2026-01-01"], b"2026-01-01", timedelta(1)),
    ],
)
def test_what_is_no_instant_is_none(value: object) -> None:
    assert instant_of(value) is None


@pytest.mark.parametrize(("digits", "instant"), [(19, NEW_YEAR), (20, None)])
def test_the_text_of_an_instant_has_at_most_40_characters(digits: int, instant: int | None) -> None:
    assert instant_of(f"2026-01-01T00:00:00.{'0' * digits}Z") == instant


def test_microseconds_are_exact() -> None:
    assert microseconds_of(datetime.max.replace(tzinfo=UTC)) == 253_402_300_799_999_999
    assert instant_of("2026-01-01T00:00:00.000001Z") == NEW_YEAR + 1
    assert microseconds_of(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


@pytest.mark.parametrize("hours", [-23, 23])
def test_instants_at_the_ends_of_the_calendar_are_read(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))

    assert microseconds_of(datetime.min.replace(tzinfo=zone)) < 0
    assert microseconds_of(datetime.max.replace(tzinfo=zone)) > 0


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+01:00", "2026-01-01t00:00:00z"]
)
def test_an_operand_names_an_instant_with_its_offset(text: str) -> None:
    assert fixed_instant(text) == instant_of(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "20260101T000000Z",
        "2026-W01-1",
        "now",
        "-7d",
        "",
    ],
)
def test_an_operand_without_all_of_an_instant_names_none(text: str) -> None:
    assert fixed_instant(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("-7d", -604_800),
        ("+2h", 7_200),
        ("-30m", -1_800),
        ("-2w", -1_209_600),
        ("+1s", 1),
        ("-0d", 0),
        ("+007d", 604_800),
        ("-36500d", -36_500 * 86_400),
        ("+3153600000s", 36_500 * 86_400),
    ],
)
def test_a_duration_counts_from_now(text: str, seconds: int) -> None:
    assert duration_from_now(text) == seconds * SECOND


@pytest.mark.parametrize(
    "text",
    [
        "7d",
        "-7",
        "-d",
        "--7d",
        "-7 d",
        "-7D",
        "-1.5h",
        "-7y",
        "-36501d",
        "+3153600001s",
        "+9999999999w",
        "-\u0661d",
        "",
        "-7d\n",
    ],
)
def test_what_is_no_duration_counts_nothing(text: str) -> None:
    assert duration_from_now(text) is None
