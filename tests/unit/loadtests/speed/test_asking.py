from itertools import islice
from typing import Any

import msgspec
import pytest

from loadtests.connection import Answer
from loadtests.speed.asking import HOT, KNOWN, busy, check_constant, check_decision, check_events, hot, mixed
from loadtests.speed.bare import CONSTANT
from loadtests.speed.shop import PLACEMENTS
from loadtests.speed.visitors import visitor_id


def answered(status: int, said: Any) -> Answer:
    return Answer(status, b"", msgspec.json.encode(said))


def decided(**said: Any) -> dict[str, Any]:
    right = {
        "visitor": {"id": visitor_id(4), "stage": "decision"},
        "placements": {key: {"reason": "experiment"} for key in PLACEMENTS[:3]},
        "degraded": [],
    }
    return right | said


def test_the_right_decision_passes() -> None:
    check_decision(answered(200, decided()), 4, 3)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (503, decided()),
        (200, decided(visitor={"id": visitor_id(5), "stage": "decision"})),
        (200, decided(visitor={"id": visitor_id(4), "stage": "awareness"})),
        (200, decided(placements={PLACEMENTS[0]: {"reason": "experiment"}})),
        (200, decided(placements={key: {"reason": "default"} for key in PLACEMENTS[:3]})),
        (200, decided(degraded=["profile"])),
    ],
)
def test_any_other_decision_does_not(status: int, said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="visitor 4 was answered"):
        check_decision(answered(status, said), 4, 3)


def test_events_must_all_be_accepted() -> None:
    check_events(answered(202, {"accepted": 2, "duplicate": 0, "ignored": 0}), 2)
    for status, accepted, duplicate in ((200, 2, 0), (202, 1, 1), (202, 1, 0)):
        said = {"accepted": accepted, "duplicate": duplicate, "ignored": 0}
        with pytest.raises(ValueError, match="2 events were answered"):
            check_events(answered(status, said), 2)


def test_the_bare_app_must_answer_its_constant() -> None:
    check_constant(Answer(200, b"", CONSTANT))
    for status, body in ((500, CONSTANT), (200, b"{}")):
        with pytest.raises(ValueError, match="the bare app"):
            check_constant(Answer(status, b"", body))


def test_one_visitor_in_ten_is_new_where_nine_in_ten_are_hot() -> None:
    drawn = [*islice(mixed(iter(range(KNOWN, KNOWN + 100)), 10), 1_000)]
    assert sum(number >= KNOWN for number in drawn) == 100
    assert max(number for number in drawn if number < KNOWN) < HOT


def test_who_is_busy_is_never_who_is_only_hot() -> None:
    assert {*islice(hot(), 2 * HOT)}.isdisjoint(islice(busy(), 2 * HOT))
