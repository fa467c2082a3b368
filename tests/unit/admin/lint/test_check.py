"""What is found within a time, what is not looked at, and what is left open."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from app.admin.findings import CODES, Lint
from app.admin.lint.check import check
from app.admin.lint.finding import Report
from tests.builders import NOW, document, journey, placement, rule, segment

X = "traits.x"


def found(asked: dict[str, Any]) -> Report:
    return check(asked, NOW, within_s=600)


def passing(each_s: float) -> Callable[[], float]:
    """A clock on which every look takes some time."""
    ticks = count()
    return lambda: next(ticks) * each_s


def test_a_report_is_what_the_api_answers() -> None:
    asked = document(rules=[rule("a"), rule("b", audience={"condition": {X: {"$gt": 3, "$lt": 2}}})])
    report = found(asked)

    answered = Lint.model_validate_json(msgspec.json.encode(report))

    assert [each.code for each in answered.findings] == ["condition_contradiction"]


def test_what_there_is_no_time_for_is_named() -> None:
    asked = document(
        segments=[segment("a", {X: 1}), segment("b", {X: {"$in": [1, 2]}})],
        journeys=[journey("new", {"key": "old", "when": {X: 1}})],
        placements=[placement(default=None)],
        rules=[
            rule("a", audience={"segments": ["a"]}, theme="one", cap={"count": 1}),
            rule("b", audience={"segments": ["b"]}, theme="two"),
            rule("c", schedule={"ends_at": "2020-01-01T00:00:00Z"}),
        ],
    )

    report = check(asked, NOW, within_s=1, clock=passing(1))

    assert report.findings == []
    assert set(report.not_checked) < set(CODES)
    assert {"rule_never_reached", "audience_contradiction", "placement_without_fallback"} <= {
        *report.not_checked
    }


def test_what_was_found_before_the_time_was_up_counts() -> None:
    asked = document(rules=[rule(f"r{n}", audience={"condition": {X: []}}) for n in range(40)])

    report = check(asked, NOW, within_s=1, clock=passing(0.004))

    assert len(report.findings) > 0
    assert "priority_tie" in report.not_checked


def test_a_long_chain_of_segments_is_looked_at_as_far_as_there_is_time() -> None:
    chain = [segment(f"s{n}", {"segments": {"$in": [f"s{n + 1}"]}}) for n in range(1_500)]
    first, last = segment("none", {X: {"$in": []}}), segment("s1500", {X: 1})
    asked = document(segments=[first, *chain, last], rules=[rule("a", audience={"segments": ["s0"]})])

    report = check(asked, NOW, within_s=60, clock=passing(1))

    assert [each.code for each in report.findings] == ["condition_contradiction", "segment_unused"]
    assert {"condition_contradiction", "segment_contained"} <= {*report.not_checked}
    assert "segment_unused" not in report.not_checked


def test_more_of_a_kind_than_anybody_reads_are_not_told() -> None:
    asked = document(segments=[segment(f"s{n}", {"$and": [{X: 1}, {X: 2}]}) for n in range(210)])

    report = found(asked)

    assert [each.code for each in report.findings].count("condition_contradiction") == 200
    assert "condition_contradiction" in report.not_checked


def test_rules_that_are_off_are_passed_over() -> None:
    asked = document(rules=[rule("a"), rule("b", enabled=False), rule("c", priority=1, enabled=False)])

    assert found(asked) == Report()


def test_of_patterns_that_may_be_equal_nothing_is_said_for_certain() -> None:
    patterns = ["b+c", "b*bc"]
    asked = document(
        segments=[segment(f"s{n}", {X: {"$regex": pattern}}) for n, pattern in enumerate(patterns)],
        rules=[
            rule(f"r{n}", priority=9 - n, audience={"segments": [f"s{n}"]}) for n, _ in enumerate(patterns)
        ],
    )

    report = found(asked)

    assert report.findings == []
    assert {each.code for each in report.unknown} == {"segment_contained", "rule_never_reached"}
    assert all(each.why for each in report.unknown)


# Nothing of this kind is found by trying, and the solver knows nothing of it.
ODD = {X: {"$regex": "^(?:[0-9]+[a-z]{3}){2}$", "$regexi": "^[0-9]{4}"}}


def test_what_may_hold_of_somebody_is_left_open_everywhere() -> None:
    asked = document(
        placements=[placement("home.hero"), placement("home.banner"), placement("home.foot", default=None)],
        segments=[segment("odd", ODD)],
        journeys=[journey("new", {"key": "odd", "when": ODD})],
        rules=[
            rule("odd", priority=9, audience={"condition": ODD}, theme="a"),
            rule("odder", priority=9, audience={"condition": {**ODD, "traits.y": 1}}),
            rule("foot", placements=["home.foot"], audience={"condition": {"$nor": [ODD]}}),
            rule("banner", placements=["home.banner"], theme="b"),
        ],
    )

    report = found(asked)

    assert {each.code for each in report.unknown} == {
        "condition_contradiction",
        "rule_never_reached",
        "priority_tie",
        "stage_never_holds",
        "placement_without_fallback",
        "theme_conflict",
    }


def test_segments_that_others_count_are_all_used() -> None:
    asked = document(
        segments=[segment("a", {X: 1}), segment("b", {"traits.y": 1})],
        rules=[rule("a", audience={"condition": {"segments": {"$size": 2}}})],
    )

    assert found(asked).findings == []


def test_too_many_rules_above_leave_it_open() -> None:
    seen = "events.seen.count"
    above = [rule(f"r{n:02}", priority=900 - n, audience={"condition": {seen: n}}) for n in range(70)]
    asked = document(rules=[*above, rule("last", audience={"condition": {seen: {"$lte": 69}}})])

    report = found(asked)

    assert [each.pointer for each in report.unknown] == ["/rules/70/placements/0"]
    assert "too many" in report.unknown[0].why


def test_segments_that_name_each_other_twice_over_and_over_come_to_an_end() -> None:
    segments = [segment("s0", {X: 1})] + [
        segment(
            f"s{n}", {"$and": [{"segments": {"$in": [f"s{n - 1}"]}}, {"segments": {"$all": [f"s{n - 1}"]}}]}
        )
        for n in range(1, 25)
    ]
    asked = document(segments=segments, rules=[rule("a", audience={"segments": ["s24"]})])

    assert {each.code for each in found(asked).findings} == {"segments_equal"}


def test_what_is_always_an_object_is_no_text() -> None:
    asked = document(
        rules=[
            rule("a", priority=1, audience={"condition": {"context.url": {"$regex": "bikes"}}}),
            rule("b", priority=2, audience={"condition": {"context.url": {"path": "/bikes", "query": {}}}}),
            rule("c", priority=3, audience={"condition": {"context.url.query": {"$exists": False}}}),
        ]
    )

    assert [each.pointer for each in found(asked).findings] == ["/rules/0/audience/condition"]
