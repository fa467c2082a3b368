"""Each change of stage is told at its own instant, with the condition that caused it."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from app.engine.profile import Profile, StageHeld, StageMove
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.fold import MOVES_LIMIT, fold, fold_telling
from tests.builders import DAY, HOUR, MINUTE, NOW, event, journey, profile, ruleset, visitor

VIEWED: dict[str, Any] = {"events.v.count_since_o": {"$gte": 1}}


def staged(**second: Any) -> Ruleset:
    return ruleset(journeys=[journey("first", {"key": "second", "when": VIEWED, **second}, "third")])


def told(remembered: Profile) -> list[tuple[str | None, str, timedelta, str]]:
    """The moves: from where, to where, how long before now, and why."""
    return [
        (move.came_from, move.stage, timedelta(milliseconds=ms_of(NOW) - move.at_ms), move.because)
        for move in remembered.moves
    ]


def test_a_move_names_the_condition_that_let_the_visitor_in() -> None:
    remembered = profile(staged(), event("x", NOW - 2 * HOUR), event("v", NOW - HOUR), event("v"))

    assert told(remembered) == [
        (None, "first", 2 * HOUR, "first.first"),
        ("first", "second", HOUR, "second.when"),
    ]


def test_a_stage_that_nothing_holds_any_more_is_named() -> None:
    rules = staged()
    looser = staged(stay={"events.v.count_since_o": {"$lt": 1}, "events.p.count": {"$lt": 1}})
    left = [("first", timedelta(0), "second.when"), ("first", timedelta(0), "second.stay")]

    falling = [profile(rules, event("v", NOW - HOUR), event("o"))]
    falling.append(profile(looser, event("v", NOW - 2 * HOUR), event("o", NOW - HOUR), event("p")))

    assert [told(one)[-1][1:] for one in falling] == left


def test_a_decay_has_its_effect_when_it_ends_not_at_the_next_event() -> None:
    remembered = profile(staged(decay_after_days=30), event("v", NOW - 40 * DAY), event("x"))

    assert told(remembered) == [
        (None, "second", 40 * DAY, "second.when"),
        ("second", "first", 10 * DAY, "second.decay_after_days"),
        ("first", "second", timedelta(0), "second.when"),
    ]


def test_a_dwell_ends_at_its_instant() -> None:
    remembered = profile(
        staged(min_dwell_s=3_600), event("v", NOW - 3 * HOUR), event("o", NOW - 150 * MINUTE), event("x")
    )

    assert told(remembered)[-1] == ("second", "first", 2 * HOUR, "second.when")


def test_a_dwell_that_ends_before_a_decay_leaves_the_decay_its_instant() -> None:
    rules = ruleset(
        journeys=[
            journey(
                "first",
                {"key": "low", "when": {"events.v.count": {"$gte": 1}}, "decay_after_days": 10},
                {"key": "high", "when": VIEWED, "min_dwell_s": 86_400 * 5},
            )
        ]
    )
    remembered = profile(rules, event("v", NOW - 20 * DAY), event("o", NOW - 20 * DAY), event("x"))

    assert told(remembered)[1:] == [
        ("high", "low", 15 * DAY, "high.when"),
        ("low", "first", 10 * DAY, "low.decay_after_days"),
        ("first", "low", timedelta(0), "low.when"),
    ]


def test_who_left_when_a_dwell_ended_does_not_stay_by_a_later_condition() -> None:
    # The window lets "stay" hold again later, but by then the visitor stood elsewhere.
    second = {
        "key": "second",
        "when": {"events.v.count_since_o": {"$gte": 1}},
        "stay": {"events.v.count_2d": {"$lt": 1}},
        "min_dwell_s": 86_400,
    }
    rules = ruleset(journeys=[journey("first", second)])
    remembered = profile(rules, event("v", NOW - 3 * DAY), event("o", NOW - 3 * DAY + HOUR))

    assert visitor(rules, remembered, at=NOW).stage == "first"
    assert fold(remembered, [event("x")], rules).stages == {
        "purchase": StageHeld("first", ms_of(NOW - 2 * DAY))
    }


def test_a_decision_and_the_fold_agree_at_every_instant() -> None:
    rules = staged(min_dwell_s=7_200, decay_after_days=2)
    remembered = profile(rules, event("v", NOW), event("o", NOW + MINUTE))

    for hours in range(0, 72, 3):
        at = NOW + hours * HOUR + 2 * MINUTE
        settled, _ = rules.settle(remembered, ms_of(at))
        assert visitor(rules, remembered, at=at).stage == settled.stages["purchase"].stage


def test_a_batch_tells_every_move_and_the_profile_keeps_the_newest() -> None:
    back_and_forth = [event("vo"[n % 2], NOW + n * MINUTE) for n in range(60)]

    remembered, moves = fold_telling(Profile(), back_and_forth, staged())

    assert len(moves) == 60
    assert remembered.moves == moves[-MOVES_LIMIT:]
    assert moves[-1] == StageMove("purchase", "second", "first", ms_of(NOW + 59 * MINUTE), "second.when")


def test_what_is_kept_for_the_profile_alone_moves_it_and_tells_nothing() -> None:
    seen = [event("x", NOW - DAY), event("v", NOW - 2 * HOUR), event("o", NOW - HOUR), event("v")]
    hidden = [replace(one, profile_only=True) for one in seen[1:3]]

    remembered, moves = fold_telling(Profile(), [seen[0], *hidden, seen[3]], staged())

    assert [move.stage for move in remembered.moves] == ["first", "second", "first", "second"]
    assert moves == [remembered.moves[0], remembered.moves[-1]]


def test_asking_again_and_again_tells_nothing() -> None:
    rules = staged(decay_after_days=1)
    remembered = profile(rules, event("v"))
    before = list(remembered.moves)

    for days in range(5):
        visitor(rules, remembered, at=NOW + days * DAY)

    assert remembered.moves == before
