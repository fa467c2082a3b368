"""A user and a device whose profiles become one, under rules that ask for much of what is counted."""

from app.engine.profile import Profile
from app.engine.records import Record
from app.kit.clock import ms_of
from app.profiles.merge import joined
from tests.builders import MINUTE, NOW, event, journey, ruleset, segment

NOW_MS = ms_of(NOW)
RULES = ruleset(
    segments=[
        segment(
            "asks",
            {
                "events.v.count_7d": 1,
                "events.v.count_since_o": 1,
                "events.v.sum_value": 1,
                "events.v.last_value": 1,
                "events.w.count_since_o": 1,
            },
        )
    ],
    journeys=[journey("first", {"key": "second", "when": {"events.v.count": {"$gte": 3}}})],
)


def together(user: Profile, device: Profile) -> Profile:
    return joined(user, device, NOW_MS, RULES)[0]


def views(*minutes: int, value: float = 1) -> list[Record]:
    return [event("v", NOW + n * MINUTE, value=value) for n in minutes]
