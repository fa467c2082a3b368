from app.reporting.pace import Pace
from app.reporting.verdict import judge
from tests.builders import arm
from tests.unit.reporting.counted import compare_all, counted, definition, fixed, orders, units
from tests.unit.reporting.judged import evidence_of, verdict


def test_what_is_still_needed_is_told_in_visitors_and_days() -> None:
    found = verdict(analysis=fixed(planned_units=10_800))
    assert (found.call, found.why) == (
        "keep_running",
        "9,800 more visitors needed at this rate: about 98 days, and 14 days to observe them",
    )
    one = verdict({"pace": Pace(10, 1)}, analysis=fixed(planned_units=1001))
    assert one.why == "1 more visitor needed at this rate: about 1 day, and 14 days to observe them"


def test_where_users_are_the_units_users_are_needed() -> None:
    found = verdict(analysis=fixed(planned_units=1200), unit="user")
    assert found.why.startswith("200 more users needed at this rate: about 2 days")


def test_where_nobody_comes_any_more_no_days_are_promised() -> None:
    found = verdict({"pace": Pace(10, 0)}, analysis=fixed(planned_units=1100))
    assert found.why == "100 more visitors needed, and none has come in for a week"


def test_who_is_in_has_still_to_be_observed() -> None:
    found = verdict(analysis=fixed(planned_units=900))
    assert found.why == "enough visitors are in; 500 of them have still to be observed for 14 days"


def test_what_a_wanted_effect_takes_follows_from_what_was_seen() -> None:
    always, once = verdict(analysis={"mde": 0.2}), verdict(analysis=fixed(mde=0.2))
    needed = [int(found.why.split()[0].replace(",", "")) for found in (always, once)]
    # 2(1.96 + 0.84)² 2·0.1·0.9 / 0.02² are 7,063 at a fixed size; 1,000 are there.
    assert abs(needed[1] - 6_063) < 20
    assert needed[0] > needed[1]


def test_with_more_arms_all_of_them_take_as_many() -> None:
    found = definition(orders(), arms=[arm("control"), arm("b"), arm("c")], analysis=fixed(mde=0.2))
    rows = [one for key in found.shares for one in units(key, 1000, 100)]
    evidence = evidence_of(
        found,
        compared=compare_all(found, counted(found, rows).everyone),
        arms=dict.fromkeys(found.shares, 1000),
        complete=3000,
    )
    # 3,532 of each arm, as with two; 3,000 are there.
    assert abs(int(judge(found, evidence).why.split()[0].replace(",", "")) - 7_595) < 30


def test_where_the_wanted_effect_would_have_been_found_it_is_said() -> None:
    found = verdict({"arms": {"control": 9000, "treatment": 9000}, "complete": 18_000}, analysis={"mde": 0.2})
    assert found.call == "keep_running"
    assert found.why.endswith("nothing is significant: what effect there is, is probably smaller")


def test_without_a_plan_it_is_said_how_far_it_is() -> None:
    assert verdict().why == "400 of 1,000 visitors are complete, and nothing is significant yet"
