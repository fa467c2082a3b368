"""Whether everything a document names exists, and in which order its parts are resolved."""

from graphlib import CycleError
from pathlib import Path
from typing import Any

import pytest

from app.engine.named import primary_journey_of
from app.engine.references import conditions_of, resolution_of
from tests.builders import (
    arm,
    delivering,
    experiment,
    journey,
    parsed,
    placement,
    rule,
    ruleset,
    segment,
    variant,
)
from tests.unit.engine.complaints import complaints

ROOT = Path(__file__).parents[3]
METRIC = {"key": "orders", "event": "order_completed"}
RETURNING = segment("returning", {"profile.is_new": False})


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"placements": [placement(default="dflt")]}, "/placements/0/default", "did you mean 'default'?"),
        ({"rules": [rule("r", placements=["home.hero", "home.hreo"])]}, "/rules/0/placements/1", "home.hero"),
        ({"rules": [rule("r", deliver={"variant": "ofer"})]}, "/rules/0/deliver/variant", "'offer'"),
        ({"rules": [delivering("hero-cpy")]}, "/rules/0/deliver/experiment", "there is no experiment"),
        ({"rules": [rule("r", audience={"stages": ["first"]})]}, "/rules/0/audience/stages/0", "'first'"),
        ({"rules": [rule("r", audience={"segments": ["vip"]})]}, "/rules/0/audience/segments/0", "'vip'"),
        (
            {"rules": [rule("r", audience={"not_segments": ["a"]})]},
            "/rules/0/audience/not_segments/0",
            "no segment 'a'",
        ),
        (
            {"experiments": [experiment(arms=[arm("a", variants={"home/her~o": "x"})])]},
            "/experiments/0/arms/0/variants/home~1her~0o",
            "no placement 'home/her~o'",
        ),
        (
            {"experiments": [experiment(arms=[arm("a"), arm("b", "ofer")])]},
            "/experiments/0/arms/1/variants/home.hero",
            "did you mean 'offer'?",
        ),
        ({"experiments": [experiment(rollout="c")]}, "/experiments/0/rollout", "no arm 'c'"),
        ({"experiments": [experiment(primary_metric="o")]}, "/experiments/0/primary_metric", "no metric 'o'"),
        (
            {"metrics": [METRIC], "experiments": [experiment(metrics=[{"metric": "order"}])]},
            "/experiments/0/metrics/0/metric",
            "did you mean 'orders'?",
        ),
        (
            {"experiments": [experiment(exclusion_group={"key": "g", "from": 0, "to": 9})]},
            "/experiments/0/exclusion_group/key",
            "no exclusion group 'g'",
        ),
        ({"segments": [segment("a", {"trait": 1})]}, "/segments/0/condition/trait", "did you mean traits?"),
        ({"segments": [segment("a", {"sky": 1})]}, "/segments/0/condition/sky", "known are context, events,"),
        ({"segments": [segment("a", {"stages.x": "y"})]}, "/segments/0/condition/stages.x", "no journey 'x'"),
        ({"segments": [segment("a", {"stages": "y"})]}, "/segments/0/condition/stages", "no journey ''"),
        (
            {"segments": [RETURNING, segment("a", {"segments": {"$in": ["retuning"]}})]},
            "/segments/1/condition/segments/$in",
            "did you mean 'returning'?",
        ),
        (
            {"journeys": [journey("a", {"key": "b", "when": {"context.x": 1}, "stay": {"conext.x": 1}})]},
            "/journeys/0/stages/1/stay/conext.x",
            "did you mean context?",
        ),
        (
            {"rules": [rule("r", audience={"condition": {"$or": [{"$not": {"trait": 1}}]}})]},
            "/rules/0/audience/condition/$or/0/$not/trait",
            "did you mean traits?",
        ),
    ],
)
def test_a_name_that_stands_for_nothing_is_named_with_its_place(
    fields: dict[str, Any], pointer: str, message: str
) -> None:
    found = complaints(**fields)

    assert list(found) == [pointer]
    assert message in found[pointer]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"placements": [placement(), placement("b"), placement()]}, "/placements/2/key"),
        (
            {"placements": [{"key": "a", "variants": [variant("x"), variant("x")]}]},
            "/placements/0/variants/1/key",
        ),
        ({"segments": [RETURNING, RETURNING]}, "/segments/1/key"),
        ({"journeys": [journey("a", key="x"), journey("a", key="x")]}, "/journeys/1/key"),
        ({"journeys": [journey("a", "b", "a")]}, "/journeys/0/stages/2/key"),
        ({"metrics": [METRIC, METRIC]}, "/metrics/1/key"),
        ({"exclusion_groups": [{"key": "g"}, {"key": "g"}]}, "/exclusion_groups/1/key"),
        ({"experiments": [experiment(), experiment()]}, "/experiments/1/key"),
        ({"experiments": [experiment(arms=[arm("a"), arm("a")])]}, "/experiments/0/arms/1/key"),
        ({"rules": [rule("r"), rule("r")]}, "/rules/1/key"),
    ],
)
def test_a_key_that_stands_for_two_things_is_refused(fields: dict[str, Any], pointer: str) -> None:
    found = complaints(**fields)

    assert list(found) == [pointer]
    assert "there is another" in found[pointer]


