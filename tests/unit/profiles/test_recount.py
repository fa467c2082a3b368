"""When counters lack history, and what completes them."""

from copy import deepcopy

import pytest

from app.engine.profile import Counter, Profile
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.fold import fold
from app.profiles.recount import completed, lacking
from tests.builders import DAY, HOUR, NOW, assignment, event, profile, ruleset, segment

NOW_MS = ms_of(NOW)


def asking(*paths: str) -> Ruleset:
    return ruleset(segments=[segment("asks", {path: {"$exists": True} for path in paths})])


BEFORE = asking("events.x.count", "events.y.count")
AFTER = asking("events.x.count_7d", "events.y.count", "events.z.sum_value")
PAST = [event("x", NOW - 2 * DAY), event("y", NOW - DAY), event("z", NOW - HOUR, value=5)]


def test_a_stranger_lacks_no_history() -> None:
    assert AFTER.has_counted(Profile())
    assert AFTER.has_counted(profile(None, assignment("e", "a")))


def test_a_profile_lacks_what_it_was_never_asked() -> None:
    assert AFTER.has_counted(profile(AFTER, *PAST))
    assert not AFTER.has_counted(profile(BEFORE, *PAST))
    assert not AFTER.has_counted(profile(None, *PAST))


def test_of_a_ruleset_that_asks_for_nothing_nothing_can_lack() -> None:
    assert ruleset().has_counted(profile(None, *PAST))
    assert lacking(profile(None, *PAST), ruleset()) == set()


@pytest.mark.parametrize(
    ("known", "names"),
    [
        (profile(BEFORE, *PAST), {"x", "z"}),
        (profile(None, *PAST), {"x", "y", "z"}),
        (profile(AFTER, *PAST), set()),
        (fold(profile(BEFORE, *PAST), [event("z")], AFTER), {"x", "z"}),
    ],
)
def test_what_is_lacking_is_absent_or_was_kept_for_something_else(known: Profile, names: set[str]) -> None:
    assert lacking(known, AFTER) == names


def test_a_completed_profile_is_as_if_it_had_been_asked_from_the_start() -> None:
    asked_always = profile(AFTER, *PAST)
    recounted = {name: asked_always.counters[name] for name in "xz"}

    assert completed(profile(BEFORE, *PAST), recounted, AFTER) == asked_always


def test_what_never_happened_is_complete_without_a_counter() -> None:
    known = profile(BEFORE, event("o"))

    complete = completed(known, {}, AFTER)

    assert (complete.counters, complete.asked) == ({}, AFTER.asked)
    assert AFTER.has_counted(complete)


def test_what_is_known_of_events_that_are_gone_stays() -> None:
    known = profile(BEFORE, *PAST, event("x"), event("x"))
    left = {"x": Counter(count=1, first_ms=NOW_MS, last_ms=NOW_MS, recent=[NOW_MS])}

    counter = completed(known, left, AFTER).counters["x"]

    assert counter == Counter(
        count=3,
        first_ms=ms_of(NOW - 2 * DAY),
        last_ms=NOW_MS,
        recent=[NOW_MS],
        asked=AFTER.needs["x"].signature,
    )


def test_what_is_gone_altogether_stays_as_it_is_known() -> None:
    known = profile(BEFORE, *PAST)

    counter = completed(known, {}, AFTER).counters["x"]

    assert (counter.count, counter.last_ms) == (1, known.counters["x"].last_ms)
    assert counter.asked == AFTER.needs["x"].signature


def test_more_events_than_were_known_are_counted() -> None:
    known = fold(profile(None, *PAST), [event("z")], AFTER)
    recounted = {"z": Counter(count=9, first_ms=5, last_ms=NOW_MS)}

    counter = completed(known, recounted, AFTER).counters["z"]

    assert (counter.count, counter.first_ms) == (9, 5)


def test_the_profile_given_stays_as_it_was() -> None:
    known = profile(BEFORE, *PAST)
    copied = deepcopy(known)

    completed(known, profile(AFTER, *PAST).counters, AFTER)

    assert known == copied
