"""What each candidate rule lacked."""

from datetime import timedelta
from typing import Any

import pytest

from app.engine.arms import GENERIC, HOLDOUT
from app.engine.profile import ArmHeld, Profile
from app.engine.ruleset import Ruleset
from app.engine.trace import Candidate, tracing
from app.kit.steps import finished
from tests.builders import (
    NOW,
    arm,
    delivering,
    experiment,
    journey,
    placement,
    rule,
    ruleset,
    segment,
    visitor,
)


def traced(
    rules: Ruleset,
    remembered: Profile | None = None,
    at: str = "home.hero",
    refused: frozenset[str] = frozenset(),
    **seen: Any,
) -> list[Candidate]:
    """List the candidates of one placement."""
    return finished(tracing(rules, visitor(rules, remembered, **seen), [at], refused=refused))[at]


def lacked_by(rules: Ruleset, remembered: Profile | None = None, **seen: Any) -> list[list[str]]:
    """List what each candidate at `home.hero` lacked."""
    return [list(candidate.lacked) for candidate in traced(rules, remembered, **seen)]


def parts_of(condition: dict[str, Any], **seen: Any) -> tuple[str, ...]:
    """Name the parts of a condition that a visitor does not fulfil."""
    [candidate] = traced(ruleset(rules=[rule("r", audience={"condition": condition})]), **seen)
    assert candidate.lacked == (("condition",) if candidate.condition else ())
    return candidate.condition


def of_one(**fields: Any) -> Ruleset:
    """A site with one rule of these fields, a journey, and two segments of which Germans are in one."""
    return ruleset(
        segments=[segment("german", {"context.country": "DE"}), segment("buyer", {"traits.buyer": True})],
        journeys=[journey("new", {"key": "known", "when": {"traits.known": True}})],
        rules=[rule("r", **fields)],
    )


GERMAN = {"country": "DE"}
LATER = (NOW + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    ("fields", "lacked"),
    [
        ({}, []),
        ({"audience": {"stages": ["known"]}}, ["stage"]),
        ({"audience": {"stages": ["new"]}}, []),
        ({"audience": {"segments": ["buyer"]}}, ["segment"]),
        ({"audience": {"segments": ["buyer", "german"]}}, []),
        ({"audience": {"not_segments": ["german"]}}, ["segment"]),
        ({"audience": {"not_segments": ["buyer"]}}, []),
        ({"audience": {"segments": ["buyer"], "not_segments": ["german"]}}, ["segment"]),
        ({"audience": {"condition": {"context.country": "FR"}}}, ["condition"]),
        ({"audience": {"condition": {"context.country": "DE"}}}, []),
        ({"schedule": {"starts_at": LATER}}, ["schedule"]),
        ({"schedule": {"ends_at": LATER}}, []),
        ({"consent": ["personalization"]}, []),
        (
            {
                "audience": {"stages": ["known"], "segments": ["buyer"], "condition": {"traits.x": 1}},
                "schedule": {"starts_at": LATER},
            },
            ["stage", "segment", "condition", "schedule"],
        ),
    ],
)
def test_a_rule_lacks_all_that_does_not_hold_and_nothing_else(
    fields: dict[str, Any], lacked: list[str]
) -> None:
    assert lacked_by(of_one(**fields), context=GERMAN) == [lacked]


def test_a_rule_without_a_stage_to_stand_in_lacks_it() -> None:
    rules = of_one(audience={"stages": ["known"]})

    assert lacked_by(rules, Profile(traits={"known": True})) == [[]]


def test_a_purpose_that_was_not_granted_is_lacked() -> None:
    rules = of_one(consent=["personalization", "analytics"])

    assert lacked_by(rules, consent=frozenset({"personalization"})) == [["consent"]]


def test_a_schedule_is_read_in_the_time_zone_of_the_site() -> None:
    schedule = {"windows": [{"from": "20:00", "to": "22:00"}]}
    rules = [rule("r", schedule=schedule)]

    assert lacked_by(ruleset(rules=rules)) == [["schedule"]]
    assert lacked_by(ruleset(rules=rules, site={"timezone": "Asia/Tokyo"})) == [[]]


