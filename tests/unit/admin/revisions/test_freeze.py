"""From a draft to what a revision keeps."""

from typing import Any

import msgspec
import pytest

from app.admin.revisions.freeze import Frozen, freezing
from app.engine.problems import Problems
from app.kit.steps import finished
from tests.builders import document, rule

EXPERIMENT = {"key": "e", "status": "running", "arms": [{"key": "a"}, {"key": "b"}]}


def frozen(draft: dict[str, Any], previous: dict[str, Any] | None = None) -> Frozen:
    return finished(freezing(draft, previous, 2))


def phase(experiment: dict[str, Any], previous: dict[str, Any] | None = None) -> int:
    kept = msgspec.json.decode(frozen({"experiments": [experiment]}, previous).document)
    return int(kept["experiments"][0]["phase"])


def test_what_is_frozen_and_what_does_not_compile_are_found_together() -> None:
    draft: dict[str, Any] = {
        "experiments": [{**EXPERIMENT, "unit": "user"}],
        "rules": [{"key": "r", "placements": ["nowhere"], "deliver": {"experiment": "e"}}],
        "site": {"timezone": "Mars"},
    }
    with pytest.raises(Problems) as raised:
        frozen(draft, {"experiments": [EXPERIMENT]})
    places = {problem.pointer for problem in raised.value.problems}
    assert places == {"/experiments/0/unit", "/rules/0/placements/0", "/site/timezone"}


def test_a_sound_draft_gets_its_phases() -> None:
    heavier = {**EXPERIMENT, "arms": [{"key": "a", "weight": 2}, {"key": "b"}]}

    assert phase(heavier, {"experiments": [{**EXPERIMENT, "phase": 3}]}) == 4
    assert phase(EXPERIMENT, {"experiments": [{**EXPERIMENT, "phase": 3}]}) == 3
    assert phase(EXPERIMENT) == 1


def test_but_for_the_phases_a_draft_is_kept_as_it_is_written() -> None:
    written = {
        **document(rules=[rule("r"), rule("ß", note='a "b"', audience={"condition": {"context.x": 1e22}})]),
        "site": {"timezone": "UTC"},
        "segments": [],
        "experiments": [EXPERIMENT, {**EXPERIMENT, "key": "f", "phase": 9}],
    }
    phased = [{**EXPERIMENT, "phase": 1}, {**EXPERIMENT, "key": "f", "phase": 1}]
    expected = {**written, "experiments": phased}

    assert msgspec.json.decode(frozen(msgspec.json.decode(msgspec.json.encode(written))).document) == expected
    assert frozen({}).document == "{}"


def test_what_is_perhaps_not_meant_is_told_with_its_place() -> None:
    asked = [rule("r", audience={"condition": {"traits.a": {"$lt": 1}}})]

    [warning] = frozen(document(rules=asked)).warnings

    assert warning.pointer == "/rules/0/audience/condition/traits.a/$lt"
