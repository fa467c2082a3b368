"""Which counters are known to have missed nothing."""

from app.engine.profile import Counter
from app.engine.ruleset import Ruleset
from app.profiles.count import count
from app.profiles.fold import fold
from tests.builders import event, profile, ruleset, segment


def asking(*paths: str) -> Ruleset:
    return ruleset(segments=[segment("asks", {path: {"$exists": True} for path in paths})])


def test_counters_are_complete_for_the_ruleset_of_the_first_event() -> None:
    rules = asking("events.x.count", "events.y.count")
    remembered = profile(rules, event("z"), event("x"), event("x"))

    assert (remembered.asked, remembered.events) == (rules.asked, 3)
    assert remembered.counters["x"].asked == rules.needs["x"].signature


def test_what_is_asked_later_is_not_complete() -> None:
    before, after = asking("events.x.count"), asking("events.x.count", "events.y.count")
    remembered = fold(profile(before, event("x")), [event("y")], after)

    assert remembered.asked == ""
    assert (remembered.counters["y"].asked, remembered.counters["y"].count) == ("", 1)
    assert remembered.counters["x"].asked == after.needs["x"].signature


def test_what_is_asked_anew_of_the_same_events_is_not_complete() -> None:
    before, after = asking("events.x.count_2d"), asking("events.x.count_7d")
    remembered = fold(profile(before, event("x")), [event("x")], after)

    assert (remembered.asked, remembered.counters["x"].asked) == ("", "")


def test_what_was_not_asked_for_a_while_is_no_longer_complete() -> None:
    """An event came while nobody counted, so all that is known now may lack one."""
    always = asking("events.x.count_7d", "events.y.count")
    for meanwhile in (asking("events.x.count"), asking("events.z.count"), ruleset(), None):
        remembered = fold(profile(always, event("x"), event("y")), [event("o")], meanwhile)
        again = fold(remembered, [event("x")], always)

        assert (again.asked, again.counters["x"].asked, again.counters["y"].asked) == ("", "", "")


def test_a_revision_without_events_meanwhile_takes_nothing_away() -> None:
    always = asking("events.x.count_7d")
    before = profile(always, event("x"))

    assert fold(fold(before, [], ruleset()), [event("x")], always).asked == always.asked


def test_a_ruleset_that_asks_for_nothing_has_all_it_needs() -> None:
    assert profile(ruleset(), event("x")).asked == ruleset().asked == ""


def test_the_counters_given_stay_as_they_were() -> None:
    before = profile(asking("events.x.count"), event("x"))
    counter = before.counters["x"]

    fold(before, [event("o")], ruleset())

    assert before.counters["x"].asked == counter.asked != ""


def test_a_counter_that_begins_has_missed_nothing_unless_it_is_said() -> None:
    needs = asking("events.x.count").needs

    whole: dict[str, Counter] = {}
    lacking: dict[str, Counter] = {}
    count(whole, event("x"), needs["x"], set())
    count(lacking, event("x"), needs["x"], set(), complete=False)

    assert whole["x"].asked == needs["x"].signature
    assert lacking["x"].asked == ""