def test_a_cap_that_is_used_up_is_lacked_whoever_says_so() -> None:
    rules = of_one(cap={"count": 1})

    assert lacked_by(rules) == [[]]
    assert lacked_by(rules, Profile(caps={"r": [5]})) == [["cap"]]
    assert lacked_by(rules, refused=frozenset({"r"})) == [["cap"]]


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ({}, ()),
        ({"context.country": "DE"}, ()),
        ({"context.country": "FR"}, ("/context.country",)),
        ({"context.country": "FR", "traits.age": 7}, ("/context.country", "/traits.age")),
        ({"context.country": {"$in": ["FR", "GB"]}}, ("/context.country/$in",)),
        ({"traits.age": {"$gte": 1, "$lt": 3, "$ne": 0}}, ("/traits.age/$gte",)),
        ({"traits.y": {"$ne": None, "$exists": True}}, ("/traits.y/$ne", "/traits.y/$exists")),
        ({"traits.a/b~c": {"$exists": True}}, ("/traits.a~1b~0c/$exists",)),
        ({"$and": [{"context.country": "DE"}, {"traits.age": {"$gt": 3}}]}, ("/$and/1/traits.age/$gt",)),
        ({"$and": [{"$and": [{"traits.x": 1}]}]}, ("/$and/0/$and/0/traits.x",)),
        ({"$or": [{"traits.x": 1}, {"traits.y": 2}]}, ("/$or",)),
        ({"$or": [{"traits.x": 1}, {"context.country": "DE"}]}, ()),
        ({"$and": [{"$or": [{"traits.x": 1}]}]}, ("/$and/0/$or",)),
        ({"$nor": [{"context.country": "DE"}]}, ("/$nor",)),
        ({"$not": {"context.country": "DE"}}, ("/$not",)),
        ({"context.country": {"$not": {"$in": ["DE"]}}}, ("/context.country/$not",)),
    ],
)  # fmt: skip
def test_the_innermost_parts_that_do_not_hold_are_pointed_at(
    condition: dict[str, Any], parts: tuple[str, ...]
) -> None:
    assert parts_of(condition, context=GERMAN) == parts


def test_a_part_that_asks_about_now_is_asked_at_the_instant_of_the_decision() -> None:
    yesterday = Profile(traits={"seen": (NOW - timedelta(days=1)).isoformat()})

    assert parts_of({"traits.seen": {"$after": "-2d"}}, remembered=yesterday) == ()
    assert parts_of({"traits.seen": {"$after": "-1h"}}, remembered=yesterday) == ("/traits.seen/$after",)


def test_what_equal_conditions_ask_is_told_of_each_rule_at_its_own_place() -> None:
    german = {"context.country": "DE"}
    rules = ruleset(
        rules=[
            rule("a", audience={"condition": german}),
            rule("b", audience={"condition": {"$and": [german]}}),
        ]
    )

    assert [candidate.condition for candidate in traced(rules)] == [
        ("/context.country",),
        ("/$and/0/context.country",),
    ]


def test_every_rule_after_the_one_that_is_shown_is_outranked_whatever_else_it_lacks() -> None:
    never = {"condition": {"traits.x": 1}}
    rules = ruleset(
        rules=[
            rule("a", priority=900, audience=never),
            rule("b", priority=800),
            rule("c", priority=700),
            rule("d", priority=600, audience=never),
        ]
    )

    told = {candidate.rule: list(candidate.lacked) for candidate in traced(rules)}

    assert told == {"a": ["condition"], "b": [], "c": ["outranked"], "d": ["condition", "outranked"]}


def test_candidates_stand_in_the_order_in_which_they_are_asked() -> None:
    rules = ruleset(rules=[rule("b"), rule("a"), rule("last", priority=1), rule("first", priority=900)])

    assert [candidate.rule for candidate in traced(rules)] == ["first", "a", "b", "last"]


