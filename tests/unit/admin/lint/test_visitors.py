"""Who meets which rules: experiments, caps, consent and the holdout have a say."""

from typing import Any

import pytest

from app.admin.lint.check import check
from app.admin.lint.finding import Report
from tests.builders import NOW, arm, delivering, document, experiment, journey, placement, rule

X = "traits.x"


def found(asked: dict[str, Any]) -> Report:
    return check(asked, NOW, within_s=600)


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


@pytest.mark.parametrize(
    ("condition", "is_covered"),
    [
        ({X: 1}, True),
        ({"events.seen.count": {"$gte": 1}}, True),
        ({"events.seen.days_since": {"$lt": 30}}, True),
        ({"events.seen.last_at": {"$exists": True}}, True),
        ({"profile.is_new": False}, True),
        ({"profile.age_days": {"$gte": 1}}, True),
        ({"events.seen.days_since": {"$gte": 30}}, False),
        ({"profile.is_new": True, "profile.age_days": 0, X: None}, False),
        ({"context.country": "DE", "segments": {"$size": 0}}, False),
    ],
)
def test_of_whoever_does_not_consent_nothing_is_remembered(
    condition: dict[str, Any], *, is_covered: bool
) -> None:
    asked = document(
        rules=[
            rule("asked", priority=9, consent=["personalization"]),
            rule("below", priority=8, audience={"condition": condition}),
        ]
    )

    report = found(asked)

    assert [each.pointer for each in report.findings] == ["/rules/1/placements/0"] * is_covered
    assert report.unknown == []


def test_whoever_refuses_analytics_is_in_no_experiment() -> None:
    asked = document(
        placements=[placement(default=None)],
        experiments=[experiment()],
        rules=[delivering("hero-copy"), rule("rest", priority=1, audience={"condition": {X: 1}})],
    )

    [finding] = found(asked).findings

    assert finding.example is not None
    assert finding.example["consent"] == {"analytics": False}


def test_an_experiment_delivered_where_no_arm_tells_of_is_found_at_its_rule() -> None:
    asked = document(
        placements=[placement(), placement("home.banner")],
        experiments=[experiment(), experiment("other")],
        rules=[
            delivering("other", audience={"condition": {X: 1}}),
            delivering("hero-copy", placements=["home.hero", "home.banner"], audience={"condition": {X: 2}}),
        ],
    )

    [finding] = found(asked).findings

    assert (finding.pointer, finding.others) == ("/rules/1/placements/1", ["/experiments/0/arms"])


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


def test_a_placement_that_nobody_delivers_an_arm_to_has_no_example() -> None:
    never: dict[str, Any] = {"condition": {X: {"$in": []}}}
    arms = [arm("a"), {"key": "b"}]
    asked = document(experiments=[experiment(arms=arms)], rules=[delivering("hero-copy", audience=never)])

    report = found(asked)

    assert {each.code: each.example for each in report.findings} == {
        "arm_misses_placement": None,
        "condition_contradiction": None,
    }