def test_only_one_journey_can_be_primary() -> None:
    both = [journey("a", key="x", primary=True), journey("a", key="y", primary=True)]

    assert complaints(journeys=both) == {"/journeys": "only one journey can be primary"}


def test_everything_a_document_names_may_exist() -> None:
    ruleset(
        segments=[RETURNING],
        journeys=[journey("a", "b"), journey("c", key="loyalty")],
        metrics=[METRIC],
        exclusion_groups=[{"key": "g"}],
        experiments=[
            experiment(
                primary_metric="orders",
                metrics=[{"metric": "orders", "role": "guardrail"}],
                rollout="control",
                exclusion_group={"key": "g", "from": 0, "to": 50},
            )
        ],
        rules=[
            rule(
                "r",
                audience={
                    "stages": ["b"],
                    "segments": ["returning"],
                    "not_segments": ["returning"],
                    "condition": {"stages.loyalty": "c", "segments": {"$nin": ["returning"]}},
                },
            )
        ],
    )


def test_a_variant_must_exist_at_each_placement_of_the_rule() -> None:
    placements = [placement("top", "a", "b"), placement("side", "a")]
    found = complaints(
        placements=placements, rules=[rule("r", placements=["top", "side"], deliver={"variant": "b"})]
    )

    assert found == {"/rules/0/deliver/variant": "there is no variant 'b' at 'side'"}


def test_the_primary_journey_is_the_one_marked_else_the_first() -> None:
    a, b = journey("1", key="a"), journey("2", key="b")

    assert primary_journey_of(parsed()) is None
    assert [j.key for j in (primary_journey_of(parsed(journeys=[a, b])),) if j] == ["a"]
    assert [j.key for j in (primary_journey_of(parsed(journeys=[a, {**b, "primary": True}])),) if j] == ["b"]


def test_every_condition_of_a_decision_is_listed_with_its_place() -> None:
    listed = conditions_of(
        parsed(
            segments=[RETURNING],
            journeys=[
                journey("a", {"key": "b", "when": {"x": 1}, "stay": {"x": 2}}, {"key": "c", "when": {}})
            ],
            rules=[rule("r"), rule("s", audience={"condition": {"x": 3}}, enabled=False)],
        )
    )

    assert dict(listed) == {
        "/segments/0/condition": {"profile.is_new": False},
        "/journeys/0/stages/1/when": {"x": 1},
        "/journeys/0/stages/1/stay": {"x": 2},
        "/journeys/0/stages/2/when": {},
        "/rules/0/audience/condition": {},
        "/rules/1/audience/condition": {"x": 3},
    }