def test_rules_that_are_off_or_stand_elsewhere_are_no_candidates() -> None:
    rules = ruleset(
        placements=[placement(), placement("home.side")],
        experiments=[experiment(status="draft")],
        rules=[
            rule("off", enabled=False),
            rule("elsewhere", placements=["home.side"]),
            delivering("hero-copy"),
        ],
    )

    assert traced(rules) == []
    assert [candidate.rule for candidate in traced(rules, at="home.side")] == ["elsewhere"]


def test_a_rule_is_outranked_where_another_is_shown_and_nowhere_else() -> None:
    rules = ruleset(
        placements=[placement(), placement("home.side")],
        rules=[rule("first", priority=900), rule("second", placements=["home.hero", "home.side"])],
    )

    told = finished(tracing(rules, visitor(rules), ["home.hero", "home.side"]))

    assert [list(candidate.lacked) for candidate in told["home.hero"]] == [[], ["outranked"]]
    assert [list(candidate.lacked) for candidate in told["home.side"]] == [[]]


def test_a_rule_that_names_a_placement_twice_is_a_candidate_there_once() -> None:
    rules = ruleset(rules=[rule("r", placements=["home.hero", "home.hero"])])

    assert lacked_by(rules) == [[]]


def test_an_unknown_placement_has_no_candidates() -> None:
    assert traced(ruleset(rules=[rule("r")]), at="nowhere") == []


def test_who_is_held_out_lacks_leave_from_all_rules_but_those_in_the_holdout() -> None:
    rules = ruleset(
        holdout={"percent": 50}, rules=[rule("a"), rule("b", in_holdout=True), rule("c", in_holdout=True)]
    )
    held_out = Profile(arms={HOLDOUT: ArmHeld(GENERIC, 1, 5)})

    assert lacked_by(rules, held_out) == [["holdout"], [], ["outranked"]]


def comparing(**fields: Any) -> Ruleset:
    """A site whose one rule delivers an experiment of these fields."""
    return ruleset(
        exclusion_groups=[{"key": "hero"}],
        experiments=[experiment(**fields)],
        rules=[delivering("hero-copy")],
    )


# Known buckets: in the group hero v-1 falls into 4,939.
@pytest.mark.parametrize(
    ("fields", "seen", "lacked"),
    [
        ({}, {}, []),
        ({"traffic": 0}, {}, ["traffic"]),
        ({"exclusion_group": {"key": "hero", "from": 50, "to": 100}}, {}, ["exclusion_group"]),
        ({"exclusion_group": {"key": "hero", "from": 0, "to": 50}}, {}, []),
        ({"unit": "user", "before_login": "skip"}, {}, ["identity"]),
        ({"unit": "user", "before_login": "skip"}, {"user": "u-1"}, []),
        ({}, {"may_enter": False}, ["logging"]),
        ({"arms": [arm("only", None)]}, {}, ["variant"]),
        ({"arms": [arm("only", variants={})]}, {}, ["variant"]),
        ({"status": "stopped", "rollout": "treatment"}, {}, []),
        ({"status": "stopped", "rollout": "treatment"}, {"may_enter": False}, []),
        ({"status": "stopped", "rollout": "nil", "arms": [arm("nil", None), arm("b")]}, {}, ["variant"]),
    ],
)
def test_a_rule_says_what_keeps_its_experiment_from_showing_something(
    fields: dict[str, Any], seen: dict[str, Any], lacked: list[str]
) -> None:
    assert lacked_by(comparing(**fields), **seen) == [lacked]


def test_an_experiment_that_nobody_came_to_ask_says_what_it_lacks_all_the_same() -> None:
    rules = ruleset(
        experiments=[experiment(traffic=0)],
        rules=[rule("first", priority=900), delivering("hero-copy", audience={"condition": {"traits.x": 1}})],
    )

    assert lacked_by(rules) == [[], ["condition", "traffic", "outranked"]]


def test_a_trace_takes_a_step_for_each_rule() -> None:
    rules = ruleset(rules=[rule(f"r{n}") for n in range(20)])

    assert sum(1 for _ in tracing(rules, visitor(rules), ["home.hero"])) == 20
