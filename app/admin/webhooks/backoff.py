"""When a message that did not arrive is sent again; nothing is read or written here."""

from datetime import datetime, timedelta

FIRST_S, GROWTH, LONGEST_S = 5.0, 3.0, 6 * 3_600.0
GIVEN_UP_AFTER = timedelta(hours=24)


def next_attempt(attempts: int, since: datetime, now: datetime, chance: float) -> datetime | None:
    """Give the instant of the next attempt after so many; None once a day has passed `since` the first.

    After 5 s, 15 s, 45 s and so on, at most 6 h, each a quarter more or less by `chance` (from 0 to 1): those
    that failed together do not all come back together.
    """
    pause_s = min(FIRST_S * GROWTH ** min(attempts - 1, 20), LONGEST_S) * (0.75 + chance / 2)
    at = now + timedelta(seconds=pause_s)
    return at if at <= since + GIVEN_UP_AFTER else None
