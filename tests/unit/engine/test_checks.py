"""Figures of a document that cannot be: each is refused with its place."""

import math
from typing import Any

import pytest

from tests.builders import arm, experiment, journey, rule, ruleset, segment
from tests.unit.engine.complaints import complaints

INF = math.inf


def shared(*shares: tuple[float, float], **fields: Any) -> dict[str, Any]:
    """Experiments `e0`, `e1` … with shares of one group."""
    return {
        "exclusion_groups": [{"key": "g"}],
        "experiments": [
            experiment(f"e{n}", exclusion_group={"key": "g", "from": start, "to": end}, **fields)
            for n, (start, end) in enumerate(shares)
        ],
    }


def scheduled(**fields: Any) -> dict[str, Any]:
    return {"rules": [rule("r", schedule=fields)]}


def keeping(**days: int) -> dict[str, Any]:
    return {"site": {"retention": days}}


def staged(**fields: Any) -> dict[str, Any]:
    return {"journeys": [journey("a", {"key": "b", **fields})]}


def weighted(*weights: float) -> dict[str, Any]:
    return {"experiments": [experiment(arms=[arm(f"a{n}", weight=w) for n, w in enumerate(weights)])]}


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"site": {"timezone": "Mars/Olympus"}}, "/site/timezone", "'Mars/Olympus' is not a time zone"),
        ({"site": {"timezone": ""}}, "/site/timezone", "not a time zone"),
        ({"site": {"timezone": "../etc/passwd"}}, "/site/timezone", "not a time zone"),
        ({"site": {"timezone": "Europe"}}, "/site/timezone", "not a time zone"),
        (keeping(events_days=89), "/site/retention/events_days", "between 90 and 3,650 days"),
        (keeping(events_days=3_651), "/site/retention/events_days", "between 90 and 3,650 days"),
        (keeping(assignments_days=0), "/site/retention/assignments_days", "between 1 and 3,650 days"),
        (keeping(assignments_days=3_651), "/site/retention/assignments_days", "between 1 and 3,650 days"),
        (keeping(decisions_days=-1), "/site/retention/decisions_days", "between 1 and 3,650 days"),
        (keeping(decisions_days=10**9), "/site/retention/decisions_days", "between 1 and 3,650 days"),
        ({"holdout": {"percent": -0.1}}, "/holdout/percent", "between 0 and 100"),
        ({"holdout": {"percent": 100.1}}, "/holdout/percent", "between 0 and 100"),
        ({"holdout": {"percent": math.nan}}, "/holdout/percent", "between 0 and 100"),
        ({"journeys": [journey()]}, "/journeys/0/stages", "at least one stage"),
        ({"journeys": [journey("a", key="x.y")]}, "/journeys/0/key", "cannot have a dot"),
        (staged(min_dwell_s=-1), "/journeys/0/stages/1/min_dwell_s", "cannot be negative"),
        (staged(decay_after_days=0), "/journeys/0/stages/1/decay_after_days", "more than 0"),
        (staged(decay_after_days=-1), "/journeys/0/stages/1/decay_after_days", "more than 0"),
        (staged(decay_after_days=INF), "/journeys/0/stages/1/decay_after_days", "more than 0"),
        ({"experiments": [experiment(traffic=101)]}, "/experiments/0/traffic", "between 0 and 100"),
        ({"experiments": [experiment(traffic=-1)]}, "/experiments/0/traffic", "between 0 and 100"),
        ({"experiments": [experiment(arms=[])]}, "/experiments/0/arms", "at least one arm"),
        (weighted(0, 0), "/experiments/0/arms", "at least one arm"),
        (weighted(1, -1), "/experiments/0/arms", "cannot be negative"),
        (weighted(1, INF), "/experiments/0/arms", "cannot be negative"),
        (weighted(math.nan, 1), "/experiments/0/arms", "cannot be negative"),
        (shared((-1, 50)), "/experiments/0/exclusion_group/from", "between 0 and 100"),
        (shared((50, 101)), "/experiments/0/exclusion_group/to", "between 0 and 100"),
        (shared((50, 50)), "/experiments/0/exclusion_group/to", "must end after it starts"),
        (shared((60, 50)), "/experiments/0/exclusion_group/to", "must end after it starts"),
        ({"rules": [rule("r", deliver={})]}, "/rules/0/deliver", "either a variant or an experiment"),
        (
            {
                "experiments": [experiment()],
                "rules": [rule("r", deliver={"variant": "offer", "experiment": "hero-copy"})],
            },
            "/rules/0/deliver",
            "either a variant or an experiment",
        ),
        ({"rules": [rule("r", cap={"count": 0})]}, "/rules/0/cap/count", "between 1 and 1,000"),
        ({"rules": [rule("r", cap={"count": 1_001})]}, "/rules/0/cap/count", "between 1 and 1,000"),
        ({"rules": [rule("r", cap={"count": 1, "per_days": 0})]}, "/rules/0/cap/per_days", "more than 0"),
        ({"rules": [rule("r", cap={"count": 1, "per_days": 3_651})]}, "/rules/0/cap/per_days", "3,650"),
        (scheduled(timezone="Europe/Lodnon"), "/rules/0/schedule/timezone", "not a time zone"),
        (scheduled(windows=[{"days": [0]}]), "/rules/0/schedule/windows/0/days", "1 (Monday) to 7"),
        (scheduled(windows=[{}, {"days": [1, 8]}]), "/rules/0/schedule/windows/1/days", "1 (Monday) to 7"),
        (scheduled(windows=[{"from": "9"}]), "/rules/0/schedule/windows/0/from", "'9' is not a time of day"),
        (scheduled(windows=[{"to": "24:01"}]), "/rules/0/schedule/windows/0/to", "between 00:00 and 24:00"),
        (shared((0, 60), (50, 100)), "/experiments/1/exclusion_group", "overlaps the share of 'e0'"),
        (shared((50, 100), (0, 60)), "/experiments/0/exclusion_group", "overlaps the share of 'e1'"),
        (shared((0, 100), (99.99, 100)), "/experiments/1/exclusion_group", "in group 'g'"),
        (shared((0, 60), (50, 100), status="draft"), "/experiments/1/exclusion_group", "overlaps"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(fields: dict[str, Any], pointer: str, message: str) -> None:
    found = complaints(**fields)

    assert list(found) == [pointer]
    assert message in found[pointer]


@pytest.mark.parametrize(
    "fields",
    [
        {"site": {"timezone": "America/Argentina/Buenos_Aires"}, "holdout": {"percent": 100}},
        staged(min_dwell_s=0, decay_after_days=0.001, precedence=-2.5),
        staged(min_dwell_s=10**12, decay_after_days=1e9),
        {"experiments": [experiment(traffic=0), experiment("b", traffic=100)]},
        weighted(0, 1),
        shared((0, 50), (50, 100)),
        shared((50, 100), (0, 33.33), (33.33, 50)),
        shared((0, 60), (50, 100), status="stopped"),
        shared((0, 60), (50, 100), status="archived"),
        scheduled(starts_at="2026-01-01T00:00:00Z", ends_at="2026-01-02T00:00:00+02:00", timezone="UTC"),
        scheduled(windows=[{"days": [1, 7], "from": "22:00", "to": "02:00"}, {}]),
    ],
)
def test_what_can_be_compiles(fields: dict[str, Any]) -> None:
    assert ruleset(**fields).revision == 1


def test_a_share_is_held_against_all_that_begin_before_it() -> None:
    found = complaints(**shared((0, 100), (10, 20), (30, 40)))

    assert [*found] == ["/experiments/1/exclusion_group", "/experiments/2/exclusion_group"]
    assert all("overlaps the share of 'e0'" in message for message in found.values())


def test_shares_of_different_groups_may_overlap() -> None:
    share = {"from": 0, "to": 100}
    ruleset(
        exclusion_groups=[{"key": "g"}, {"key": "h"}],
        experiments=[
            experiment("a", exclusion_group={"key": "g", **share}),
            experiment("b", exclusion_group={"key": "h", **share}),
            experiment("c"),
        ],
    )


def test_every_mistake_is_told_at_once_in_the_order_of_the_checks() -> None:
    found = complaints(
        site={"timezone": "nowhere"},
        segments=[segment("a", {"segments": {"$in": ["b"]}})],
        journeys=[journey()],
        experiments=[experiment(traffic=200, arms=[arm("x", "nix", weight=-1)])],
        rules=[rule("r", cap={"count": 0}, deliver={"variant": "nix"})],
        holdout={"percent": 200},
    )

    assert list(found) == [
        "/segments/0/condition/segments/$in",
        "/experiments/0/arms/0/variants/home.hero",
        "/rules/0/deliver/variant",
        "/site/timezone",
        "/journeys/0/stages",
        "/experiments/0/traffic",
        "/experiments/0/arms",
        "/rules/0/cap/count",
        "/holdout/percent",
    ]


def test_a_condition_that_cannot_be_read_is_told_with_its_inner_place() -> None:
    found = complaints(
        segments=[segment("a", {"context.country": {"$equals": "DE"}, "$or": [{"stage": {"$in": "x"}}]})],
        journeys=[journey("a", {"key": "b", "when": {"events.x.count": {"$gt": True}}})],
        rules=[rule("r", audience={"condition": {"traits.a~b": {"$regex": "("}}}, cap={"count": 0})],
    )

    assert list(found) == [
        "/segments/0/condition/context.country/$equals",
        "/segments/0/condition/$or/0/stage/$in",
        "/journeys/0/stages/1/when/events.x.count/$gt",
        "/rules/0/audience/condition/traits.a~0b/$regex",
        "/rules/0/cap/count",
    ]


def test_references_wait_until_every_condition_can_be_read() -> None:
    broken = segment("a", {"x": {"$nope": 1}})

    assert list(complaints(segments=[broken], rules=[rule("r", placements=["nowhere"])])) == [
        "/segments/0/condition/x/$nope"
    ]


def test_a_journey_without_stages_and_a_circle_do_not_hide_each_other() -> None:
    found = complaints(segments=[segment("a", {"segments": {"$in": ["a"]}})], journeys=[journey()])

    assert list(found) == ["/segments/0", "/journeys/0/stages"]
