from typing import Any

import pytest

from app.admin.profiles.telling import tell
from app.engine.profile import ArmHeld, ConsentHeld, Counter, Profile, StageHeld, StageMove

MARCH = 1_772_323_200_000
TOLD = "2026-03-01T00:00:00Z"

ORDERS = Counter(
    count=2,
    first_ms=MARCH,
    last_ms=MARCH,
    recent=[MARCH, MARCH],
    sums={"value": 9.5},
    latest={"currency": "EUR"},
    since={"page_viewed": 1},
)
TOLD_ORDERS = {
    "count": 2,
    "first_at": TOLD,
    "last_at": TOLD,
    "sums": {"value": 9.5},
    "latest": {"currency": "EUR"},
    "count_since": {"page_viewed": 1},
}
MOVE = StageMove("purchase", None, "decision", MARCH, "decision.when")
TOLD_MOVE = {"journey": "purchase", "came_from": None, "stage": "decision", "at": TOLD}

TOLD_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("owner", "first_seen", "last_event_at")),
    **{key: {} for key in ("traits", "events", "stages", "arms", "caps", "consent")},
    "visitor": "v-1",
    "moves": [],
}


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (Profile(), {}),
        (Profile(first_ms=MARCH, last_event_ms=MARCH), {"first_seen": TOLD, "last_event_at": TOLD}),
        (Profile(owner="$user:u-1"), {"owner": "$user:u-1"}),
        (Profile(traits={"plan": {"tier": "gold"}}), {"traits": {"plan": {"tier": "gold"}}}),
        (Profile(counters={"order_completed": ORDERS}), {"events": {"order_completed": TOLD_ORDERS}}),
        (
            Profile(stages={"purchase": StageHeld("decision", MARCH)}),
            {"stages": {"purchase": {"stage": "decision", "since": TOLD}}},
        ),
        (Profile(moves=[MOVE]), {"moves": [{**TOLD_MOVE, "because": "decision.when"}]}),
        (
            Profile(arms={"hero-copy": ArmHeld("control", 2, MARCH)}),
            {"arms": {"hero-copy": {"arm": "control", "phase": 2, "at": TOLD}}},
        ),
        (Profile(caps={"offer": [MARCH]}), {"caps": {"offer": [TOLD]}}),
        (
            Profile(consent={"analytics": ConsentHeld(granted=False, at_ms=MARCH)}),
            {"consent": {"analytics": {"granted": False, "at": TOLD}}},
        ),
    ],
)
def test_all_that_is_remembered_is_told(profile: Profile, told: dict[str, object]) -> None:
    found = tell("v-1", profile).model_dump(mode="json")

    assert found == {**TOLD_NOTHING, **told}


def test_events_that_never_were_have_no_instants() -> None:
    told = tell("v-1", Profile(counters={"x": Counter()}))

    assert (told.events["x"].first_at, told.events["x"].last_at) == (None, None)
