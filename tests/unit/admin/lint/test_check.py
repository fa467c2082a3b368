"""What is found within a time, what is not looked at, and what is left open."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from app.admin.findings import CODES, Lint
from app.admin.lint.check import check
from app.admin.lint.finding import Report
from tests.builders import NOW, arm, delivering, document, experiment, journey, placement, rule, segment

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


def test_whoever_is_kept_on_defaults_is_thought_of() -> None:
    above = rule("above", priority=9, audience={"condition": {X: 1}})
    below = rule("below", priority=8, audience={"condition": {X: 1}})
    holdout = {"percent": 10}

    for first, second, pointers in (
        (above, below, ["/rules/1/placements/0"]),
        (above, {**below, "in_holdout": True}, []),
        ({**above, "in_holdout": True}, below, ["/rules/1/placements/0"]),
    ):
        report = found(document(rules=[first, second], holdout=holdout))
        assert [each.pointer for each in report.findings] == pointers


def test_an_experiment_covers_nobody_while_it_runs() -> None:
    asked = document(
        experiments=[experiment()], rules=[delivering("hero-copy", priority=9), rule("b", priority=8)]
    )

    assert found(asked) == Report()


def test_a_rolled_out_arm_that_shows_nothing_there_covers_nobody() -> None:
    stopped = experiment(status="stopped", rollout="control", arms=[arm("control", None), arm("treatment")])
    asked = document(
        experiments=[stopped], rules=[delivering("hero-copy", priority=9), rule("b", priority=8)]
    )

    assert found(asked) == Report()


def test_an_archived_experiment_may_miss_what_it_likes() -> None:
    archived = experiment(status="archived", arms=[arm("a"), {"key": "b"}])

    assert found(document(experiments=[archived])) == Report()


def test_an_arm_is_shown_by_somebody_in_it() -> None:
    arms = [arm("a"), {"key": "b"}]
    asked = document(experiments=[experiment(arms=arms)], rules=[delivering("hero-copy")])

    [finding] = found(asked).findings

    assert finding.example is not None
    assert finding.example["profile"] == {"arms": {"hero-copy": "b"}}


def test_themes_of_one_placement_or_of_no_page_do_not_clash() -> None:
    asked = document(
        placements=[placement(), placement("a"), placement("b")],
        rules=[
            rule("a", priority=3, placements=["home.hero", "a"], theme="one", cap={"count": 1}),
            rule("b", priority=2, placements=["home.hero", "b"], theme="two"),
        ],
    )

    assert found(asked) == Report()


def test_a_capped_rule_clashes_until_it_is_used_up() -> None:
    asked = document(
        placements=[placement(), placement("home.banner")],
        rules=[
            rule("above", priority=9, cap={"count": 1}),
            rule("a", priority=3, theme="one", cap={"count": 1}),
            rule("b", priority=2, placements=["home.banner"], theme="two"),
        ],
    )

    assert [each.code for each in found(asked).findings] == ["theme_conflict"]


def test_of_two_stages_without_a_default_both_are_named() -> None:
    when = {"events.seen.count": {"$gte": 1}}
    asked = document(
        placements=[placement(default=None)], journeys=[journey("new", {"key": "old", "when": when})]
    )

    [finding] = found(asked).findings

    assert "in stage new, old" in finding.message


def test_segments_that_others_count_are_all_used() -> None:
    asked = document(
        segments=[segment("a", {X: 1}), segment("b", {"traits.y": 1})],
        rules=[rule("a", audience={"condition": {"segments": {"$size": 2}}})],
    )

    assert found(asked).findings == []


def test_consent_opens_what_is_below() -> None:
    asked = document(
        rules=[
            rule("asked", priority=9, consent=["personalization"]),
            rule("told", priority=8, consent=["analytics"]),
            rule("neither", priority=7),
            rule("both", priority=6, consent=["analytics", "personalization"]),
        ]
    )

    assert [each.pointer for each in found(asked).findings] == ["/rules/3/placements/0"]


def test_too_many_rules_above_leave_it_open() -> None:
    seen = "events.seen.count"
    above = [rule(f"r{n:02}", priority=900 - n, audience={"condition": {seen: n}}) for n in range(70)]
    asked = document(rules=[*above, rule("last", audience={"condition": {seen: {"$lte": 69}}})])

    report = found(asked)

    assert [each.pointer for each in report.unknown] == ["/rules/70/placements/0"]
    assert "too many" in report.unknown[0].why


def test_an_experiment_that_nobody_of_some_is_in_leaves_it_open() -> None:
    arms = [arm("a", "default"), arm("b")]
    asked = document(
        placements=[placement(), placement("home.banner")],
        experiments=[experiment(traffic=0, arms=arms)],
        rules=[
            delivering("hero-copy", theme="one"),
            rule("b", placements=["home.banner"], theme="two"),
        ],
    )

    [undecided] = found(asked).unknown

    assert undecided.code == "theme_conflict"
    assert "by chance" in undecided.why


def test_an_example_of_who_is_left_out_by_chance_is_one_who_is() -> None:
    asked = document(
        placements=[placement(default=None)],
        experiments=[experiment(traffic=60)],
        rules=[delivering("hero-copy")],
    )

    [finding] = found(asked).findings

    assert finding.example is not None
    assert finding.example["visitor"]["id"].startswith("example-")


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


def test_a_placement_that_nobody_delivers_an_arm_to_has_no_example() -> None:
    never: dict[str, Any] = {"condition": {X: {"$in": []}}}
    arms = [arm("a"), {"key": "b"}]
    asked = document(experiments=[experiment(arms=arms)], rules=[delivering("hero-copy", audience=never)])

    report = found(asked)

    assert {each.code: each.example for each in report.findings} == {
        "arm_misses_placement": None,
        "condition_contradiction": None,
    }
