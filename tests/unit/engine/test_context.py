"""What a request says of itself."""

from zoneinfo import ZoneInfo

import pytest

from app.engine.context import ZONE, with_clock
from tests.builders import instant

LONDON, TOKYO, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


def test_what_was_given_is_answered() -> None:
    context = with_clock(
        {"country": "DE", "utm": {"source": "mail"}}, instant("2026-03-10T12:00:00Z"), LONDON
    )

    assert context.get("country") == "DE"
    assert context.get("utm") == {"source": "mail"}


@pytest.mark.parametrize(
    ("at", "zone", "hour", "weekday"),
    [
        ("2026-03-10T12:00:00Z", LONDON, 12, 2),
        ("2026-03-10T23:59:59Z", TOKYO, 8, 3),
        ("2026-03-09T02:00:00Z", NEW_YORK, 22, 7),
        ("2026-03-10T12:00:00+09:00", LONDON, 3, 2),
        ("2026-03-29T00:59:59Z", LONDON, 0, 7),
        ("2026-03-29T01:00:00Z", LONDON, 2, 7),
        ("2026-10-25T00:59:59Z", LONDON, 1, 7),
        ("2026-10-25T01:00:00Z", LONDON, 1, 7),
        ("2026-10-25T02:00:00Z", LONDON, 2, 7),
    ],
)
def test_hour_and_weekday_are_those_of_the_sites_clock(
    at: str, zone: ZoneInfo, hour: int, weekday: int
) -> None:
    context = with_clock({}, instant(at), zone)

    assert (context.get("hour"), context.get("weekday")) == (hour, weekday)


def test_the_visitors_own_time_zone_comes_first() -> None:
    context = with_clock({ZONE: TOKYO, "timezone": "Asia/Tokyo"}, instant("2026-03-10T20:00:00Z"), LONDON)

    assert (context.get("hour"), context.get("weekday")) == (5, 3)


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo", 9])
def test_a_zone_that_is_none_leaves_the_sites_clock(zone: object) -> None:
    assert with_clock({ZONE: zone}, instant("2026-03-10T20:00:00Z"), LONDON).get("hour") == 20


def test_nobody_can_give_another_hour() -> None:
    given = {"hour": 3, "weekday": 6}
    context = with_clock(given, instant("2026-03-10T20:00:00Z"), LONDON)

    assert (context.get("hour"), context.get("weekday")) == (20, 2)