def stage_when(condition: dict[str, Any]) -> dict[str, Any]:
    return {"key": "second", "when": condition}


CIRCLES: list[dict[str, Any]] = [
    {"segments": [segment("a", {"segments": {"$in": ["a"]}})]},
    {"segments": [segment("a", {"segments": {"$in": ["b"]}}), segment("b", {"segments": {"$nin": ["a"]}})]},
    {"journeys": [journey("first", stage_when({"stage": "first"}))]},
    {"journeys": [journey("first", stage_when({"stages.purchase": "first"}))]},
    {
        "segments": [segment("a", {"$not": {"stage": "first"}})],
        "journeys": [journey("first", stage_when({"segments": {"$all": ["a"]}}))],
    },
    {
        "journeys": [
            journey("first", stage_when({"stages.b": "first"}), key="a"),
            journey("first", {"key": "x", "stay": {"stage": "first"}}, key="b"),
        ]
    },
    {"segments": [segment("a", {"segments": {"$size": 0}})]},
    {"segments": [segment("a", {"segments": {"$elemMatch": {"$regex": "^vip"}}})]},
]


@pytest.mark.parametrize("fields", CIRCLES)
def test_parts_that_refer_to_each_other_in_a_circle_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(CycleError):
        resolution_of(parsed(**fields))

    (message,) = complaints(**fields).values()
    assert message.startswith("refers to itself: /")


def test_a_circle_is_told_from_part_to_part() -> None:
    found = complaints(
        segments=[segment(key, {"segments": {"$in": [after]}}) for key, after in ("ab", "bc", "ca")]
    )

    assert found == {"/segments/0": "refers to itself: /segments/0 → /segments/1 → /segments/2 → /segments/0"}


def test_circles_that_have_nothing_in_common_are_all_told() -> None:
    pairs = [*("ab", "ba", "cd", "dc", "ee"), *[(f"s{n}", f"s{n}") for n in range(200)]]
    found = complaints(segments=[segment(key, {"segments": {"$in": [after]}}) for key, after in pairs])

    assert {"/segments/0", "/segments/2", "/segments/4"} <= found.keys()
    assert len(found) == 100


def test_each_part_stands_after_what_it_refers_to() -> None:
    order = resolution_of(
        parsed(
            segments=[
                segment("s0", {"segments": {"$in": ["s2"]}}),
                segment("s1", {"stages.second": "x"}),
                segment("s2", {"stage": "x"}),
            ],
            journeys=[
                journey("x", stage_when({"segments": {"$in": ["s1"]}}), key="primary"),
                journey("x", key="second"),
            ],
        )
    ).order

    assert order == ["/journeys/1", "/segments/1", "/journeys/0", "/segments/2", "/segments/0"]


def test_stages_rest_on_what_their_conditions_refer_to_by_way_of_others_too() -> None:
    names = (("by-the-way", "asked"), ("asked", "behind"), ("behind", "returning"))
    segments = [segment(key, {"segments": {"$in": [after]}}) for key, after in names]
    journeys = [journey("x", stage_when({"segments": {"$in": ["asked"]}}))]

    staging = resolution_of(parsed(segments=[*segments, RETURNING], journeys=journeys)).staging

    assert staging == {"/journeys/0", "/segments/1", "/segments/2", "/segments/3"}


def test_who_asks_for_no_segment_in_particular_stands_after_all_of_them() -> None:
    order = resolution_of(
        parsed(
            segments=[segment("a", {"stages.other": "x"}), RETURNING],
            journeys=[
                journey("x", stage_when({"segments": {"$size": {"$gte": 2}}})),
                journey("x", key="other"),
            ],
        )
    ).order

    assert order[-1] == "/journeys/0"


def test_a_condition_of_a_rule_orders_nothing() -> None:
    asks = rule("r", audience={"condition": {"segments": {"$size": 0}, "stage": "x"}})

    assert resolution_of(parsed(segments=[RETURNING], rules=[asks])).order == ["/segments/0"]
