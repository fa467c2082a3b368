"""The decision cases tell every operator's yes from its no, in segments and in rules alike."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from app.engine.operators import OPERATORS
from tests.case_files import FILES
from tests.unit.engine.test_cases import answered, compiled, ruleset_of

NESTING = frozenset({"$and", "$or", "$nor", "$not", "$size", "$elemMatch"})
WITH_SEGMENTS = [theme for theme, file in FILES.items() if "segments" in file.config]


def test_every_operator_stands_in_a_segment_that_holds_for_some_and_not_for_others() -> None:
    told_apart = {operator for theme in WITH_SEGMENTS for operator in operators_told_apart(theme)}

    assert {*OPERATORS, *NESTING} - told_apart == set()


def operators_told_apart(theme: str) -> Iterator[str]:
    answers = [answered(case, compiled(theme))["segments"] for case in FILES[theme].cases]
    for segment in FILES[theme].config["segments"]:
        if {segment["key"] in segments for segments in answers} == {True, False}:
            yield from operators_in(segment["condition"])


def operators_in(condition: object) -> Iterator[str]:
    if isinstance(condition, dict):
        yield from (key for key in condition if key.startswith("$"))
        yield from operators_in(list(condition.values()))
    elif isinstance(condition, list):
        for inner in condition:
            yield from operators_in(inner)


@pytest.mark.parametrize("theme", WITH_SEGMENTS)
def test_a_rule_addresses_whom_a_segment_with_its_condition_holds(theme: str) -> None:
    """Rules find whom they address through an index, segments do not: so each checks the other."""
    rules = ruleset_of(with_a_rule_for_each_segment(FILES[theme].config))

    for case in FILES[theme].cases:
        answer = answered(msgspec.structs.replace(case, placements=tuple(rules.placements)), rules)
        addressed = [key for key, choice in answer["placements"].items() if choice["reason"] == "rule"]
        assert sorted(addressed) == sorted(answer["segments"]), case.name


def with_a_rule_for_each_segment(config: dict[str, Any]) -> dict[str, Any]:
    """Keep what segments rest on, and let a rule ask at a placement of its own what each of them asks."""
    kept = {field: config[field] for field in ("site", "segments", "journeys") if field in config}
    asked = {segment["key"]: segment["condition"] for segment in config["segments"]}
    return kept | {
        "placements": [{"key": key, "variants": [{"key": "shown"}]} for key in asked],
        "rules": [
            {
                "key": key,
                "placements": [key],
                "audience": {"condition": condition},
                "deliver": {"variant": "shown"},
            }
            for key, condition in asked.items()
        ],
    }
