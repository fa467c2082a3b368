from typing import Any

import pytest

from app.admin.resources.uses import Used, users_of, uses_of

RULE: dict[str, Any] = {
    "key": "r",
    "placements": ["q", "p"],
    "deliver": {"variant": "v"},
    "audience": {
        "stages": ["first", "second"],
        "segments": ["s"],
        "not_segments": ["t", "s"],
        "condition": {
            "$or": [{"segments": {"$in": ["x", "s"]}}, {"stages.j": "first"}],
            "stage": {"$ne": "first"},
        },
    },
}
EXPERIMENT: dict[str, Any] = {
    "key": "e",
    "arms": [{"key": "a"}, {"key": "b", "variants": {"p": "v", "q": None}}],
    "primary_metric": "m",
    "metrics": [{"metric": "n"}, {"metric": "m"}],
    "exclusion_group": {"key": "g", "from": 0, "to": 50},
}
JOURNEY: dict[str, Any] = {
    "key": "k",
    "stages": [{"key": "a"}, {"key": "b", "when": {"segments": "s"}, "stay": {"stages.j": "first"}}],
}
PROGRESS: dict[str, Any] = {"key": "m", "kind": "stage_progressed"}
BARE_RULE: dict[str, Any] = {"key": "r", "placements": ["other"], "deliver": {"experiment": "other"}}
BARE_EXPERIMENT: dict[str, Any] = {"key": "e", "arms": [{"key": "a"}], "exclusion_group": None}


def places(used: Used, kind: str, user: dict[str, Any]) -> list[str]:
    return [pointer for pointer, _ in uses_of(used, kind, user)]


@pytest.mark.parametrize(
    ("used", "kind", "user", "expected"),
    [
        (Used("placements", "p"), "rules", RULE, ["/placements/1"]),
        (Used("placements", "p"), "experiments", EXPERIMENT, ["/arms/1/variants/p"]),
        (Used("placements", "q"), "experiments", EXPERIMENT, ["/arms/1/variants/q"]),
        (Used("variants", "v", "p"), "rules", RULE, ["/deliver/variant"]),
        (Used("variants", "v", "p"), "experiments", EXPERIMENT, ["/arms/1/variants/p"]),
        (Used("variants", "v", "q"), "experiments", EXPERIMENT, []),
        (Used("variants", "v", "p"), "placements", {"key": "p", "default": "v"}, ["/default"]),
        (Used("variants", "v", "p"), "placements", {"key": "q", "default": "v"}, []),
        (
            Used("segments", "s"),
            "rules",
            RULE,
            ["/audience/segments/0", "/audience/not_segments/1", "/audience/condition/$or/0/segments/$in"],
        ),
        (Used("segments", "s"), "journeys", JOURNEY, ["/stages/1/when/segments"]),
        (
            Used("segments", "s"),
            "segments",
            {"key": "t", "condition": {"$not": {"segments": {"$elemMatch": {"$eq": "s"}}}}},
            ["/condition/$not/segments/$elemMatch"],
        ),
        (Used("segments", "s"), "segments", {"key": "t", "condition": {"traits.s": "s"}}, []),
        (Used("journeys", "j"), "rules", RULE, ["/audience/condition/$or/1/stages.j"]),
        (
            Used("journeys", "j", stages=frozenset({"second"})),
            "rules",
            RULE,
            [
                "/audience/stages/1",
                "/audience/condition/$or/1/stages.j",
                "/audience/condition/stage/$ne",
            ],
        ),
        (Used("journeys", "j"), "journeys", JOURNEY, ["/stages/1/stay/stages.j"]),
        (
            Used("journeys", "j"),
            "metrics",
            {"key": "m", "kind": "stage_reached", "journey": "j"},
            ["/journey"],
        ),
        (Used("journeys", "j", stages=frozenset("s")), "metrics", PROGRESS, ["/kind"]),
        (Used("journeys", "j"), "metrics", PROGRESS, []),
        (Used("metrics", "m"), "experiments", EXPERIMENT, ["/primary_metric", "/metrics/1/metric"]),
        (Used("metrics", "m"), "holdout", {"metrics": ["n", "m"]}, ["/metrics/1"]),
        (Used("exclusion_groups", "g"), "experiments", EXPERIMENT, ["/exclusion_group/key"]),
        (Used("experiments", "other"), "rules", BARE_RULE, ["/deliver/experiment"]),
    ],
)
def test_every_place_where_something_is_used_is_found(
    used: Used, kind: str, user: dict[str, Any], expected: list[str]
) -> None:
    assert places(used, kind, user) == expected


@pytest.mark.parametrize(
    ("kind", "user"),
    [
        ("rules", BARE_RULE),
        ("experiments", BARE_EXPERIMENT),
        ("journeys", {"key": "k"}),
        ("segments", {"key": "s", "condition": {}}),
        ("holdout", {}),
        ("placements", {"key": "p"}),
        ("metrics", {"key": "m", "event": "e", "journey": "x"}),
    ],
)
def test_what_says_nothing_uses_nothing(kind: str, user: dict[str, Any]) -> None:
    for target in ("placements", "variants", "segments", "journeys", "metrics", "exclusion_groups"):
        if kind in users_of(target):
            assert places(Used(target, "x", "p"), kind, user) == []


def test_nobody_uses_a_rule() -> None:
    assert users_of("rules") == ()
