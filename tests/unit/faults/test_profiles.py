import pytest
from msgspec.structs import replace

from app.engine.profile import ArmHeld, Counter, Profile, StageHeld
from tests.faults.profiles import differences

FOLDED = Profile(
    first_ms=1,
    last_event_ms=9,
    events=3,
    counters={"page_viewed": Counter(count=3, first_ms=1, last_ms=9, recent=[1, 5, 9], sums={"value": 6.0})},
    arms={"hero": ArmHeld("control", 1, 5)},
    caps={"offer": [5]},
    stages={"purchase": StageHeld("awareness", 1)},
)


def test_a_copy_that_is_the_fold_differs_in_nothing() -> None:
    assert differences("v-1", replace(FOLDED), FOLDED) == []


@pytest.mark.parametrize(
    ("copy", "told"),
    [
        (replace(FOLDED, events=2), "v-1: events 2 instead of 3"),
        (replace(FOLDED, counters={}), "page_viewed.count None instead of 3"),
        (replace(FOLDED, arms={"hero": ArmHeld("treatment", 1, 5)}), "arm of hero ('treatment', 1, 5)"),
        (replace(FOLDED, arms={**FOLDED.arms, "other": ArmHeld("a", 1, 5)}), "arm of other"),
        (replace(FOLDED, caps={"offer": [5, 6]}), "deliveries of offer lacks [] and has [6] for it"),
        (replace(FOLDED, stages={"purchase": StageHeld("retention", 1)}), "stage in purchase retention"),
    ],
)
def test_whatever_a_copy_lacks_or_has_too_much_of_is_told(copy: Profile, told: str) -> None:
    [line] = differences("v-1", copy, FOLDED)

    assert told in line
